//! Errors of sessions, as warp understands them.

use warp::reject::{Reject, Rejection};
use warp::reply::{Reply, Response};
use webstack_core::Refusal;

/// An error of a session, as a filter may return it or reject with it: the browser sees an opaque reply.
///
/// ```
/// use warp::Reply as _;
///
/// let error = webstack_warp::Error::from(webstack_core::Error::TooLarge { limit: 1_048_576 });
/// assert_eq!(error.into_response().status(), 413);
/// ```
#[derive(Debug)]
pub struct Error(webstack_core::Error);

/// What a filter that uses a session returns.
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

impl Reject for Error {}

impl Reply for Error {
    fn into_response(self) -> Response {
        refuse(&self.0.refusal())
    }
}

/// What a rejection becomes that no filter of the application dealt with: warp's own answer would show its cause.
pub(crate) async fn recover(rejection: Rejection) -> std::result::Result<Response, Rejection> {
    match rejection.find::<Error>() {
        Some(error) => Ok(refuse(&error.0.refusal())),
        None => Err(rejection),
    }
}

fn refuse(refusal: &Refusal) -> Response {
    let mut response = refusal.body().into_response();
    *response.status_mut() = refusal.status();
    for (name, value) in refusal.headers() {
        response.headers_mut().insert(name, value);
    }
    response
}
