//! The session as a request guard.

use rocket::Request;
use rocket::request::{FromRequest, Outcome};
use webstack_core::adapter::loaded;

use crate::Error;
use crate::error::status;
use crate::opened::Opened;

webstack_core::__adapter_session! {
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
    pub struct Session;
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Session {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        let opened = Opened::of(request);
        match loaded(opened.session()).await {
            Ok(session) => Outcome::Success(Session(session)),
            Err(error) => {
                let refusal = error.refusal();
                let status = status(&refusal);
                opened.refuse(refusal);
                Outcome::Error((status, error.into()))
            }
        }
    }
}
