//! A session that holds nothing any more.

use serde_json::json;

use crate::environment::site::PAUSE;
use crate::environment::{Browser, EnvironmentUnderTest, Site};

/// With no values and no user left, the browser is told to forget the token.
pub fn an_emptied_session_sends_a_removal_cookie(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    site.visitor().post("/api/clear").expect(204).expect_removal();
    site.visitor().send("DELETE", "/api/values/n", &[], b"").expect(204).expect_removal();

    let mut two = site.visitor();
    two.post("/api/increment/m").expect(200);
    two.send("DELETE", "/api/values/n", &[], b"").expect(204).expect_no_session_header();
    two.send("DELETE", "/api/values/m", &[], b"").expect(204).expect_removal();
}

/// A user is something.
pub fn a_session_with_a_user_is_not_empty(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    browser.post("/api/login/ann").expect(204).token();
    browser.post("/api/clear").expect(204).expect_no_session_header();
    let session = browser.session();
    assert_eq!((&session["user"], &session["values"]), (&json!("ann"), &json!({})));
}

/// A request in flight that still adds something is not lost, and brings the cookie back.
pub fn an_emptied_session_does_not_lose_a_parallel_write(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    for (method, path) in [("POST", "/api/clear"), ("DELETE", "/api/values/n")] {
        let mut browser = site.visitor();
        let id = browser.session()["id"].clone();
        let mut slow = browser.clone();
        let (slow_set, emptied) =
            site.overlap(|| slow.post(&format!("/api/slow-set/late?{PAUSE}")), || browser.send(method, path, &[], b""));
        emptied.expect(204).expect_removal();
        slow_set.expect(204).token();
        let session = Browser::session(&mut slow);
        assert_eq!((&session["id"], &session["values"]), (&id, &json!({ "late": true })));
    }
}
