//! Beginning, changing hands and ending.

use webstack_core::Session;

use crate::Answer;
use crate::reply::no_content;

/// `POST /api/login/{user}`: sets the user, which renews the token by itself.
///
/// # Errors
///
/// If the session fails.
pub fn login(session: &Session, user: &str) -> Answer {
    session.set_user(user)?;
    Ok(no_content())
}

/// `POST /api/logout`: ends the session.
///
/// # Errors
///
/// If the session fails.
pub fn logout(session: &Session) -> Answer {
    session.invalidate()?;
    Ok(no_content())
}

/// `POST /api/renew`: the same session under a new token.
///
/// # Errors
///
/// If the session fails.
pub fn renew(session: &Session) -> Answer {
    session.renew()?;
    Ok(no_content())
}

/// `POST /api/invalidate`: ends the session and begins another one.
///
/// # Errors
///
/// If the session fails.
pub fn invalidate(session: &Session) -> Answer {
    session.invalidate()?;
    session.insert("invalidated", &true)?;
    Ok(no_content())
}

/// `POST /api/delete`: forgets everything, the user included; the session goes on.
///
/// # Errors
///
/// If the session fails.
pub fn delete(session: &Session) -> Answer {
    session.delete()?;
    session.insert("deleted", &true)?;
    Ok(no_content())
}

/// `POST /api/clear`: removes all values; the user stays.
///
/// # Errors
///
/// If the session fails.
pub fn clear(session: &Session) -> Answer {
    session.clear()?;
    Ok(no_content())
}
