//! What each route does, as the table says it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::environment::{EnvironmentUnderTest, Site};

/// JSON of every kind comes back as it was.
pub fn a_value_is_set_read_and_removed(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    for value in
        [json!(null), json!(true), json!(-1.5), json!("é\u{0}\"<"), json!([1, [2]]), json!({ "a": { "b": [] } })]
    {
        browser.put("/api/values/a", &value).expect(204).expect_no_session_header();
        assert_eq!(browser.get("/api/values/a").value(), value);
        assert_eq!(browser.get("/api/slow-read/a?ms=1").value(), value);
    }
    browser.send("DELETE", "/api/values/a", &[], b"").expect(204).expect_no_session_header();
    assert_eq!(browser.get("/api/values/a").value(), json!(null));
    assert_eq!(browser.session()["values"], json!({ "n": 1 }));
}

/// A key may have any character; in the path it is encoded.
pub fn keys_are_encoded_segments(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.browser();
    let mut keys = vec!["a b", "a+b", "é", "a/b", "a%2Fb", "100%", "?", "#", "..", "<&\">", "a;b=c", "'"];
    if environment.capabilities().resolves_dots() {
        super::skip("keys_are_encoded_segments, for the key `..`", "the web server resolves it");
        keys.retain(|key| *key != "..");
    }
    for &key in &keys {
        let path = format!("/api/values/{}", utf8_percent_encode(key, NON_ALPHANUMERIC));
        browser.put(&path, &json!(key)).expect(204);
        assert_eq!(browser.get(&path).value(), json!(key));
    }
    let values = browser.session()["values"].clone();
    for key in keys {
        assert_eq!(values[key], json!(key), "{values}");
    }
    let user = "Ann / Smith é";
    browser.post(&format!("/api/login/{}", utf8_percent_encode(user, NON_ALPHANUMERIC))).expect(204);
    assert_eq!(browser.session()["user"], json!(user));
}

/// Whose it is, since when, and never its token.
pub fn the_session_tells_about_itself(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    browser.post("/api/login/ann").expect(204);
    let answer = browser.get("/api/session");
    let session = answer.expect(200).json();
    assert!(session["environment"].as_str().is_some_and(|name| !name.is_empty()), "{session}");
    let id = session["id"].as_str().expect("an id");
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    for time in ["created", "accessed"] {
        let time = session[time].as_str().expect("a time");
        assert!(time.len() >= 20 && time.as_bytes()[10] == b'T' && time.ends_with('Z'), "RFC 3339 in UTC: {time}");
    }
    assert_eq!((&session["user"], &session["values"]), (&json!("ann"), &json!({ "n": 1 })));
    assert!(!answer.text().contains(&browser.token()[22..]), "the token is not shown");
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(session.as_object().map(|members| members.len()), Some(8), "{session}");
}

/// The old session ends, with its token; the new one has an id of its own.
pub fn invalidate_begins_another_session(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    browser.post("/api/login/ann").expect(204);
    let (mut old, id) = (browser.clone(), browser.session()["id"].clone());
    browser.post("/api/invalidate").expect(204).token();
    super::expect_stranger(&mut old);
    let session = browser.session();
    assert_ne!(session["id"], id);
    assert_eq!((&session["user"], &session["values"]), (&json!(null), &json!({ "invalidated": true })));
    assert_eq!(site.records(), 1);
}

/// Everything in the session goes; the session does not.
pub fn delete_keeps_the_session_alone(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    let id = browser.session()["id"].clone();
    browser.post("/api/delete").expect(204).expect_no_session_header();
    let session = browser.session();
    assert_eq!((&session["id"], &session["values"]), (&id, &json!({ "deleted": true })));
    assert_eq!((&session["is_new"], &session["was_invalidated"]), (&json!(false), &json!(false)));
}

/// And they change nothing.
pub fn nonsense_parameters_are_4xx(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    visitor.put("/api/values/text", &json!("seven")).expect(204);
    let mut requests = vec![
        ("POST", "/api/increment/text".to_owned()),
        ("PUT", "/api/values/a".to_owned()),
        // no text
        ("GET", "/api/values/a%FFb".to_owned()),
        ("POST", "/api/login/%C3%28".to_owned()),
        ("POST", "/api/own-cookie/a%3Bb".to_owned()),
        ("POST", "/api/own-cookie/a%0D%0Ab".to_owned()),
        ("POST", "/api/flash".to_owned()),
        ("POST", format!("/api/flash/{}", "x".repeat(5_000))),
        ("POST", "/ui/nonsense".to_owned()),
        ("POST", "/ui/set".to_owned()),
        ("GET", "/nowhere".to_owned()),
        ("GET", "/api/logout".to_owned()),
        ("POST", "/api/session".to_owned()),
        ("PATCH", "/api/values/a".to_owned()),
    ];
    for ms in ["x", "-1", "1.5", "60001", "99999999999999999999", ""] {
        requests.push(("GET", format!("/api/slow-read/a?ms={ms}")));
        requests.push(("POST", format!("/api/slow-set/a?ms={ms}")));
    }
    for status in ["x", "0", "99", "101", "600", "1000", "-200"] {
        for route in ["set-then", "save-then", "logout-then"] {
            requests.push(("POST", format!("/api/{route}/{status}")));
        }
    }
    for (method, path) in &requests {
        for browser in [&mut site.browser(), &mut visitor] {
            if (path.as_str(), browser.cookie_header().is_none()) == ("/api/increment/text", true) {
                continue;
            }
            let answer = browser.send(method, path, &[], b"{nonsense");
            assert!((400..500).contains(&answer.status()), "{answer:?}");
            answer.expect_no_session_header();
        }
    }
    assert_eq!(visitor.session()["values"], json!({ "n": 1, "text": "seven" }));
    assert_eq!(site.records(), 1);
}

/// Programs act upon the status; one that takes paths and methods in one go, as rocket does, cannot tell 405 from 404.
pub fn no_such_path_is_404_and_no_such_method_405(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let refusals = [
        ("GET", "/nowhere", &[404][..]),
        ("POST", "/nowhere", &[404]),
        ("GET", "/api/values/", &[404]),
        ("GET", "/api/logout", &[404, 405]),
        ("POST", "/api/session", &[404, 405]),
        ("PATCH", "/api/values/n", &[404, 405]),
        ("GET", "/api/values/a%FFb", &[400]),
    ];
    for (method, path, statuses) in refusals {
        for browser in [&mut site.browser(), &mut site.visitor()] {
            let answer = browser.send(method, path, &[], b"");
            assert!(statuses.contains(&answer.status()), "{method} {path}: {answer:?}");
            answer.expect_no_session_header();
        }
    }
}
