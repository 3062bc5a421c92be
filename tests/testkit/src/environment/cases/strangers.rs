//! A token that the server does not know is never adopted.

use serde_json::json;

use crate::environment::site::PAUSE;
use crate::environment::{Browser, EnvironmentUnderTest, Site};

use super::{cookie, expect_stranger, unknown_token};

/// A token in the right form that nobody gave: reading says nothing, writing begins a session with a token of its own.
pub fn an_unknown_token_is_never_adopted(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    expect_never_adopted(&site, &unknown_token());
}

/// Anything that is not a token is no more than no token.
pub fn a_malformed_token_is_a_stranger(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let good = unknown_token();
    let malformed = ["", "x", &good[1..], &format!("{good}A"), &"A".repeat(5_000), "../../etc/passwd", "%00", "\"\""];
    for claimed in malformed {
        expect_never_adopted(&site, claimed);
        let answer = site.browser().send("GET", "/api/session", &[("cookie", &cookie(claimed))], b"");
        assert_eq!(answer.expect(200).json()["was_invalidated"], json!(false), "{claimed}");
    }
}

/// The public id of a living session with another secret: not the session, and no harm to it.
pub fn a_wrong_secret_opens_nothing(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut owner = site.visitor();
    // 22 characters are 16.5 bytes, so this keeps the id, of 16 bytes, and changes the rest
    let forged = format!("{}{}", &owner.token()[..22], &unknown_token()[22..]);
    expect_never_adopted(&site, &forged);
    let logout = site.browser().send("POST", "/api/logout", &[("cookie", &cookie(&forged))], b"");
    logout.expect(204).expect_no_session_header();
    assert_eq!(owner.get("/api/values/n").value(), json!(1));
}

/// What was logged out stays so, and the server tells that it was there.
pub fn an_ended_token_is_never_adopted(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    let ended = browser.token().to_owned();
    browser.post("/api/logout").expect(204).expect_removal();
    assert_eq!(site.records(), 0);
    expect_never_adopted(&site, &ended);
    let answer = site.browser().send("GET", "/api/session", &[("cookie", &cookie(&ended))], b"");
    assert_eq!(answer.expect(200).json()["was_invalidated"], json!(true));
}

/// What has expired is a stranger's as well.
pub fn an_expired_token_is_never_adopted(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &[("WEBSTACK_IDLE_TIMEOUT", "1")]);
    let expired = site.visitor().token().to_owned();
    site.wait(1_500);
    expect_never_adopted(&site, &expired);
}

/// A removal from any other response would log out whoever logged in meanwhile.
pub fn a_removal_cookie_is_sent_only_by_the_ending_response(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    let mut late = browser.clone();
    browser.post("/api/logout").expect(204).expect_removal();
    for path in ["/api/logout", "/api/clear", "/api/renew", "/api/logout-then/404"] {
        late.post(path).expect_no_session_header();
    }
    for path in ["/", "/api/session", "/api/values/n"] {
        late.get(path).expect(200).expect_no_session_header();
    }
    assert_eq!(site.records(), 0);

    // of two at the same time one ends the session, and only that one says so
    let mut first = site.visitor();
    let mut second = first.clone();
    let (second, first) =
        site.overlap(|| second.post(&format!("/api/slow-logout?{PAUSE}")), || first.post("/api/logout"));
    first.expect(204).expect_removal();
    second.expect(204).expect_no_session_header();
}

/// Presents a token: nobody is known by it, and a write gives another one.
#[track_caller]
fn expect_never_adopted(site: &Site, claimed: &str) {
    let header = cookie(claimed);
    let ask = |method, path| Browser::new(site.server().url()).send(method, path, &[("cookie", header.as_str())], b"");
    let read = ask("GET", "/api/session");
    assert_eq!((&read.expect(200).json()["is_new"], &read.json()["id"]), (&json!(true), &json!(null)), "{read:?}");
    read.expect_no_session_header();

    let before = site.records();
    let mut winner = site.browser();
    let write = winner.send("POST", "/api/increment/mine", &[("cookie", &header)], b"");
    assert_eq!(write.value(), json!(1));
    assert_ne!(write.token(), claimed);
    // 21 characters are of the id alone; the next one holds bits of the secret as well
    assert!(claimed.len() < 21 || write.token()[..21] != claimed[..21], "not even the id is taken over");
    assert_eq!(winner.get("/api/values/mine").value(), json!(1));
    // what was presented is as unknown as before
    let again = ask("GET", "/api/session");
    assert_eq!(again.expect(200).json()["is_new"], json!(true));
    winner.post("/api/logout").expect(204);
    expect_stranger(&mut winner);
    assert_eq!(site.records(), before);
}
