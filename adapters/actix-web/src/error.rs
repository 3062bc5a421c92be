//! Errors of sessions, as actix-web understands them.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use webstack_core::Refusal;

webstack_core::__adapter_error! {
    /// An error of a session, as a handler may return it: the browser sees an opaque reply.
    ///
    /// ```
    /// use actix_web::ResponseError;
    ///
    /// let error = webstack_actix_web::Error::from(webstack_core::Error::TooLarge { limit: 1_048_576 });
    /// assert_eq!(error.status_code(), 413);
    /// ```
    pub struct Error;

    /// What a handler that uses a session returns.
    pub type Result;
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        status(self.0.status())
    }

    fn error_response(&self) -> HttpResponse {
        respond(&self.0.refusal())
    }
}

/// The status in actix-web's version of the type.
fn status(status: http::StatusCode) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A reply in place of the application's.
pub(crate) fn respond(refusal: &Refusal) -> HttpResponse {
    let mut response = HttpResponse::build(status(refusal.status()));
    for (name, value) in refusal.headers() {
        response.insert_header((name.as_str(), value.as_bytes()));
    }
    response.body(refusal.body())
}
