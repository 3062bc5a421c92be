//! Tokens in URLs: tickets, redirects and links.

use serde_json::json;

use crate::environment::{Answer, Browser, EnvironmentUnderTest, Site};

use super::{cookie, unknown_token};

/// A key that signs; that tokens in URLs are signed is not a choice.
const KEY: &str = "0123456789abcdef0123456789abcdef";

const MODE: [(&str, &str); 2] = [("WEBSTACK_PERSIST", "query"), ("WEBSTACK_SECRET", KEY)];

/// The path below the application that a redirect leads to.
#[track_caller]
fn sent_to(browser: &Browser, answer: &Answer) -> String {
    assert!(answer.expect(302).lists("cache-control", "no-store"), "{answer:?}");
    assert_eq!(answer.headers()["referrer-policy"], "same-origin", "{answer:?}");
    answer.expect_no_session_header();
    let location = answer.headers()["location"].to_str().expect("text");
    let mount = browser.mount();
    let path = location.strip_prefix(mount).unwrap_or_else(|| panic!("below {mount}: {answer:?}"));
    path.to_owned()
}

/// A path whose ticket no other path has.
#[track_caller]
fn ticket(browser: &mut Browser, path: &str) -> String {
    let answer = browser.get(path);
    sent_to(browser, &answer)
}

/// The query of a visitor whose session holds `{"n": 1}`.
#[track_caller]
fn begun(browser: &mut Browser) -> String {
    let url = ticket(browser, "/api/values/n");
    let query = url.split_once('?').expect("a ticket").1.to_owned();
    assert_eq!(browser.post(&format!("/api/increment/n?{query}")).expect(200).value(), json!(1));
    query
}

/// Once, to the same URL, and the application is not asked; then it is.
pub fn a_stranger_is_sent_to_the_same_url_with_a_ticket(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &MODE);
    let mut browser = site.browser();
    for path in ["/plain", "/api/session", "/", "/no/such/path"] {
        let url = ticket(&mut browser, path);
        let (rest, token) = url.split_once("?webstack_session=").unwrap_or_else(|| panic!("a ticket: {url}"));
        assert_eq!((rest, token.len()), (path, 117), "{url}");
        let answer = browser.get(&url);
        // what is found nowhere is some refusal, which frameworks choose
        let is_there = path != "/no/such/path";
        assert_eq!(answer.status() == 200, is_there, "{answer:?}");
        assert!(answer.status() < 500, "{answer:?}");
        answer.expect_no_session_header();
    }
    assert_eq!(site.records(), 0, "a ticket is stored nowhere");
}

/// HEAD as GET; a stale ticket is replaced, and everything else stays as it was spelt.
pub fn other_parameters_stay_in_order(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &MODE);
    let mut browser = site.browser();
    let stale = unknown_token();
    let path = format!("/api/session?b=2&webstack_session={stale}&a=%20x&xwebstack_session={stale}&a=1");
    for method in ["GET", "HEAD"] {
        let answer = browser.send(method, &path, &[], b"");
        let url = sent_to(&browser, &answer);
        let (rest, ticket) = url.rsplit_once('&').expect("several parameters");
        assert_eq!(rest, format!("/api/session?b=2&a=%20x&xwebstack_session={stale}&a=1"));
        assert!(ticket.starts_with("webstack_session=") && !ticket.contains(&stale), "{url}");
        browser.send(method, &url, &[], b"").expect(200);
    }
}

/// What is put in is stored under the ticket, which goes on as the session's token.
pub fn a_ticket_becomes_the_session_s_token(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &MODE);
    let mut browser = site.browser();
    let query = begun(&mut browser);
    let read = |browser: &mut Browser, query: &str| browser.get(&format!("/api/values/n?{query}")).expect(200).value();
    assert_eq!(read(&mut browser, &query), json!(1));
    assert_eq!(browser.post(&format!("/api/increment/n?{query}")).expect(200).value(), json!(2));
    assert_eq!(site.records(), 1);

    let renewed = browser.post(&format!("/api/login/ann?{query}"));
    let token = renewed.expect(204).headers()["x-session-token"].to_str().expect("text").to_owned();
    assert_eq!(read(&mut browser, &format!("webstack_session={token}")), json!(2));
    ticket(&mut browser, &format!("/api/values/n?{query}"));
}

