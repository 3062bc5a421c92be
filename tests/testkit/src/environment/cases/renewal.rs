//! A renewal or a change of user takes effect at once.

use serde_json::json;

use crate::environment::site::PAUSE;
use crate::environment::{Answer, Browser, EnvironmentUnderTest, Site};

use super::expect_stranger;

/// Same data, same public id, another token.
pub fn renewal_keeps_the_session_and_kills_the_old_token(environment: &dyn EnvironmentUnderTest) {
    expect_renewal(environment, &[], "/api/renew", json!(null));
    expect_renewal(environment, &[], "/api/slow-renew?ms=1", json!(null));
    expect_renewal(environment, &["/api/login/ann"], "/api/renew", json!("ann"));
}

/// A token planted before the login is worthless after it.
pub fn login_keeps_the_session_and_kills_the_old_token(environment: &dyn EnvironmentUnderTest) {
    expect_renewal(environment, &[], "/api/login/ann", json!("ann"));
}

/// So does a login as somebody else.
pub fn another_user_renews_as_well(environment: &dyn EnvironmentUnderTest) {
    expect_renewal(environment, &["/api/login/ann"], "/api/login/bob", json!("bob"));
}

/// Dropping the user is a change of user.
pub fn delete_renews_a_session_with_a_user(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    browser.post("/api/login/ann").expect(204);
    let mut old = browser.clone();
    let id = browser.session()["id"].clone();
    browser.post("/api/delete").expect(204).token();
    expect_stranger(&mut old);
    let session = browser.session();
    assert_eq!((&session["id"], &session["user"]), (&id, &json!(null)));
    assert_eq!(session["values"], json!({ "deleted": true }));
}

/// A slow request begun before a login, with a planted token perhaps, does not write into the session after it.
pub fn a_slow_set_begun_before_login_changes_nothing(environment: &dyn EnvironmentUnderTest) {
    let (_site, slow, mut browser) = during(environment, "/api/slow-set/late", "/api/login/ann");
    slow.expect(204).expect_no_session_header();
    let session = browser.session();
    assert_eq!((&session["user"], &session["values"]), (&json!("ann"), &json!({ "n": 1 })));
}

/// Nor does it get a token of that session.
pub fn a_slow_renew_begun_before_login_gets_no_token(environment: &dyn EnvironmentUnderTest) {
    let (_site, slow, mut browser) = during(environment, "/api/slow-renew", "/api/login/ann");
    slow.expect(204).expect_no_session_header();
    assert_eq!(browser.session()["user"], json!("ann"), "the login's token stays good");
}

/// A renewal draws the same line.
pub fn a_slow_set_begun_before_a_renewal_changes_nothing(environment: &dyn EnvironmentUnderTest) {
    let (_site, slow, mut browser) = during(environment, "/api/slow-set/late", "/api/renew");
    slow.expect(204).expect_no_session_header();
    assert_eq!(browser.session()["values"], json!({ "n": 1 }));
}

#[track_caller]
fn expect_renewal(environment: &dyn EnvironmentUnderTest, before: &[&str], path: &str, user: serde_json::Value) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    for path in before {
        browser.post(path).expect(204);
    }
    let mut old = browser.clone();
    let known = browser.session();
    let token = browser.post(path).expect(204).token();
    assert_ne!(token, old.token());
    expect_stranger(&mut old);
    let session = browser.session();
    for same in ["id", "created", "values"] {
        assert_eq!(session[same], known[same], "{same} after {path}");
    }
    assert_eq!(session["user"], user);
    // a stranger's write does no harm, and gets a session of its own
    old.post("/api/increment/n").token();
    assert_eq!(browser.get("/api/values/n").value(), json!(1));
    assert_eq!(site.records(), 2);
}

/// A slow request, during which `quick` is done with the same token: the answer to the one, the browser of the other.
#[track_caller]
fn during(environment: &dyn EnvironmentUnderTest, slow: &str, quick: &str) -> (Site, Answer, Browser) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    let mut planted = browser.clone();
    let (answer, renewed) = site.overlap(|| planted.post(&format!("{slow}?{PAUSE}")), || browser.post(quick));
    renewed.expect(204).token();
    expect_stranger(&mut planted);
    (site, answer, browser)
}
