//! Errors of sessions, as actix-web understands them.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use webstack_core::Refusal;

/// An error of a session, as a handler may return it: the browser sees an opaque reply.
///
/// ```
/// use actix_web::ResponseError;
///
/// let error = webstack_actix_web::Error::from(webstack_core::Error::TooLarge { limit: 1_048_576 });
/// assert_eq!(error.status_code(), 413);
/// ```
#[derive(Debug)]
pub struct Error(webstack_core::Error);

/// What a handler that uses a session returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The error as the engine reported it.
    pub fn session(&self) -> &webstack_core::Error {
        &self.0
    }
}

impl From<webstack_core::Error> for Error {
    fn from(error: webstack_core::Error) -> Self {
        Error(error)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        status(&self.0.refusal())
    }

    fn error_response(&self) -> HttpResponse {
        respond(&self.0.refusal())
    }
}

fn status(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A reply in place of the application's.
pub(crate) fn respond(refusal: &Refusal) -> HttpResponse {
    let mut response = HttpResponse::build(status(refusal));
    for (name, value) in refusal.headers() {
        response.insert_header((name.as_str(), value.as_bytes()));
    }
    response.body(refusal.body())
}
