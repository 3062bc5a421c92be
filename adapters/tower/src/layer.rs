//! The layer: an exchange around everything inside of it.

use std::fmt;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;
use webstack_core::Sessions;
use webstack_core::adapter::Concluding;
use webstack_core::app::IntoResponse as _;

use crate::bodies::{Bodies, Both};
use crate::future::SessionFuture;
use crate::head::{Head, MountOf};

/// Gives every request inside of it a session.
///
/// What comes out of this layer is what is stored, so layers that turn errors into responses belong inside of it, and
/// those that only look, such as tracing, where they like. An error that comes out has no headers: what the request had
/// saved before stays, and the token of a session that began or was renewed by that reaches nobody.
pub struct SessionLayer<K = Both> {
    sessions: Sessions,
    mount_of: Option<MountOf>,
    bodies: PhantomData<fn() -> K>,
}

impl SessionLayer {
    /// A layer for these sessions.
    pub fn new(sessions: Sessions) -> Self {
        let sessions = sessions.with_default_runtime(webstack_core::runtime::Tokio);
        SessionLayer { sessions, mount_of: None, bodies: PhantomData }
    }
}

impl<K> SessionLayer<K> {
    /// Says which type the [bodies](Bodies) of responses have outside of the layer.
    #[must_use]
    pub fn with_bodies<L>(self) -> SessionLayer<L> {
        SessionLayer { sessions: self.sessions, mount_of: self.mount_of, bodies: PhantomData }
    }

    /// Says how to find out where a service is mounted, behind a router that strips the prefix.
    #[must_use]
    pub fn with_mount_of(self, mount_of: MountOf) -> Self {
        SessionLayer { mount_of: Some(mount_of), ..self }
    }
}

impl<K> Clone for SessionLayer<K> {
    fn clone(&self) -> Self {
        let SessionLayer { sessions, mount_of, bodies } = self;
        SessionLayer { sessions: sessions.clone(), mount_of: *mount_of, bodies: *bodies }
    }
}

impl<K> fmt::Debug for SessionLayer<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLayer").field("sessions", &self.sessions).finish_non_exhaustive()
    }
}

impl<S, K> Layer<S> for SessionLayer<K> {
    type Service = SessionService<S, K>;

    fn layer(&self, inner: S) -> SessionService<S, K> {
        SessionService { inner, layer: self.clone() }
    }
}

/// The service that [`SessionLayer`] makes.
pub struct SessionService<S, K = Both> {
    inner: S,
    layer: SessionLayer<K>,
}

impl<S: Clone, K> Clone for SessionService<S, K> {
    fn clone(&self) -> Self {
        SessionService { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S, K> fmt::Debug for SessionService<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService").field("layer", &self.layer).finish_non_exhaustive()
    }
}

impl<S, K, ReqBody, ResBody> Service<Request<ReqBody>> for SessionService<S, K>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    ReqBody: Send + 'static,
    ResBody: Send + 'static,
    K: Bodies<ResBody> + 'static,
    K::Body: Send,
{
    type Response = Response<K::Body>;
    type Error = S::Error;
    type Future = SessionFuture<S::Future, ResBody, S::Error, K>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let SessionLayer { sessions, mount_of, .. } = &self.layer;
        // Only here is there a runtime for sure; once is enough, and the engine sees to that.
        sessions.start_background();
        // The extensions are looked at once. An exchange that nobody used costs nothing to let go.
        let exchange = sessions.open(&Head::new(&request, *mount_of));
        let outer = request.extensions_mut().insert(exchange.session());
        if let Some(outer) = outer.filter(|outer| sessions.opened(outer)) {
            request.extensions_mut().insert(outer);
            return SessionFuture::new(Concluding::passing(self.inner.call(request)));
        }
        if !exchange.may_preempt() {
            return SessionFuture::new(Concluding::answering(exchange, self.inner.call(request)));
        }
        // The service that is ready is the one to call, after the engine has said that it should be called.
        let other = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, other);
        SessionFuture::new(Concluding::asking(Box::pin(async move {
            if let Some(refusal) = exchange.preempt().await {
                return Ok(refusal.into_response().map(K::of_refusal));
            }
            Self::Future::new(Concluding::answering(exchange, inner.call(request))).await
        })))
    }
}
