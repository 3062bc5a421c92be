//! The cases: ordinary functions that panic where a promise is broken.

pub mod attributes;
pub mod configuration;
pub mod cookies;
pub mod creation;
pub mod emptied;
pub mod flash;
pub mod header_tokens;
pub mod headers;
pub mod locking;
pub mod outcome;
pub mod page;
pub mod process;
pub mod queries;
pub mod races;
pub mod renewal;
pub mod routes;
pub mod strangers;
pub mod users;

use serde_json::Value;
use webstack_core::Token;

use super::Browser;
use super::matrix::skip;

/// A token in the right form that no server ever gave.
fn unknown_token() -> String {
    Token::generate().expect("a random generator").expose()
}

/// The `Cookie` header value of the session cookie with this value.
fn cookie(token: &str) -> String {
    format!("__Host-webstack_session={token}")
}

/// Insists that the server does not know who this is, and leaves the browser's cookies alone.
#[track_caller]
fn expect_stranger(browser: &mut Browser) {
    let answer = browser.get("/api/session");
    let session = answer.expect(200).json();
    assert_eq!((&session["is_new"], &session["id"]), (&Value::Bool(true), &Value::Null), "a stranger: {answer:?}");
    assert_eq!(session["values"], serde_json::json!({}), "{answer:?}");
    answer.expect_no_session_header();
}
