//! The session as an argument of a handler.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use webstack_core::adapter::loaded;

use crate::Error;

webstack_core::__adapter_session! {
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
    pub struct Session;
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Ok(Session(loaded(parts.extensions.get().cloned()).await?))
    }
}
