//! Messages that are shown once.

use serde::Serialize;
use webstack_core::Session;
use webstack_core::flash::{Flash, Level};

use crate::Answer;
use crate::reply::{json, no_content};

/// `POST /api/flash/{text}`: leaves a message.
///
/// # Errors
///
/// 413 if it is too long, and if the session fails.
pub fn add(session: &Session, text: &str) -> Answer {
    session.flash(Level::Info, text)?;
    Ok(no_content())
}

/// `GET /api/flash`: takes all messages.
///
/// # Errors
///
/// If the session fails.
pub fn take(session: &Session) -> Answer {
    #[derive(Serialize)]
    struct Messages<'a> {
        messages: Vec<&'a str>,
    }
    let messages = session.flashes()?;
    Ok(json(&Messages { messages: messages.iter().map(Flash::text).collect() }))
}