/// Other methods are not redirected: they run, with a new session.
pub fn a_post_without_a_ticket_begins_a_session(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &MODE);
    let mut browser = site.browser();
    let answer = browser.post("/api/increment/n");
    let token = answer.expect(200).headers()["x-session-token"].to_str().expect("text").to_owned();
    assert_eq!(browser.get(&format!("/api/values/n?webstack_session={token}")).expect(200).value(), json!(1));
    assert_eq!(site.records(), 1);
}

/// The ticket of a session that has ended begins no other.
pub fn an_ended_session_s_ticket_is_never_taken_again(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &MODE);
    let mut browser = site.browser();
    let query = begun(&mut browser);
    let ended = browser.post(&format!("/api/logout?{query}"));
    assert_eq!(ended.expect(204).headers()["x-session-token"], "ended");
    let again = ticket(&mut browser, &format!("/api/values/n?{query}"));
    assert!(!again.ends_with(&query), "another ticket: {again}");
    let other = browser.post(&format!("/api/increment/n?{query}"));
    let token = other.expect(200).headers()["x-session-token"].to_str().expect("text").to_owned();
    assert!(!query.contains(&token[..22]), "a session of its own");
}

/// Neither unsigned nor foreign tokens are taken, nor cookies, nor any token where sessions do not travel in URLs.
pub fn no_unsigned_or_foreign_token_is_adopted(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &MODE);
    let mut browser = site.browser();
    let query = begun(&mut browser);
    let token = query.split_once('=').expect("a parameter").1;
    let foreign =
        Site::with(environment, &[("WEBSTACK_PERSIST", "query"), ("WEBSTACK_SECRET", &KEY.replace('0', "z"))]);
    let foreign = begun(&mut foreign.browser());
    for query in
        [format!("webstack_session={}", unknown_token()), format!("webstack_session={}", &token[..64]), foreign]
    {
        ticket(&mut browser, &format!("/api/values/n?{query}"));
        let answer = browser.post(&format!("/api/increment/n?{query}"));
        assert_eq!(answer.expect(200).value(), json!(1), "a session of its own");
    }
    for cookies in [cookie(token), format!("webstack_session={token}")] {
        browser.send("GET", "/api/values/n", &[("cookie", &cookies)], b"").expect(302);
    }

    let by_cookie = Site::open(environment);
    let visitor = by_cookie.visitor();
    let path = format!("/api/session?webstack_session={}", visitor.token());
    assert_eq!(by_cookie.browser().get(&path).expect(200).json()["is_new"], json!(true));
}

/// And nowhere else: a token leaves its origin with no link.
pub fn links_carry_the_session_within_this_origin(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &MODE);
    let mut browser = site.browser();
    let query = begun(&mut browser);
    let mut href = |to: &str| {
        let answer = browser.get(&format!("/api/link?to={to}&{query}"));
        answer.expect(200).json()["href"].as_str().expect("a text").to_owned()
    };
    let token = query.split_once('=').expect("a parameter").1;
    let link = href("/api/values/n%3Fa=1%23end");
    assert!(link.starts_with("/api/values/n?a=1&webstack_session=") && link.ends_with("#end"), "{link}");
    assert!(link.contains(&token[..64]), "{link}");
    for elsewhere in ["//evil.test/", "https://evil.test/", "%5C%5Cevil.test"] {
        assert!(!href(elsewhere).contains("webstack_session"), "{elsewhere}");
    }
    let answer = Site::open(environment).visitor().get("/api/link?to=/a");
    assert_eq!(answer.expect(200).json()["href"], json!("/a"), "unchanged where cookies carry the session");
}

/// The page works without cookies: its forms lead back to the page of the same session.
pub fn the_page_carries_the_session(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &MODE);
    let mut browser = site.browser();
    let mut page = ticket(&mut browser, "/");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for expected in 1..=3 {
        let html = browser.get(&page).expect(200).text();
        let action = html.split("action=\"").find(|rest| rest.starts_with("ui/increment")).expect("a form");
        let action = action.split('"').next().expect("it ends").replace("&#38;", "&").replace("&amp;", "&");
        let answer = browser.send("POST", &format!("/{action}"), &form, b"key=n");
        let back = answer.expect(303).headers()["location"].to_str().expect("text").to_owned();
        page = back.replacen("../", "/", 1);
        let query = page.split_once('?').expect("it carries the session").1;
        assert_eq!(browser.get(&format!("/api/values/n?{query}")).expect(200).value(), json!(expected));
    }
    assert_eq!(site.records(), 1);
}
