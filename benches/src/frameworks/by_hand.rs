//! Sessions by hand on axum.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use http::request::Parts;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::axum::{Visited, in_process, routes};
use crate::by_hand::{ByHand, Least, Promising, cookie_lines, held};
use crate::site::{Case, Subject};

pub(crate) fn subjects() -> Vec<Subject> {
    let least = Subject::new("axum", Least::NAME, || in_process(async { by_hand::<Least>() }));
    let promising = Subject::new("axum", Promising::NAME, || in_process(async { by_hand::<Promising>() }));
    vec![least, promising].into_iter().map(|subject| subject.without(&[Case::Create, Case::Renew])).collect()
}

fn by_hand<H: ByHand>() -> Router {
    let store = H::Store::default();
    routes::<Handle<H>>()
        .layer(tower_layer::layer_fn(move |inner| WithSessions::<_, H> { inner, store: store.clone() }))
}

/// One request's session.
struct Handle<H>(Arc<Mutex<H>>);

impl<H> Clone for Handle<H> {
    fn clone(&self) -> Self {
        Handle(Arc::clone(&self.0))
    }
}

struct WithSessions<S, H: ByHand> {
    inner: S,
    store: H::Store,
}

impl<S: Clone, H: ByHand> Clone for WithSessions<S, H> {
    fn clone(&self) -> Self {
        WithSessions { inner: self.inner.clone(), store: self.store.clone() }
    }
}

impl<S, H: ByHand> Service<Request> for WithSessions<S, H>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering<S::Future, H>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let handle = Handle(Arc::new(Mutex::new(H::of(&self.store, cookie_lines(request.headers())))));
        request.extensions_mut().insert(handle.clone());
        Answering { inner: self.inner.call(request), handle }
    }
}

pin_project! {
    struct Answering<F, H> {
        #[pin]
        inner: F,
        handle: Handle<H>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>, H: ByHand> Future for Answering<F, H> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.inner.poll(context).map_ok(|mut response| {
            held(&this.handle.0).finish(response.headers_mut());
            response
        })
    }
}

impl<S: Sync, H: ByHand> FromRequestParts<S> for Handle<H> {
    type Rejection = http::StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let handle = parts.extensions.get::<Self>().cloned().ok_or(http::StatusCode::INTERNAL_SERVER_ERROR)?;
        held(&handle.0).load();
        Ok(handle)
    }
}

impl<H: ByHand> Visited for Handle<H> {
    async fn read(&self, key: &str) -> Option<u64> {
        held(&self.0).read(key)
    }

    async fn write(&self, key: &str, value: u64) {
        held(&self.0).write(key, value);
    }

    async fn renew(&self) {}
}
