//! Nothing is created, stored or sent before something is put into a session.

use serde_json::json;

use crate::environment::{Browser, EnvironmentUnderTest, Site};

use super::{cookie, unknown_token};

/// Reads of all kinds store nothing and send nothing.
pub fn reading_creates_nothing(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.browser();
    for path in ["/", "/plain", "/api/session", "/api/values/a", "/api/slow-read/a?ms=1", "/nowhere"] {
        for method in ["GET", "HEAD"] {
            browser.send(method, path, &[], b"").expect_no_session_header();
        }
    }
    let session = browser.session();
    assert_eq!(session["is_new"], json!(true));
    assert_eq!(session["was_invalidated"], json!(false));
    for absent in ["id", "created", "accessed", "user"] {
        assert_eq!(session[absent], json!(null), "{absent}");
    }
    assert_eq!(site.records(), 0);
}

/// Neither do requests that end, empty or renew what is not there.
pub fn ending_nothing_creates_nothing(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.browser();
    for path in ["/api/logout", "/api/clear", "/api/renew", "/api/slow-renew?ms=1"] {
        browser.post(path).expect(204).expect_no_session_header();
    }
    browser.send("DELETE", "/api/values/a", &[], b"").expect(204).expect_no_session_header();
    browser.post("/api/logout-then/500").expect(500).expect_no_session_header();
    assert_eq!(site.records(), 0);
}

/// Ten thousand of them, half with a token that nobody gave them. (Fewer where each request starts a program.)
pub fn strangers_leave_the_store_empty(environment: &dyn EnvironmentUnderTest) {
    const THREADS: usize = 2;
    let site = Site::open(environment);
    let each = if environment.capabilities().stays() { 10_000 / THREADS } else { 250 };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut browser = Browser::keeping_alive(site.server().url());
                for _ in 0..each / 2 {
                    browser.get("/api/values/a").expect(200).expect_no_session_header();
                    let claimed = cookie(&unknown_token());
                    browser
                        .send("GET", "/api/values/a", &[("cookie", &claimed)], b"")
                        .expect(200)
                        .expect_no_session_header();
                }
            });
        }
    });
    assert_eq!(site.records(), 0);
}

/// Putting something in stores one record and gives one token.
pub fn the_first_value_begins_a_session(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    for (index, begin) in [
        |browser: &mut Browser| browser.put("/api/values/a", &json!("b")),
        |browser: &mut Browser| browser.post("/api/increment/a"),
        |browser: &mut Browser| browser.post("/api/login/ann"),
        |browser: &mut Browser| browser.post("/api/invalidate"),
        |browser: &mut Browser| browser.post("/api/delete"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut browser = site.browser();
        begin(&mut browser).token();
        assert_eq!(site.records(), index + 1);
        let session = browser.session();
        assert_eq!((&session["is_new"], &session["was_invalidated"]), (&json!(false), &json!(false)));
        assert!(session["id"].is_string() && session["created"].is_string(), "{session}");
    }
}

/// A session keeps its record, its id and its token, and its cookie is not sent again and again.
pub fn a_session_is_one_however_often_it_is_used(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    let id = browser.session()["id"].clone();
    for n in 2..6 {
        let answer = browser.post("/api/increment/n");
        assert_eq!(answer.value(), json!(n));
        answer.expect_no_session_header();
        assert_eq!(browser.session()["id"], id);
    }
    assert_eq!(site.records(), 1);
}
