//! The session as an argument of a handler.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use webstack_core::adapter::loaded;

use crate::Error;

webstack_core::__adapter_session! {
    /// The visitor's session, loaded. An argument of a handler; see [`webstack_core::Session`] for what it can do.
    ///
    /// Without a [`SessionMiddleware`](crate::SessionMiddleware) around the handler the reply is an opaque 500.
    ///
    /// ```
    /// use actix_web::{HttpResponse, get};
    /// use webstack_actix_web::{Result, Session};
    ///
    /// #[get("/name")]
    /// async fn name(session: Session) -> Result<String> {
    ///     Ok(session.get("name")?.unwrap_or_else(|| "stranger".to_owned()))
    /// }
    /// ```
    pub struct Session;
}

/// What the middleware leaves in a request for the extractor.
pub(crate) struct Opened(pub(crate) webstack_core::Session);

impl FromRequest for Session {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Session, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // The request itself must not be held across an await: routing in an inner scope needs it for itself.
        let opened = request.extensions().get::<Opened>().map(|opened| opened.0.clone());
        Box::pin(async move { Ok(Session(loaded(opened).await?)) })
    }
}
