//! The layer: an exchange around everything inside of it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Either;
use tower_layer::Layer;
use tower_service::Service;
use webstack_core::app::{Body, IntoResponse as _};
use webstack_core::{Exchange, Outcome, Session, Sessions};

use crate::head::{Head, MountOf};

/// The body of a response: the inner service's, or that of a [refusal](webstack_core::Refusal).
pub type ReplyBody<B> = Either<B, Body>;

/// Gives every request inside of it a session.
///
/// What comes out of this layer is what is stored, so layers that turn errors into responses belong inside of it, and
/// those that only look, such as tracing, where they like. An error that comes out has no headers: what the request had
/// saved before stays, and the token of a session that began or was renewed by that reaches nobody.
#[derive(Clone, Debug)]
pub struct SessionLayer {
    sessions: Sessions,
    mount_of: Option<MountOf>,
}

impl SessionLayer {
    /// A layer for these sessions.
    pub fn new(sessions: Sessions) -> Self {
        SessionLayer { sessions: sessions.with_default_runtime(webstack_core::runtime::Tokio), mount_of: None }
    }

    /// Says how to find out where a service is mounted, behind a router that strips the prefix.
    #[must_use]
    pub fn with_mount_of(self, mount_of: MountOf) -> Self {
        SessionLayer { mount_of: Some(mount_of), ..self }
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService { inner, layer: self.clone() }
    }
}

/// The service that [`SessionLayer`] makes.
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    inner: S,
    layer: SessionLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for SessionService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    ReqBody: Send + 'static,
    ResBody: http_body::Body<Data = Bytes> + Send + 'static,
{
    type Response = Response<ReplyBody<ResBody>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let SessionLayer { sessions, mount_of } = &self.layer;
        // Only here is there a runtime for sure; once is enough, and the engine sees to that.
        sessions.start_background();
        if request.extensions().get::<Session>().is_some_and(|outer| sessions.opened(outer)) {
            let inner = self.inner.call(request);
            return Box::pin(async move { Ok(inner.await?.map(Either::Left)) });
        }
        let exchange = sessions.open(&Head::new(&request, *mount_of));
        request.extensions_mut().insert(exchange.session());
        if !exchange.may_preempt() {
            let inner = self.inner.call(request);
            return Box::pin(answer(exchange, inner));
        }
        // The service that is ready is the one to call, after the engine has said that it should be called.
        let other = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, other);
        Box::pin(async move {
            if let Some(refusal) = exchange.preempt().await {
                return Ok(refusal.into_response().map(Either::Right));
            }
            answer(exchange, inner.call(request)).await
        })
    }
}

async fn answer<E, B>(
    exchange: Exchange,
    inner: impl Future<Output = Result<Response<B>, E>>,
) -> Result<Response<ReplyBody<B>>, E> {
    let response = match inner.await {
        Ok(response) => response,
        Err(error) => {
            // What it becomes is decided outside, without these headers; a failure to store has been reported.
            let _ = exchange.finish(Outcome::Discard).await;
            return Err(error);
        }
    };
    Ok(conclude(exchange, response).await)
}

async fn conclude<B>(exchange: Exchange, mut response: Response<B>) -> Response<ReplyBody<B>> {
    match exchange.finish(Outcome::of_status(response.status().as_u16())).await {
        Ok(headers) => {
            headers.apply(response.headers_mut());
            response.map(Either::Left)
        }
        Err(error) => error.into_response().map(Either::Right),
    }
}
