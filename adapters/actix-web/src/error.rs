//! Errors of sessions, as actix-web understands them.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

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
        StatusCode::from_u16(self.0.refusal().status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let refusal = self.0.refusal();
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in refusal.headers() {
            response.insert_header((name.as_str(), value.as_bytes()));
        }
        response.body(refusal.body())
    }
}
