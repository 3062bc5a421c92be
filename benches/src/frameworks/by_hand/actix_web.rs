//! Sessions by hand on actix-web: who asks for one leaves it in the request, and the middleware finds it there.

use std::future::{Future, Ready, ready};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::ErrorInternalServerError;
use actix_web::http::header::{CACHE_CONTROL, COOKIE, HeaderMap, HeaderValue, SET_COOKIE, VARY};
use actix_web::test::init_service;
use actix_web::web::ServiceConfig;
use actix_web::{App, FromRequest, HttpMessage as _, HttpRequest};
use pin_project_lite::pin_project;

use super::both;
use crate::by_hand::{ByHand, Least, Promising, ReplyHeaders};
use crate::frameworks::actix_web::{InProcess, Visited, routes};
use crate::site::{Site, Subject};

pub(in crate::frameworks) fn subjects() -> Vec<Subject> {
    both("actix-web", site::<Least>, site::<Promising>)
}

fn site<H: ByHand>() -> Box<dyn Site> {
    let store = H::Store::default();
    let configure = |config: &mut ServiceConfig| routes::<Handle<H>>(config.app_data(store));
    InProcess::boxed(async { init_service(App::new().configure(configure).wrap(WithSessions::<H>(PhantomData))).await })
}

/// A request that has a session. One thread has all of it, so no lock is needed.
struct Handle<H>(HttpRequest, PhantomData<H>);

impl<H: ByHand> FromRequest for Handle<H> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(store) = request.app_data() else { return ready(Err(ErrorInternalServerError("no store"))) };
        let lines = request.headers().get_all(COOKIE).map(HeaderValue::as_bytes);
        let mut session = H::of(store, lines);
        session.load();
        request.extensions_mut().insert(session);
        ready(Ok(Handle(request.clone(), PhantomData)))
    }
}

impl<H: ByHand> Visited for Handle<H> {
    fn read(&self, key: &str) -> Option<u64> {
        self.0.extensions().get::<H>()?.read(key)
    }

    fn write(&self, key: &str, value: u64) {
        if let Some(session) = self.0.extensions_mut().get_mut::<H>() {
            session.write(key, value);
        }
    }

    fn renew(&self) {}
}

struct WithSessions<H>(PhantomData<H>);

impl<S, B, H: ByHand> Transform<S, ServiceRequest> for WithSessions<H>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
{
    type Response = ServiceResponse<B>;
    type Error = actix_web::Error;
    type InitError = ();
    type Transform = Inside<S, H>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Inside { service, kind: PhantomData }))
    }
}

struct Inside<S, H> {
    service: S,
    kind: PhantomData<H>,
}

impl<S, B, H: ByHand> Service<ServiceRequest> for Inside<S, H>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
{
    type Response = ServiceResponse<B>;
    type Error = actix_web::Error;
    type Future = Answering<S::Future, H>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        Answering { inner: self.service.call(request), kind: PhantomData }
    }
}

pin_project! {
    struct Answering<F, H> {
        #[pin]
        inner: F,
        kind: PhantomData<H>,
    }
}

impl<F, B, H: ByHand> Future for Answering<F, H>
where
    F: Future<Output = Result<ServiceResponse<B>, actix_web::Error>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(context).map_ok(|mut response| {
            let session = response.request().extensions_mut().remove::<H>();
            if let Some(mut session) = session {
                session.finish(response.headers_mut());
            }
            response
        })
    }
}

impl ReplyHeaders for HeaderMap {
    fn vary_by_cookie(&mut self) {
        self.append(VARY, HeaderValue::from_static("Cookie"));
    }

    fn set_cookie(&mut self, cookie: String) {
        self.append(SET_COOKIE, HeaderValue::try_from(cookie).expect("visible characters"));
    }

    fn forbid_storing(&mut self) {
        self.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
