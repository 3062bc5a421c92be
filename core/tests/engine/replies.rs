//! What the browser and its caches are told.

use webstack_core::{CookiePath, Event, Outcome, RequestHead, runtime::block_on};

use crate::visitor::{Site, Visitor, header, known, set_cookie};

#[test]
fn a_response_that_sets_the_token_is_not_cached_and_replaces_what_the_application_said() {
    let site = Site::new();
    let reply = Visitor::default().visit(&site, |session| session.insert("n", &1).unwrap());
    let mut response = http::HeaderMap::new();
    response.insert("cache-control", "public, max-age=3600".parse().unwrap());
    response.insert("vary", "Accept-Language".parse().unwrap());
    response.insert("set-cookie", "own=1".parse().unwrap());
    reply.apply(&mut response);
    let all = |name| response.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(all("cache-control"), ["no-store"]);
    assert_eq!(all("vary"), ["Accept-Language", "Cookie"]);
    assert_eq!(all("set-cookie").len(), 2);
}

#[test]
fn a_response_that_consulted_varies_and_may_be_cached() {
    let site = Site::new();
    let mut visitor = known(&site);
    let reply = visitor.visit(&site, |_| ());
    assert_eq!(header(&reply, "vary").as_deref(), Some("Cookie"));
    assert_eq!((header(&reply, "cache-control"), set_cookie(&reply)), (None, None));
}

#[test]
fn only_the_response_that_ended_the_session_takes_the_cookie_back() {
    let site = Site::new();
    let visitor = known(&site);
    let (first, second) = (visitor.arrive(&site), visitor.arrive(&site));
    first.session.invalidate().unwrap();
    second.session.invalidate().unwrap();
    assert!(set_cookie(&first.answer(Outcome::Keep)).unwrap().contains("Max-Age=0"));
    assert_eq!(set_cookie(&second.answer(Outcome::Keep)), None);
    assert_eq!(set_cookie(&visitor.clone().visit(&site, |_| ())), None, "an ended token");
}

struct Head<'a>(&'a str, &'a str);

impl RequestHead for Head<'_> {
    fn header(&self, name: &http::HeaderName, show: &mut dyn FnMut(&[u8])) {
        if *name == http::header::HOST {
            show(self.0.as_bytes());
        }
    }
    fn method(&self) -> &str {
        "GET"
    }
    fn path_and_query(&self) -> &str {
        "/"
    }
    fn is_tls(&self) -> bool {
        false
    }
    fn mount(&self) -> &str {
        self.1
    }
}

#[test]
fn a_secure_cookie_over_plain_http_to_another_host_is_told_once() {
    let site = Site::new();
    let visit = |host| {
        let exchange = site.sessions.open(&Head(host, ""));
        block_on(exchange.session().load()).unwrap();
        exchange.session().insert("n", &1).unwrap();
        block_on(exchange.finish(Outcome::Keep)).unwrap();
    };
    visit("localhost:8000");
    assert_eq!(site.heard(|event| *event == Event::SecureOverPlainHttp), 0);
    visit("shop.example.test");
    visit("shop.example.test");
    assert_eq!(site.heard(|event| *event == Event::SecureOverPlainHttp), 1);
}

#[test]
fn a_cookie_that_is_taken_back_over_plain_http_is_no_cause_to_warn() {
    let site = Site::new();
    let cookie = known(&site).cookie.unwrap();
    let head = http::Request::builder().header("host", "shop.example.test").header("cookie", cookie).body(()).unwrap();
    let exchange = site.sessions.open(&head);
    block_on(exchange.session().load()).unwrap();
    exchange.session().invalidate().unwrap();
    let reply = block_on(exchange.finish(Outcome::Keep)).unwrap();
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=0"));
    assert_eq!(site.heard(|event| *event == Event::SecureOverPlainHttp), 0);
}

#[test]
fn the_cookie_path_may_follow_the_mount() {
    let site = Site::with(|builder| builder.cookie_path(CookiePath::Mount));
    let exchange = site.sessions.open(&Head("localhost", "/shop"));
    block_on(exchange.session().load()).unwrap();
    exchange.session().insert("n", &1).unwrap();
    let reply = block_on(exchange.finish(Outcome::Keep)).unwrap();
    let cookie = set_cookie(&reply).unwrap();
    assert!(cookie.starts_with("__Secure-") && cookie.contains("; Path=/shop; Secure"), "{cookie}");
}

#[test]
fn no_debug_output_holds_a_token() {
    let site = Site::new();
    let visitor = known(&site);
    let cookie = visitor.cookie.clone().unwrap();
    let secret = &cookie[cookie.len() - 42..];
    let request = visitor.arrive(&site);
    request.session.renew().unwrap();
    let shown = format!("{:?} {:?} {:?}", request.exchange, request.session, site.sessions);
    let reply = request.answer(Outcome::Keep);
    let renewed = set_cookie(&reply).unwrap();
    let renewed = renewed.split([';', '=']).nth(1).unwrap();
    let shown = format!("{shown} {reply:?} {:?}", site.events.lock().unwrap());
    assert!(!shown.contains(secret) && !shown.contains(&renewed[22..]), "{shown}");
}
