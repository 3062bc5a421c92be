//! What the status of a response, or an end without one, means for what the request did; and headers of its own.

use http::HeaderValue;
use http::header::{SET_COOKIE, VARY};
use serde_json::json;
use webstack_core::Session;

use crate::reply::{json as reply, json_with};
use crate::{Answer, Failure, input};

/// `POST /api/set-then/{status}`: sets a value and answers with the status.
///
/// # Errors
///
/// 400 if that is not a status, and if the session fails.
pub fn set_then(session: &Session, status: &str) -> Answer {
    let status = input::status(status)?;
    session.insert("answered", &status.as_u16())?;
    Ok(json_with(status, &json!({})))
}

/// `POST /api/save-then/{status}`: the same, after an explicit save.
///
/// # Errors
///
/// 400 if that is not a status, and if the session fails.
pub async fn save_then(session: &Session, status: &str) -> Answer {
    let reply = set_then(session, status)?;
    session.save().await?;
    Ok(reply)
}

/// `POST /api/logout-then/{status}`: ends the session and answers with the status.
///
/// # Errors
///
/// 400 if that is not a status, and if the session fails.
pub fn logout_then(session: &Session, status: &str) -> Answer {
    let status = input::status(status)?;
    session.invalidate()?;
    Ok(json_with(status, &json!({})))
}

/// `POST /api/set-then-panic`: sets a value, then panics.
///
/// # Errors
///
/// If the session fails.
///
/// # Panics
///
/// Always, if the session does not fail: that is what it is for.
pub fn set_then_panic(session: &Session) -> Answer {
    session.insert("panicked", &true)?;
    panic!("a handler panicked, as it was asked to");
}

/// `POST /api/logout-then-panic`: ends the session, then panics.
///
/// # Errors
///
/// If the session fails.
///
/// # Panics
///
/// Always, if the session does not fail: that is what it is for.
pub fn logout_then_panic(session: &Session) -> Answer {
    session.invalidate()?;
    panic!("a handler panicked, as it was asked to");
}

/// `POST /api/own-cookie/{value}`: the application sets a cookie and varies on a header, beside the session's.
///
/// # Errors
///
/// 400 if the value does not go into a cookie, and if the session fails.
pub fn own_cookie(session: &Session, value: &str) -> Answer {
    // cookie-octet of RFC 6265 §4.1.1
    let octet = |byte| matches!(byte, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E);
    let cookie = value.bytes().all(octet).then(|| HeaderValue::try_from(format!("own={value}")));
    let Some(Ok(cookie)) = cookie else {
        return Err(Failure::bad_request("the value has characters that a cookie cannot carry"));
    };
    session.insert("own", value)?;
    let mut reply = reply(&json!({}));
    reply.headers_mut().append(SET_COOKIE, cookie);
    reply.headers_mut().append(VARY, HeaderValue::from_static("Accept-Language"));
    Ok(reply)
}
