//! The session as an argument of a handler.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};

use crate::Error;

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
#[derive(Clone, Debug)]
pub struct Session(webstack_core::Session);

impl Deref for Session {
    type Target = webstack_core::Session;

    fn deref(&self) -> &webstack_core::Session {
        &self.0
    }
}

/// What the middleware leaves in a request for the extractor.
pub(crate) struct Opened(pub(crate) webstack_core::Session);

impl FromRequest for Session {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Session, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // The request itself must not be held across an await: routing in an inner scope needs it for itself.
        let opened = request.extensions().get::<Opened>().map(|opened| opened.0.clone());
        Box::pin(async move {
            let session = opened.ok_or(webstack_core::Error::NotInstalled)?;
            session.load().await?;
            Ok(Session(session))
        })
    }
}
