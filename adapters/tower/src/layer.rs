//! The layer: an exchange around everything inside of it.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Either;
use tower_layer::Layer;
use tower_service::Service;
use webstack_core::app::IntoResponse as _;
use webstack_core::{Session, Sessions};

use crate::future::{ReplyBody, SessionFuture};
use crate::head::{Head, MountOf};

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
    type Future = SessionFuture<S::Future, ResBody, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let SessionLayer { sessions, mount_of } = &self.layer;
        // Only here is there a runtime for sure; once is enough, and the engine sees to that.
        sessions.start_background();
        if request.extensions().get::<Session>().is_some_and(|outer| sessions.opened(outer)) {
            return SessionFuture::passing(self.inner.call(request));
        }
        let exchange = sessions.open(&Head::new(&request, *mount_of));
        request.extensions_mut().insert(exchange.session());
        if !exchange.may_preempt() {
            return SessionFuture::answering(exchange, self.inner.call(request));
        }
        // The service that is ready is the one to call, after the engine has said that it should be called.
        let other = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, other);
        SessionFuture::asking(Box::pin(async move {
            if let Some(refusal) = exchange.preempt().await {
                return Ok(refusal.into_response().map(Either::Right));
            }
            SessionFuture::answering(exchange, inner.call(request)).await
        }))
    }
}
