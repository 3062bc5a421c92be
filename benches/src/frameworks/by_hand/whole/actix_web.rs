//! On actix-web: a middleware leaves a handle in the request, and concludes the answer.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::{ErrorInternalServerError, ErrorServiceUnavailable};
use actix_web::http::header::{COOKIE, HOST, HeaderValue};
use actix_web::test::init_service;
use actix_web::{App, FromRequest, HttpMessage as _, HttpRequest};
use pin_project_lite::pin_project;
use webstack_core::Outcome;

use super::subject;
use crate::by_hand::whole::{Exchange, Head, Session, Sessions};
use crate::frameworks::actix_web::{InProcess, Visited, routes};
use crate::site::Subject;

pub(in crate::frameworks) fn subjects() -> Vec<Subject> {
    vec![subject("actix-web", || {
        InProcess::boxed(async {
            init_service(App::new().configure(routes::<Session>).wrap(WithSessions(Sessions::default()))).await
        })
    })]
}

impl FromRequest for Session {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(session) = request.extensions().get::<Session>().cloned() else {
            return ready(Err(ErrorInternalServerError("no sessions")));
        };
        ready(match session.load() {
            Ok(()) => Ok(session),
            Err(_) => Err(ErrorServiceUnavailable("no session")),
        })
    }
}

impl Visited for Session {
    fn read(&self, key: &str) -> Option<u64> {
        self.number(key)
    }

    fn write(&self, key: &str, value: u64) {
        self.put(key, value);
    }

    fn renew(&self) {}

    fn increment(&self, key: &str, _: u64) {
        self.update(key, |before: Option<u64>| before.unwrap_or(0) + 1).expect("a number");
    }
}

impl Head for ServiceRequest {
    fn cookies(&self, show: impl FnMut(&[u8])) {
        self.headers().get_all(COOKIE).map(HeaderValue::as_bytes).for_each(show);
    }

    fn host(&self) -> Option<&[u8]> {
        self.headers().get(HOST).map(HeaderValue::as_bytes)
    }

    fn is_tls(&self) -> bool {
        self.app_config().secure()
    }
}

struct WithSessions(Sessions);

impl<S, B> Transform<S, ServiceRequest> for WithSessions
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
{
    type Response = ServiceResponse<B>;
    type Error = actix_web::Error;
    type InitError = ();
    type Transform = Inside<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Inside { service, sessions: self.0.clone() }))
    }
}

struct Inside<S> {
    service: S,
    sessions: Sessions,
}

impl<S, B> Service<ServiceRequest> for Inside<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
{
    type Response = ServiceResponse<B>;
    type Error = actix_web::Error;
    type Future = Answering<S::Future>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let exchange = self.sessions.open(&request);
        let outer = request.extensions_mut().insert(exchange.session());
        if let Some(outer) = outer.filter(|outer| self.sessions.opened(outer)) {
            request.extensions_mut().insert(outer);
            return Answering::Answering { inner: self.service.call(request), exchange: None };
        }
        Answering::Answering { inner: self.service.call(request), exchange: Some(exchange) }
    }
}

pin_project! {
    #[project = Projection]
    enum Answering<F> {
        Answering { #[pin] inner: F, exchange: Option<Exchange> },
        Over,
    }
}

impl<F, B> Future for Answering<F>
where
    F: Future<Output = Result<ServiceResponse<B>, actix_web::Error>>,
{
    type Output = F::Output;

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
        match exchange.finish(outcome, response.headers_mut()) {
            Ok(()) => Poll::Ready(Ok(response)),
            Err(_) => Poll::Ready(Err(ErrorServiceUnavailable("it could not be stored"))),
        }
    }
}
