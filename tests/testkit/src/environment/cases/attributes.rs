//! What the cookie looks like, by default and by setting.

use crate::environment::{EnvironmentUnderTest, SetCookie, Site};

/// The strictest that works everywhere.
pub fn default_cookie_attributes(environment: &dyn EnvironmentUnderTest) {
    let cookie = first_cookie(environment, &[]);
    assert_eq!(cookie.value.len(), 64, "16 bytes of id and 32 of secret");
    assert_looks(&cookie, "__Host-webstack_session", "path=/ secure httponly samesite=lax");
}

/// Each setting says what it does, and the prefix follows from them.
pub fn cookie_attributes_follow_the_settings(environment: &dyn EnvironmentUnderTest) {
    for (variables, name, looks) in [
        (&[("WEBSTACK_COOKIE_NAME", "shop")][..], "__Host-shop", "path=/ secure httponly samesite=lax"),
        (&[("WEBSTACK_COOKIE_PATH", "/shop")], "__Secure-webstack_session", "path=/shop secure httponly samesite=lax"),
        (
            &[("WEBSTACK_COOKIE_DOMAIN", "example.test")],
            "__Secure-webstack_session",
            "path=/ domain=example.test secure httponly samesite=lax",
        ),
        (&[("WEBSTACK_COOKIE_SECURE", "false")], "webstack_session", "path=/ httponly samesite=lax"),
        (&[("WEBSTACK_COOKIE_PREFIX", "none")], "webstack_session", "path=/ secure httponly samesite=lax"),
        (&[("WEBSTACK_COOKIE_PREFIX", "secure")], "__Secure-webstack_session", "path=/ secure httponly samesite=lax"),
        (&[("WEBSTACK_COOKIE_PREFIX", "host")], "__Host-webstack_session", "path=/ secure httponly samesite=lax"),
        (&[("WEBSTACK_COOKIE_HTTP_ONLY", "false")], "__Host-webstack_session", "path=/ secure samesite=lax"),
        (
            &[("WEBSTACK_COOKIE_SAME_SITE", "strict")],
            "__Host-webstack_session",
            "path=/ secure httponly samesite=strict",
        ),
        (&[("WEBSTACK_COOKIE_SAME_SITE", "none")], "__Host-webstack_session", "path=/ secure httponly samesite=none"),
        (&[("WEBSTACK_COOKIE_EXPIRES", "session")], "__Host-webstack_session", "path=/ secure httponly samesite=lax"),
    ] {
        assert_looks(&first_cookie(environment, variables), name, looks);
    }
}

/// Otherwise browsers would not take it for the same cookie.
pub fn a_removal_has_the_attributes_of_the_cookie(environment: &dyn EnvironmentUnderTest) {
    for variables in [&[][..], &[("WEBSTACK_COOKIE_PATH", "/api"), ("WEBSTACK_COOKIE_DOMAIN", "example.test")]] {
        let site = Site::with(environment, variables);
        let mut browser = site.browser();
        let given = browser.post("/api/increment/n").expect(200).session_cookie().expect("a token");
        let removed = browser.post("/api/logout").expect(204).session_cookie().expect("a removal");
        assert!(removed.is_removal() && removed.value.is_empty(), "{removed:?}");
        assert_eq!(removed.name, given.name);
        for attribute in ["path", "domain", "secure", "httponly", "samesite"] {
            assert_eq!(removed.attribute(attribute), given.attribute(attribute), "{attribute}");
        }
    }
}

/// In seconds, and no longer than browsers allow; never longer than the session itself may live.
pub fn a_persistent_cookie_says_how_long(environment: &dyn EnvironmentUnderTest) {
    const YEARLY: i64 = 400 * 24 * 3600;
    for (variables, most) in [
        (&[("WEBSTACK_COOKIE_EXPIRES", "3600")][..], 3_600),
        (&[("WEBSTACK_COOKIE_EXPIRES", "never")], YEARLY),
        (&[("WEBSTACK_COOKIE_EXPIRES", "99999999")], YEARLY),
        (&[("WEBSTACK_COOKIE_EXPIRES", "3600"), ("WEBSTACK_ABSOLUTE_TIMEOUT", "900")], 900),
    ] {
        let cookie = first_cookie(environment, variables);
        let age: i64 = cookie.attribute("max-age").and_then(|age| age.parse().ok()).expect("a persistent cookie");
        assert!((most - 60..=most).contains(&age), "{age} of {most}: {cookie:?}");
    }
}

/// The name is the application's namespace: a neighbour's cookie is not looked at, nor a name without its prefix.
pub fn a_cookie_of_another_name_is_not_ours(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let token = site.visitor().token().to_owned();
    for name in
        ["webstack_session", "__Secure-webstack_session", "__Host-webstack_sessio", "__host-webstack_session", "other"]
    {
        let answer = site.browser().send("GET", "/api/session", &[("cookie", &format!("{name}={token}"))], b"");
        assert_eq!(answer.expect(200).json()["is_new"], serde_json::json!(true), "{name}");
    }
}

/// Browsers drop such a cookie without a word, so the server has to say it, once.
pub fn secure_over_plain_http_is_warned_about_once(environment: &dyn EnvironmentUnderTest) {
    if !environment.capabilities().stays() {
        return super::skip("secure_over_plain_http_is_warned_about_once", "each request starts a program");
    }
    let site = Site::open(environment);
    for _ in 0..3 {
        site.browser().send("POST", "/api/increment/n", &[("host", "shop.example.test")], b"").expect(200).token();
    }
    assert_eq!(warnings(site), 1);
}

/// There it works.
pub fn secure_over_loopback_is_not_warned_about(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    for host in ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "app.localhost"] {
        site.browser().send("POST", "/api/increment/n", &[("host", host)], b"").expect(200).token();
    }
    site.browser().send("GET", "/api/session", &[("host", "shop.example.test")], b"").expect(200);
    assert_eq!(warnings(site), 0);
}

fn warnings(site: Site) -> usize {
    let (stopped, _) = site.close();
    let log = String::from_utf8_lossy(&stopped.stderr).into_owned();
    log.lines().filter(|line| line.contains("WEBSTACK_COOKIE_SECURE")).count()
}

/// The cookie of a first response.
#[track_caller]
fn first_cookie(environment: &dyn EnvironmentUnderTest, variables: &[(&str, &str)]) -> SetCookie {
    let site = Site::with(environment, variables);
    let mut cookies = site.browser().post("/api/increment/n").expect(200).set_cookies();
    assert_eq!(cookies.len(), 1, "{variables:?}: {cookies:?}");
    cookies.remove(0)
}

/// Insists on a name and on exactly these attributes.
#[track_caller]
fn assert_looks(cookie: &SetCookie, name: &str, looks: &str) {
    assert_eq!(cookie.name, name);
    let shown = ["path", "domain", "max-age", "expires", "secure", "httponly", "samesite"].into_iter();
    let shown: Vec<_> = shown
        .filter_map(|attribute| match cookie.attribute(attribute)? {
            "" => Some(attribute.to_owned()),
            value => Some(format!("{attribute}={}", value.to_ascii_lowercase())),
        })
        .collect();
    assert_eq!(shown.join(" "), looks, "{cookie:?}");
}
