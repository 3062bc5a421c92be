//! Errors of sessions, as axum understands them.

use axum::body::Body;
use axum::response::{IntoResponse, Response};

webstack_core::__adapter_error! {
    /// An error of a session, as a handler may return it and the extractor rejects with: the browser sees an opaque reply.
    ///
    /// ```
    /// use axum::response::IntoResponse as _;
    ///
    /// let error = webstack_axum::Error::from(webstack_core::Error::TooLarge { limit: 1_048_576 });
    /// assert_eq!(error.into_response().status(), 413);
    /// ```
    pub struct Error;

    /// What a handler that uses a session returns.
    pub type Result;
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        webstack_core::app::IntoResponse::into_response(self.0).map(Body::new)
    }
}
