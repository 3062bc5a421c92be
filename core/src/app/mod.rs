//! Neutral applications: written once against `http` types, mounted in any environment.
//!
//! An application is any [`tower_service::Service`] from a [`Request`] to an [`http::Response`] that cannot fail; an
//! axum `Router` is one as it is, and [`from_fn`] makes one of a function. What an environment puts into a request are
//! two extensions: the visitor's [`Session`], to be had by [`session`], and [`Mount`], which says where the
//! application stands.
//!
//! ```
//! use webstack_core::app::{self, App, Request};
//! use webstack_core::{Error, runtime::block_on};
//!
//! async fn hello(request: Request) -> Result<http::Response<String>, Error> {
//!     let session = app::session(&request).await?;
//!     let visits = session.update("visits", |n: Option<u32>| n.unwrap_or(0) + 1)?;
//!     Ok(http::Response::new(format!("visit {visits} to {}", request.uri().path())))
//! }
//!
//! let app = app::from_fn(hello);
//! # use webstack_core::{Sessions, store::MemoryStore};
//! # let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
//! # let mut request = Request::default();
//! # let exchange = sessions.open(&request);
//! # request.extensions_mut().insert(exchange.session());
//! // An environment calls it so:
//! let response = block_on(app.respond(request));
//! assert_eq!(response.status(), 200);
//! ```

mod body;
mod mount;

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tower_service::Service;

pub use body::{Body, BodyError};
pub use mount::{Mount, respond_mounted};

use crate::adapter::loaded;
use crate::{Error, Refusal, Session};

/// A request to a neutral application.
pub type Request = http::Request<Body>;

/// A response of a neutral application.
pub type Response = http::Response<Body>;

/// A neutral application; implemented by every service of the right form.
///
/// Environments clone it for each request, so a clone should be cheap.
pub trait App: Clone + Send + Sync + 'static {
    /// Answers one request.
    fn respond(self, request: Request) -> impl Future<Output = Response> + Send;
}

impl<S, B> App for S
where
    S: Service<Request, Response = http::Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BodyError>,
{
    async fn respond(mut self, request: Request) -> Response {
        let Ok(()) = poll_fn(|context| self.poll_ready(context)).await;
        let Ok(response) = self.call(request).await;
        response.map(Body::new)
    }
}

/// The visitor's session, loaded.
///
/// The future holds nothing of the request, so a handler may go on to read the body.
///
/// # Errors
///
/// [`Error::NotInstalled`] if the application is mounted without sessions; what the store says.
pub fn session<B>(request: &http::Request<B>) -> impl Future<Output = Result<Session, Error>> + Send + use<B> {
    loaded(request.extensions().get().cloned())
}

/// Makes an application of an asynchronous function.
///
/// The function returns whatever is [`IntoResponse`]: a response with a simple body, or a result of such.
pub fn from_fn<F, R>(function: F) -> FromFn<F>
where
    F: Fn(Request) -> R + Clone + Send + Sync + 'static,
    R: Future<Output: IntoResponse> + Send + 'static,
{
    FromFn { function }
}

/// The application that [`from_fn`] makes.
#[derive(Clone, Copy)]
pub struct FromFn<F> {
    function: F,
}

impl<F> std::fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FromFn").finish_non_exhaustive()
    }
}

impl<F, R> Service<Request> for FromFn<F>
where
    F: Fn(Request) -> R,
    R: Future<Output: IntoResponse> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let response = (self.function)(request);
        Box::pin(async move { Ok(response.await.into_response()) })
    }
}

/// What a function may return to be an application.
pub trait IntoResponse {
    /// The response.
    fn into_response(self) -> Response;
}

impl<B: Into<Body>> IntoResponse for http::Response<B> {
    fn into_response(self) -> Response {
        self.map(Into::into)
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(response) => response.into_response(),
            Err(error) => error.into_response(),
        }
    }
}

/// The error's [refusal](Error::refusal).
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.refusal().into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body().into());
        *response.status_mut() = self.status();
        response.headers_mut().extend(self.headers());
        response
    }
}
