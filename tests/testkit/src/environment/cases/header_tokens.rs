//! Tokens in a header of their own, lists of carriers, and signatures.

use serde_json::json;

use crate::environment::{Answer, EnvironmentUnderTest, Site};

use super::{cookie, expect_stranger, unknown_token};

const HEADER: &str = "x-session-token";

const KEY: &str = "0123456789abcdef0123456789abcdef";

const OTHER_KEY: &str = "fedcba9876543210fedcba9876543210";

#[track_caller]
fn token(answer: &Answer) -> String {
    let value = answer.headers().get(HEADER).unwrap_or_else(|| panic!("a token: {answer:?}"));
    value.to_str().expect("text").to_owned()
}

/// It comes in the header and goes back in it; caches and other origins' scripts are told.
pub fn a_token_travels_in_a_header(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &[("WEBSTACK_PERSIST", "header")]);
    let mut program = site.browser();
    let begun = program.post("/api/increment/n");
    let first = token(begun.expect(200));
    assert_eq!(begun.set_cookies().len(), 0, "{begun:?}");
    assert!(begun.lists("cache-control", "no-store") && begun.lists("vary", HEADER), "{begun:?}");
    assert!(begun.lists("access-control-expose-headers", HEADER), "{begun:?}");
    let again = program.send("POST", "/api/increment/n", &[(HEADER, &first)], b"");
    assert_eq!(again.expect(200).value(), json!(2));
    assert!(!again.headers().contains_key(HEADER), "nothing new: {again:?}");
    let renewed = program.send("POST", "/api/login/ann", &[(HEADER, &first)], b"");
    let second = token(renewed.expect(204));
    assert_eq!(
        program.send("GET", "/api/values/n", &[(HEADER, &first)], b"").value(),
        json!(null),
        "the old one is dead"
    );
    assert_eq!(program.send("GET", "/api/values/n", &[(HEADER, &second)], b"").value(), json!(2));
    let ended = program.send("POST", "/api/logout", &[(HEADER, &second)], b"");
    assert_eq!(token(ended.expect(204)), "ended");
    let late = program.send("GET", "/api/session", &[(HEADER, &second)], b"");
    assert_eq!(late.expect(200).json()["was_invalidated"], json!(true));
    assert_eq!(site.records(), 0);
}

/// Another name, and neither cookies nor the usual name are looked at.
pub fn a_header_of_another_name_is_not_ours(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &[("WEBSTACK_PERSIST", "header"), ("WEBSTACK_HEADER_NAME", "x-shop-token")]);
    let begun = site.browser().post("/api/increment/n");
    let value = begun.expect(200).headers()["x-shop-token"].to_str().expect("text").to_owned();
    for (name, value) in [(HEADER, value.clone()), ("cookie", cookie(&value))] {
        let answer = site.browser().send("GET", "/api/values/n", &[(name, &value)], b"");
        assert_eq!(answer.expect(200).value(), json!(null), "{name}");
    }
    let answer = site.browser().send("GET", "/api/values/n", &[("x-shop-token", &value)], b"");
    assert_eq!(answer.expect(200).value(), json!(1));
}

/// In a list a token goes back the way it came, and a new one goes the first way.
pub fn a_token_goes_back_the_way_it_came(environment: &dyn EnvironmentUnderTest) {
    for (list, cookie_first) in [("cookie,header", true), ("header,cookie", false)] {
        let site = Site::with(environment, &[("WEBSTACK_PERSIST", list)]);
        let begun = site.browser().post("/api/increment/n");
        assert!(begun.expect(200).lists("vary", "Cookie") && begun.lists("vary", HEADER), "{begun:?}");
        assert_eq!(
            (begun.session_cookie().is_some(), begun.headers().contains_key(HEADER)),
            (cookie_first, !cookie_first),
            "{list}: {begun:?}"
        );
        let first = if cookie_first { begun.token() } else { token(&begun) };
        let renewed = site.browser().send("POST", "/api/renew", &[(HEADER, &first)], b"");
        let second = token(renewed.expect(204));
        assert!(renewed.session_cookie().is_none(), "{renewed:?}");
        let ended = site.browser().send("POST", "/api/logout", &[("cookie", &cookie(&second))], b"");
        ended.expect(204).expect_removal();
        assert!(!ended.headers().contains_key(HEADER), "{ended:?}");
    }
}

/// What no key signed is a stranger's, though the token in it be right.
pub fn signed_tokens_are_not_forged(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &[("WEBSTACK_SECRET", KEY)]);
    let visitor = site.visitor();
    let signed = visitor.token();
    let (bare, signature) = signed.split_once('.').expect("a signature");
    assert_eq!((bare.len(), signature.len()), (64, 43));
    for forged in
        [bare.to_owned(), unknown_token(), format!("{}.{signature}", unknown_token()), format!("{bare}.{bare}")]
    {
        let answer = site.browser().send("GET", "/api/session", &[("cookie", &cookie(&forged))], b"");
        let told = answer.expect(200).json();
        assert_eq!((&told["is_new"], &told["was_invalidated"]), (&json!(true), &json!(false)), "{forged}");
    }
    assert_eq!(visitor.clone().get("/api/values/n").value(), json!(1));
}

/// A token signed by an older key is signed again by the first, once; nobody is logged out.
pub fn keys_change_without_ending_sessions(environment: &dyn EnvironmentUnderTest) {
    let both = format!("{OTHER_KEY},{KEY}");
    let site = Site::with(environment, &[("WEBSTACK_SECRET", KEY)]);
    let mut browser = site.visitor();
    let mut old = browser.clone();
    let site = site.restart_with(environment, &[("WEBSTACK_SECRET", &both)]);
    let (mut browser, mut old) = (browser_at(&site, &mut browser), browser_at(&site, &mut old));
    let answer = browser.get("/api/values/n");
    assert_eq!(answer.expect(200).value(), json!(1));
    assert_eq!(answer.token()[..64], old.token()[..64], "the same token, signed again");
    browser.get("/api/values/n").expect(200).expect_no_session_header();
    let site = site.restart_with(environment, &[("WEBSTACK_SECRET", OTHER_KEY)]);
    let mut browser = browser_at(&site, &mut browser);
    assert_eq!(browser.get("/api/values/n").value(), json!(1));
    let mut old = browser_at(&site, &mut old);
    assert_eq!(old.get("/api/session").expect(200).json()["is_new"], json!(true), "the older key is gone");
    browser.post("/api/logout").expect(204);
    expect_stranger(&mut browser);
}

fn browser_at(site: &Site, browser: &mut crate::environment::Browser) -> crate::environment::Browser {
    browser.at(site.server().url())
}
