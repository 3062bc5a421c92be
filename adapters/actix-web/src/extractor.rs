//! The session as an argument of a handler.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use webstack_core::adapter::{Loaded, loaded};

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
    type Future = Extraction;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Extraction {
        // The request itself must not be held across an await: routing in an inner scope needs it for itself.
        Extraction(loaded(request.extensions().get::<Opened>().map(|opened| opened.0.clone())))
    }
}

/// The future of the extractor.
#[derive(Debug)]
pub struct Extraction(Loaded);

impl Future for Extraction {
    type Output = Result<Session, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_ok(Session).map_err(Error::from)
    }
}
