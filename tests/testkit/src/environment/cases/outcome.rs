//! What the end of a request means for what it did.

use serde_json::json;

use crate::environment::site::PAUSE;
use crate::environment::{Answer, Browser, EnvironmentUnderTest, LeavingIs, PanicIs, Site};

use super::expect_stranger;

/// Redirects, refusals and what is not found are ordinary ends.
pub fn changes_are_kept_below_500(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    for status in [200, 201, 204, 302, 304, 400, 404, 409, 499] {
        let mut browser = site.browser();
        browser.post(&format!("/api/set-then/{status}")).expect(status).token();
        assert_eq!(browser.get("/api/values/answered").value(), json!(status));
    }
}

/// What grants or stores is dropped: for strangers the whole session, for others the change.
pub fn a_5xx_discards_what_it_set(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    for status in [500, 503, 599] {
        let path = format!("/api/set-then/{status}");
        let mut stranger = site.browser();
        stranger.post(&path).expect(status).expect_no_session_header();
        visitor.post(&path).expect(status).expect_no_session_header();
        assert_eq!(visitor.get("/api/values/answered").value(), json!(null));
    }
    assert_eq!(visitor.get("/api/values/n").value(), json!(1), "what was there before stays");
    assert_eq!(site.records(), 1);
}

/// What was saved explicitly is not taken back, and its owner gets the token.
pub fn a_5xx_after_a_save_keeps_what_was_saved(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut stranger = site.browser();
    stranger.post("/api/save-then/500").expect(500).token();
    assert_eq!(stranger.get("/api/values/answered").value(), json!(500));
    let mut visitor = site.visitor();
    visitor.post("/api/save-then/503").expect(503).expect_no_session_header();
    assert_eq!(visitor.get("/api/values/answered").value(), json!(503));
}

/// What revokes is done whatever the status.
pub fn a_5xx_logout_still_ends(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    for status in [200, 404, 500, 503] {
        let mut browser = site.visitor();
        let mut late = browser.clone();
        browser.post(&format!("/api/logout-then/{status}")).expect(status).expect_removal();
        expect_stranger(&mut late);
        assert_eq!(site.records(), 0);
    }
}

/// A handler that panics has done nothing, and the server goes on.
pub fn a_panic_rolls_back(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    for browser in [&mut visitor, &mut site.browser()] {
        if let Some(answer) = expect_panic(environment, browser, "/api/set-then-panic") {
            answer.expect_no_session_header();
        }
    }
    assert_eq!(visitor.get("/api/values/panicked").value(), json!(null));
    assert_eq!(visitor.get("/api/values/n").value(), json!(1));
    assert_eq!(site.records(), 1);
}

/// What revokes is done though nobody is there to answer.
pub fn a_logout_before_a_panic_holds(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    let mut late = visitor.clone();
    expect_panic(environment, &mut visitor, "/api/logout-then-panic");
    // the client may see its connection closed a moment before that
    site.wait_until(|| site.records() == 0);
    expect_stranger(&mut late);
}

/// The answer to a request whose handler panics, if there is one.
#[track_caller]
fn expect_panic(environment: &dyn EnvironmentUnderTest, browser: &mut Browser, path: &str) -> Option<Answer> {
    match (browser.try_send("POST", path, &[], b""), environment.capabilities().panics()) {
        (Err(_), PanicIs::Closed) => None,
        (Ok(answer), PanicIs::Status500) => {
            answer.expect(500);
            Some(answer)
        }
        (other, declared) => panic!("a panic is {declared:?}, not {other:?}"),
    }
}

/// A client that leaves in the middle: all of what its request did is stored or nothing, and the session lives.
pub fn a_client_that_leaves_breaks_nothing(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    let cookies = format!("cookie: {}", visitor.cookie_header().expect("a session"));
    let leave = |key: &str| {
        let path = format!("/api/slow-set/{key}?{PAUSE}");
        visitor.begin("POST", &path, &[cookies.as_bytes()]).expect("a connection")
    };
    let keys: Vec<_> = (0..5).map(|index| format!("left{index}")).collect();
    let connections: Vec<_> = keys.iter().map(|key| leave(key)).collect();
    site.wait(300);
    drop(connections);
    // one that nobody leaves ends after the others
    visitor.post(&format!("/api/slow-set/stayed?{PAUSE}")).expect(204);
    for key in keys {
        let mut stored = || visitor.get(&format!("/api/values/{key}")).value();
        match environment.capabilities().leaving() {
            LeavingIs::Ignored => site.wait_until(|| stored() == json!(true)),
            LeavingIs::Cancellation => assert_eq!(stored(), json!(null)),
        }
    }
    assert_eq!(visitor.post("/api/increment/n").value(), json!(2));
    assert_eq!(site.records(), 1);
}

/// A record has a limit; beyond it nothing happens at all.
pub fn a_value_over_the_limit_is_413_and_changes_nothing(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    visitor.put("/api/values/big", &json!("small")).expect(204);
    let large = json!("x".repeat(1_200_000));
    visitor.put("/api/values/big", &large).expect(413).expect_no_session_header();
    assert_eq!(visitor.get("/api/values/big").value(), json!("small"));
    assert_eq!(visitor.get("/api/values/n").value(), json!(1));
    let mut stranger = site.browser();
    stranger.put("/api/values/big", &large).expect(413).expect_no_session_header();
    assert_eq!(site.records(), 1);

    // two that fit alone and not together
    let half = json!("x".repeat(600_000));
    visitor.put("/api/values/one", &half).expect(204);
    visitor.put("/api/values/two", &half).expect(413).expect_no_session_header();
    assert_eq!(visitor.get("/api/values/one").value(), half);
    assert_eq!(visitor.get("/api/values/two").value(), json!(null));
}

/// Below the limit it comes back as it was.
pub fn a_large_value_is_kept(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.browser();
    let large = json!("é".repeat(450_000));
    browser.put("/api/values/big", &large).expect(204).token();
    assert_eq!(browser.get("/api/values/big").value(), large);
    browser.put("/api/values/big", &json!(1)).expect(204);
    assert_eq!(browser.get("/api/values/big").value(), json!(1));
}

/// A server need not read what it will not take, so the client may find the connection closed while it writes.
pub fn a_body_over_the_limit_is_413(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    // white space is no part of the value: a server that took it all would have a 7 to store
    let mut body = vec![b' '; 3 << 20];
    body.push(b'7');
    if let Ok(answer) = visitor.try_send("PUT", "/api/values/n", &[], &body) {
        answer.expect(413).expect_no_session_header();
    }
    assert_eq!(visitor.get("/api/values/n").value(), json!(1));
}
