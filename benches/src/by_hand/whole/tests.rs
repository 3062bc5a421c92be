//! What the fastest has to keep all the same.

use std::sync::{Arc, Mutex};

use http::header::{COOKIE, HOST, SET_COOKIE};
use http::{HeaderMap, Request};
use webstack_core::{Event, Outcome};

use super::*;

fn open(sessions: &Sessions, cookie: &str) -> Exchange {
    let request = Request::builder().header(HOST, "www.example.test").header(COOKIE, cookie);
    sessions.open(&request.body(()).expect("a request"))
}

fn arrive(sessions: &Sessions, cookie: &str) -> (Exchange, Session) {
    let exchange = open(sessions, cookie);
    let session = exchange.session();
    session.load().expect("it is at hand");
    (exchange, session)
}

fn leave(exchange: Exchange) -> HeaderMap {
    let mut headers = HeaderMap::new();
    exchange.finish(Outcome::Keep, &mut headers).expect("it can be stored");
    headers
}

fn cookie(sessions: &Sessions, number: u64) -> String {
    let (exchange, session) = arrive(sessions, "other=1");
    session.insert("n", &number).expect("it is open");
    let headers = leave(exchange);
    assert_eq!(headers["cache-control"], "no-store");
    headers[SET_COOKIE].to_str().expect("a text").split(';').next().expect("there is one").to_owned()
}

fn number(sessions: &Sessions, cookie: &str) -> Option<u64> {
    arrive(sessions, cookie).1.get("n").expect("a number")
}

#[test]
fn who_meets_loses_nothing() {
    let sessions = Sessions::default();
    let cookie = format!("a=b; {}", cookie(&sessions, 7));
    let all: Vec<_> = (0..50).map(|_| arrive(&sessions, &cookie)).collect();
    for (number, (exchange, session)) in (0..).zip(all) {
        session.insert(&format!("k{number}"), &number).expect("it is open");
        session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1).expect("a number");
        assert_eq!(session.get("count").expect("a number"), Some(1), "a read sees what was written");
        leave(exchange);
    }
    let (_exchange, session) = arrive(&sessions, &cookie);
    assert_eq!(session.get("n").expect("a number"), Some(7));
    assert_eq!(session.get("count").expect("a number"), Some(50));
    assert!((0..50).all(|number| session.get(&format!("k{number}")).expect("a number") == Some(number)));
}

#[test]
fn what_has_ended_does_not_come_back_and_no_other_secret_opens_it() {
    let sessions = Sessions::default();
    let cookie = cookie(&sessions, 7);
    let (name, text) = cookie.split_once('=').expect("a cookie");
    for at in 0..text.len() {
        let mut other = text.to_owned().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        let other = String::from_utf8(other).expect("a text");
        assert_eq!(number(&sessions, &format!("{name}={other}")), None);
    }
    let (exchange, session) = arrive(&sessions, &cookie);
    session.insert("n", &8).expect("it is open");
    let id = session.0.loaded.get().and_then(|loaded| loaded.first.as_ref()).expect("it lives").id;
    let removed = std::pin::pin!(sessions.0.settings.store.remove(&id));
    assert!(removed.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready());
    assert!(leave(exchange).get(SET_COOKIE).is_none());
    assert_eq!(number(&sessions, &cookie), None);
}

#[test]
fn a_handle_says_when_it_is_used_too_early_or_too_late() {
    let sessions = Sessions::default();
    let cookie = cookie(&sessions, 7);
    let exchange = open(&sessions, &cookie);
    let session = exchange.session();
    assert!(matches!(session.get::<u64>("n"), Err(Refused::NotLoaded)));
    assert!(matches!(session.insert("n", &8), Err(Refused::NotLoaded)));
    session.clone().load().expect("it is at hand");
    session.load().expect("it is loaded");
    assert_eq!(session.get("n").expect("a number"), Some(7));
    session.insert("n", &8).expect("it is open");
    assert!(leave(exchange).contains_key("vary"));
    assert!(matches!(session.get::<u64>("n"), Err(Refused::TooLate)));
    assert!(matches!(session.insert("n", &9), Err(Refused::TooLate)));
    assert!(matches!(session.load(), Err(Refused::TooLate)));
    assert_eq!(number(&sessions, &cookie), Some(8));
}

#[test]
fn the_first_cookie_that_opens_a_living_session_wins() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&events);
    let hook: Arc<dyn Fn(&Event) + Send + Sync> = Arc::new(move |event: &Event| held(&told).push(*event));
    let sessions = Sessions::new(Settings { hook: Some(hook), ..Settings::default() });
    let (first, second) = (cookie(&sessions, 1), cookie(&sessions, 2));
    let (name, _) = first.split_once('=').expect("a cookie");
    assert_eq!(held(&events).as_slice(), [Event::SecureOverPlainHttp], "it is told once");
    let foreign = format!("{name}={}; {name}=; x{first}", "A".repeat(64));
    let (_exchange, session) = arrive(&sessions, &format!("{foreign};  {name} = {} ", &second[name.len() + 1..]));
    assert_eq!(session.get("n").expect("a number"), Some(2));
    let (_exchange, session) = arrive(&sessions, &format!("{second}; {first}"));
    assert_eq!(session.get("n").expect("a number"), Some(2));
    assert_eq!(session.0.loaded.get().expect("it is loaded").others.len(), 1);
    assert!(held(&events).iter().any(|event| matches!(event, Event::SecondSession(_))));
    assert!(held(&events).contains(&Event::MalformedToken));
}

#[test]
fn what_fails_or_is_dropped_stores_nothing() {
    let sessions = Sessions::default();
    let cookie = cookie(&sessions, 7);
    for fails in [true, false] {
        let (exchange, session) = arrive(&sessions, &cookie);
        session.insert("n", &8).expect("it is open");
        match fails {
            true => exchange.finish(Outcome::ServerError, &mut HeaderMap::new()).expect("there is nothing to store"),
            false => drop(exchange),
        }
        assert!(matches!(session.get::<u64>("n"), Err(Refused::TooLate)));
    }
    assert_eq!(number(&sessions, &cookie), Some(7));
}

#[test]
fn an_emptied_session_loses_its_cookie() {
    let sessions = Sessions::default();
    let cookie = cookie(&sessions, 7);
    let (exchange, session) = arrive(&sessions, &cookie);
    session.insert("m", &1).expect("it is open");
    session.remove("n").expect("it is open");
    assert!(!leave(exchange).contains_key(SET_COOKIE));
    let (exchange, session) = arrive(&sessions, &cookie);
    session.clear().expect("it is open");
    assert_eq!(session.get::<u64>("m").expect("nothing"), None);
    let headers = leave(exchange);
    assert!(headers[SET_COOKIE].to_str().expect("a text").contains("Max-Age=0"));
}

#[test]
fn many_threads_use_one_session() {
    let sessions = Sessions::default();
    let cookie = cookie(&sessions, 7);
    let (exchange, session) = arrive(&sessions, &cookie);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let session = session.clone();
            scope.spawn(move || {
                for number in 0..100 {
                    session.insert(&format!("{thread}-{number}"), &number).expect("it is open");
                }
            });
        }
    });
    leave(exchange);
    let (_exchange, session) = arrive(&sessions, &cookie);
    let is_kept = |key: &String| session.get::<u64>(key).expect("a number").is_some();
    assert_eq!((0..400).map(|number| format!("{}-{}", number / 100, number % 100)).filter(is_kept).count(), 400);
}
