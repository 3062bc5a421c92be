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

use super::axum::{InProcess, Visited, routes};
use crate::by_hand::{State, Store, held};
use crate::site::{Case, Subject};

pub(crate) fn subject() -> Subject {
    Subject::new("axum", "by hand", || InProcess::boxed(async { by_hand() })).without(&[Case::Create, Case::Renew])
}

fn by_hand() -> Router {
    let store = Arc::<Store>::default();
    routes::<Handle>().layer(tower_layer::layer_fn(move |inner| ByHand { inner, store: Arc::clone(&store) }))
}

/// One request's session.
#[derive(Clone)]
struct Handle(Arc<Mutex<State>>);

#[derive(Clone)]
struct ByHand<S> {
    inner: S,
    store: Arc<Store>,
}

impl<S> Service<Request> for ByHand<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let handle = Handle(Arc::new(Mutex::new(State::of(&self.store, request.headers()))));
        request.extensions_mut().insert(handle.clone());
        Answering { inner: self.inner.call(request), handle }
    }
}

pin_project! {
    struct Answering<F> {
        #[pin]
        inner: F,
        handle: Handle,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Answering<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.inner.poll(context).map_ok(|mut response| {
            held(&this.handle.0).finish(response.headers_mut());
            response
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Handle {
    type Rejection = http::StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let handle = parts.extensions.get::<Handle>().cloned().ok_or(http::StatusCode::INTERNAL_SERVER_ERROR)?;
        held(&handle.0).load();
        Ok(handle)
    }
}

impl Visited for Handle {
    async fn read(&self, _: &str) -> Option<u64> {
        held(&self.0).read()
    }

    async fn write(&self, _: &str, value: u64) {
        held(&self.0).write(value);
    }

    async fn renew(&self) {}
}
