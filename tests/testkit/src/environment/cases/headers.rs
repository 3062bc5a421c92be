//! What caches are told, and HEAD.

use serde_json::json;

use crate::environment::{Answer, Browser, EnvironmentUnderTest, Site};

/// A response that sets or removes the token is nobody else's.
pub fn set_cookie_is_never_cached(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.browser();
    for path in
        ["/api/increment/n", "/api/own-cookie/a", "/api/renew", "/api/login/ann", "/api/invalidate", "/api/logout"]
    {
        let answer = browser.post(path);
        if path == "/api/own-cookie/a" {
            continue;
        }
        assert!(answer.session_cookie().is_some(), "{answer:?}");
        assert!(answer.lists("cache-control", "no-store"), "{answer:?}");
        assert!(answer.lists("vary", "Cookie"), "{answer:?}");
    }
}

/// A response whose handler looked at the session depends on the cookie, whoever asks.
pub fn a_consulted_session_varies_on_the_cookie(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    for browser in [&mut site.browser(), &mut site.visitor()] {
        for path in ["/", "/api/session", "/api/sessions", "/api/values/n"] {
            let answer = browser.get(path);
            assert!(answer.expect(200).lists("vary", "Cookie"), "{answer:?}");
            answer.expect_no_session_header();
        }
    }
}

/// The application's own `Vary` and `Set-Cookie` stand beside the session's.
pub fn vary_is_appended_never_replaced(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let own = |answer: &Answer| {
        answer.expect(200);
        assert!(answer.lists("vary", "Accept-Language") && answer.lists("vary", "Cookie"), "{answer:?}");
        assert!(
            answer.set_cookies().iter().any(|cookie| (&*cookie.name, &*cookie.value) == ("own", "a")),
            "{answer:?}"
        );
    };
    let mut browser = site.browser();
    let first = browser.post("/api/own-cookie/a");
    own(&first);
    first.token();
    let second = browser.post("/api/own-cookie/a");
    own(&second);
    second.expect_no_session_header();
    assert_eq!(browser.get("/api/values/own").value(), json!("a"));
}

/// A handler that never asks for the session answers as if there were none.
pub fn untouched_carries_neither(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    for browser in [&mut site.browser(), &mut site.visitor()] {
        let answer = browser.get("/plain");
        answer.expect(200);
        for header in ["set-cookie", "vary", "cache-control"] {
            assert!(!answer.headers().contains_key(header), "{answer:?}");
        }
    }
}

/// HEAD is GET without the body, for strangers and others.
pub fn head_works_where_get_does(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    for path in ["/", "/plain", "/api/session", "/api/sessions", "/api/values/n", "/api/slow-read/n?ms=1"] {
        let head = |browser: &mut Browser| browser.send("HEAD", path, &[], b"");
        for answer in [head(&mut site.browser()), head(&mut visitor)] {
            answer.expect(200).expect_no_session_header();
            assert!(answer.body().is_empty(), "{answer:?}");
            assert_eq!(answer.lists("vary", "Cookie"), path != "/plain", "{answer:?}");
        }
    }
}
