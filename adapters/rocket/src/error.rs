//! Errors of sessions, as rocket understands them.

use std::io::Cursor;

use rocket::http::Status;
use rocket::response::{self, Responder};
use rocket::{Request, Response};
use webstack_core::Refusal;

webstack_core::__adapter_error! {
    /// An error of a session, as a handler may return it and the guard fails with: the browser sees an opaque reply.
    ///
    /// ```
    /// let error = webstack_rocket::Error::from(webstack_core::Error::TooLarge { limit: 1_048_576 });
    /// assert_eq!(error.session().refusal().status(), 413);
    /// ```
    pub struct Error;

    /// What a handler that uses a session returns.
    pub type Result;
}

impl<'r> Responder<'r, 'static> for Error {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Ok(refuse(&self.0.refusal()))
    }
}

pub(crate) fn refuse(refusal: &Refusal) -> Response<'static> {
    let mut response = Response::build();
    response.status(status(refusal)).sized_body(refusal.body().len(), Cursor::new(refusal.body()));
    for (name, value) in refusal.headers() {
        response.raw_header(name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned());
    }
    response.finalize()
}

pub(crate) fn status(refusal: &Refusal) -> Status {
    Status::new(refusal.status().as_u16())
}
