//! The session as a request guard.

use std::ops::Deref;

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::Error;
use crate::error::status;
use crate::fairing::Opened;

/// The visitor's session, loaded. An argument of a handler; see [`webstack_core::Session`] for what it can do.
///
/// Without a [`SessionFairing`](crate::SessionFairing) the guard fails with an opaque 500.
///
/// ```
/// use rocket::get;
/// use webstack_rocket::{Result, Session};
///
/// #[get("/name")]
/// fn name(session: Session) -> Result<String> {
///     Ok(session.get("name")?.unwrap_or_else(|| "stranger".to_owned()))
/// }
/// # let _ = rocket::routes![name];
/// ```
#[derive(Clone, Debug)]
pub struct Session(webstack_core::Session);

impl Deref for Session {
    type Target = webstack_core::Session;

    fn deref(&self) -> &webstack_core::Session {
        &self.0
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Session {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        let opened = Opened::of(request);
        let loaded = match opened.session() {
            Some(session) => session.load().await.map(|()| Session(session)),
            None => Err(webstack_core::Error::NotInstalled),
        };
        match loaded {
            Ok(session) => Outcome::Success(session),
            Err(error) => {
                let refusal = error.refusal();
                let status = status(&refusal);
                opened.refuse(refusal);
                Outcome::Error((status, error.into()))
            }
        }
    }
}
