//! A tower layer: an exchange around everything inside of it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::{Layer, layer_fn};
use tower_service::Service;
use webstack_core::Outcome;

use crate::by_hand::whole::{Exchange, Session, Sessions};

pub(super) fn layer<S>(sessions: Sessions) -> impl Layer<S, Service = WithSessions<S>> + Clone {
    layer_fn(move |inner| WithSessions { inner, sessions: sessions.clone() })
}

#[derive(Clone)]
pub(super) struct WithSessions<S> {
    inner: S,
    sessions: Sessions,
}

impl<S, Q, B> Service<Request<Q>> for WithSessions<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let exchange = self.sessions.open(&request);
        let outer = request.extensions_mut().insert(exchange.session());
        if outer.is_some() {
            return self.call_inside(request, exchange, outer);
        }
        Answering::Answering { inner: self.inner.call(request), exchange: Some(exchange) }
    }
}

impl<S> WithSessions<S> {
    /// Inside of another layer: if that is of the same sessions, this one stands aside.
    #[cold]
    fn call_inside<Q, B>(
        &mut self,
        mut request: Request<Q>,
        exchange: Exchange,
        outer: Option<Session>,
    ) -> Answering<S::Future>
    where
        S: Service<Request<Q>, Response = Response<B>>,
    {
        match outer.filter(|outer| self.sessions.opened(outer)) {
            Some(outer) => {
                request.extensions_mut().insert(outer);
                Answering::Answering { inner: self.inner.call(request), exchange: None }
            }
            None => Answering::Answering { inner: self.inner.call(request), exchange: Some(exchange) },
        }
    }
}

pin_project! {
    #[project = Projection]
    pub(super) enum Answering<F> {
        Answering { #[pin] inner: F, exchange: Option<Exchange> },
        Over,
    }
}

impl<F, B, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = F::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Projection::Answering { inner, exchange } = self.as_mut().project() else {
            panic!("a future is not polled after its end");
        };
        let answer = ready!(inner.poll(context));
        let exchange = exchange.take();
        // The application is let go of before anything is stored.
        self.set(Answering::Over);
        let mut response = answer?;
        let Some(exchange) = exchange else { return Poll::Ready(Ok(response)) };
        let outcome = Outcome::of_status(response.status().as_u16());
        Poll::Ready(Ok(match exchange.finish(outcome, response.headers_mut()) {
            Ok(()) => response,
            Err(_) => refusal(),
        }))
    }
}

#[cold]
fn refusal<B: Default>() -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}
