//! Errors of sessions, as warp understands them.

use warp::reject::{Reject, Rejection};
use warp::reply::{Reply, Response};
use webstack_core::Refusal;
use webstack_core::app::IntoResponse;

webstack_core::__adapter_error! {
    /// An error of a session, as a filter may return it or reject with it: the browser sees an opaque reply.
    ///
    /// ```
    /// use warp::Reply as _;
    ///
    /// let error = webstack_warp::Error::from(webstack_core::Error::TooLarge { limit: 1_048_576 });
    /// assert_eq!(error.into_response().status(), 413);
    /// ```
    pub struct Error;

    /// What a filter that uses a session returns.
    pub type Result;
}

impl Reject for Error {}

impl Reply for Error {
    fn into_response(self) -> Response {
        refuse(self.0.refusal())
    }
}

/// What a rejection becomes that no filter of the application dealt with: warp's own answer would show its cause.
pub(crate) async fn recover(rejection: Rejection) -> std::result::Result<Response, Rejection> {
    match rejection.find::<Error>() {
        Some(error) => Ok(refuse(error.0.refusal())),
        None => Err(rejection),
    }
}

/// The engine's response, with a body of warp's.
fn refuse(refusal: Refusal) -> Response {
    let body = refusal.body();
    let response = IntoResponse::into_response(refusal).map(|_| body);
    Reply::into_response(response)
}
