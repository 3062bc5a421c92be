//! What becomes of a request whose session cannot be loaded.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rocket::http::Header;
use rocket::local::blocking::Client;
use rocket::{Responder, get, routes};
use webstack_core::Token;
use webstack_core::store::MemoryStore;
use webstack_rocket::{Result, Session, SessionFairing};
use webstack_testkit::{Fault, FaultyStore};

#[derive(Responder)]
struct Page(&'static str, Header<'static>);

#[get("/needs")]
fn needs(_session: Session) -> &'static str {
    "with a session"
}

#[get("/copes")]
fn copes(session: Result<Session>) -> Page {
    let text = if session.is_ok() { "with a session" } else { "without a session" };
    Page(text, Header::new("Cache-Control", "max-age=60"))
}

/// A client with a cookie, before a store that is out of reach.
fn client() -> (Client, Header<'static>) {
    let store = FaultyStore::new(MemoryStore::new());
    store.faults().fail_all(Fault::Unavailable);
    let sessions = webstack_rocket::builder().store(store).build().unwrap();
    let rocket = rocket::build().attach(SessionFairing::new(sessions)).mount("/", routes![needs, copes]);
    let token = Token::generate().unwrap().expose();
    (Client::untracked(rocket).unwrap(), Header::new("Cookie", format!("__Host-webstack_session={token}")))
}

#[test]
fn a_catcher_s_answer_to_a_refusal_says_when_to_come_again() {
    let (client, cookie) = client();
    let response = client.get("/needs").header(cookie).dispatch();
    assert_eq!(response.status().code, 503);
    assert!(response.headers().contains("Retry-After"));
    assert_eq!(response.headers().get_one("Cache-Control"), Some("no-store"));
}

#[test]
fn a_handler_that_does_without_the_session_keeps_its_own_headers() {
    let (client, cookie) = client();
    let response = client.get("/copes").header(cookie).dispatch();
    assert_eq!(response.status().code, 200);
    assert!(!response.headers().contains("Retry-After"));
    assert_eq!(response.headers().get_one("Cache-Control"), Some("max-age=60"));
    assert_eq!(response.into_string().unwrap(), "without a session");
}
