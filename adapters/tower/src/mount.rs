//! A neutral application as a service for requests with any body.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;
use webstack_core::app::{App, Body, BodyError};

/// Makes a service of a neutral application, whatever body the server's requests have.
///
/// ```
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower_service::Service as _;
/// use webstack_core::app;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut service = webstack_tower::mount(app::from_fn(|_| async { Response::new("hello") }));
/// let response = service.call(Request::new(Full::<bytes::Bytes>::from("any body"))).await.unwrap();
/// assert_eq!(response.status(), 200);
/// # }
/// ```
pub fn mount<A: App>(app: A) -> Mounted<A> {
    Mounted { app }
}

/// The service that [`mount`] makes.
#[derive(Clone, Debug)]
pub struct Mounted<A> {
    app: A,
}

impl<A, B> Service<Request<B>> for Mounted<A>
where
    A: App,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BodyError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let app = self.app.clone();
        Box::pin(async move { Ok(app.respond(request.map(Body::new)).await) })
    }
}
