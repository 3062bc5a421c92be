//! The session as an argument of a handler.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::Error;

/// The visitor's session, loaded. An argument of a handler; see [`webstack_core::Session`] for what it can do.
///
/// Without a [`layer`](crate::layer()) around the handler the reply is an opaque 500.
///
/// ```
/// use webstack_axum::{Result, Session};
///
/// async fn name(session: Session) -> Result<String> {
///     Ok(session.get("name")?.unwrap_or_else(|| "stranger".to_owned()))
/// }
/// # let _: axum::Router = axum::Router::new().route("/name", axum::routing::get(name));
/// ```
#[derive(Clone, Debug)]
pub struct Session(webstack_core::Session);

impl Deref for Session {
    type Target = webstack_core::Session;

    fn deref(&self) -> &webstack_core::Session {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let session = parts.extensions.get::<webstack_core::Session>().cloned();
        let session = session.ok_or(webstack_core::Error::NotInstalled)?;
        session.load().await?;
        Ok(Session(session))
    }
}
