//! Sessions by hand as a tower layer: a handle is in the extensions of each request.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::{Layer, layer_fn};
use tower_service::Service;

use crate::by_hand::{ByHand, cookie_lines, held};

pub(super) fn layer<S, H: ByHand>() -> impl Layer<S, Service = WithSessions<S, H>> + Clone {
    let store = H::Store::default();
    layer_fn(move |inner| WithSessions { inner, store: store.clone() })
}

/// One request's session.
pub(super) struct Handle<H>(Arc<Mutex<H>>);

impl<H> Clone for Handle<H> {
    fn clone(&self) -> Self {
        Handle(Arc::clone(&self.0))
    }
}

impl<H: ByHand> Handle<H> {
    pub(super) fn held(&self) -> MutexGuard<'_, H> {
        held(&self.0)
    }

    pub(super) fn loaded(&self) -> MutexGuard<'_, H> {
        let mut session = held(&self.0);
        session.load();
        session
    }
}

pub(super) struct WithSessions<S, H: ByHand> {
    inner: S,
    store: H::Store,
}

impl<S: Clone, H: ByHand> Clone for WithSessions<S, H> {
    fn clone(&self) -> Self {
        WithSessions { inner: self.inner.clone(), store: self.store.clone() }
    }
}

impl<S, Q, B, H: ByHand> Service<Request<Q>> for WithSessions<S, H>
where
    S: Service<Request<Q>, Response = Response<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Answering<S::Future, H>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let handle = Handle(Arc::new(Mutex::new(H::of(&self.store, cookie_lines(request.headers())))));
        request.extensions_mut().insert(handle.clone());
        Answering { inner: self.inner.call(request), handle }
    }
}

pin_project! {
    pub(super) struct Answering<F, H> {
        #[pin]
        inner: F,
        handle: Handle<H>,
    }
}

impl<F, B, E, H: ByHand> Future for Answering<F, H>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.inner.poll(context).map_ok(|mut response| {
            this.handle.held().finish(response.headers_mut());
            response
        })
    }
}
