//! The layer: tower's, whose responses have bodies of axum's.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::Request;
use axum::response::Response;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use webstack_tower::{ReplyBody, SessionFuture};

/// The layer that gives every handler of a router a session; [`layer`](crate::layer) makes it.
///
/// It is [`webstack_tower::SessionLayer`], but for the body of the response: a router would put any other than its own into
/// one more box.
#[derive(Clone, Debug)]
pub struct SessionLayer(pub(crate) webstack_tower::SessionLayer);

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService(self.0.layer(inner))
    }
}

/// The service that [`SessionLayer`] makes.
#[derive(Clone, Debug)]
pub struct SessionService<S>(webstack_tower::SessionService<S>);

impl<S, Q, B> Service<Request<Q>> for SessionService<S>
where
    S: Service<Request<Q>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    Q: Send + 'static,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, B, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        ResponseFuture { inner: self.0.call(request) }
    }
}

pin_project! {
    /// The future of [`SessionService`].
    #[derive(Debug)]
    pub struct ResponseFuture<F, B, E> {
        #[pin]
        inner: SessionFuture<F, B, E>,
    }
}

impl<F, B, E> Future for ResponseFuture<F, B, E>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(self.project().inner.poll(context));
        Poll::Ready(answer.map(|response| {
            response.map(|body| match body {
                ReplyBody::Left(body) => Body::new(body),
                ReplyBody::Right(refusal) => Body::new(refusal),
            })
        }))
    }
}
