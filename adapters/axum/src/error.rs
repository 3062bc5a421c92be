//! Errors of sessions, as axum understands them.

use axum::body::Body;
use axum::response::{IntoResponse, Response};

/// An error of a session, as a handler may return it and the extractor rejects with: the browser sees an opaque reply.
///
/// ```
/// use axum::response::IntoResponse as _;
///
/// let error = webstack_axum::Error::from(webstack_core::Error::TooLarge { limit: 1_048_576 });
/// assert_eq!(error.into_response().status(), 413);
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

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        webstack_core::app::IntoResponse::into_response(self.0).map(Body::new)
    }
}
