//! The middleware: an exchange around everything inside of it.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, SET_COOKIE, VARY};
use actix_web::{HttpMessage as _, HttpResponse};
use webstack_core::{Exchange, Outcome, Placing, ReplyHeaders, Sessions};

use crate::Error;
use crate::error::respond;
use crate::extractor::Opened;
use crate::head::Head;

/// Gives every request inside of it a session: `App::new().wrap(SessionMiddleware::new(sessions))`, or around a scope.
///
/// Middleware that answers errors should be wrapped outside of this one: what comes out of here is what is stored.
///
/// ```
/// use actix_web::App;
/// use webstack_actix_web::SessionMiddleware;
/// use webstack_core::store::MemoryStore;
///
/// let sessions = webstack_actix_web::builder().store(MemoryStore::new()).build().unwrap();
/// let app = App::new().wrap(SessionMiddleware::new(sessions));
/// ```
#[derive(Clone, Debug)]
pub struct SessionMiddleware {
    sessions: Sessions,
}

impl SessionMiddleware {
    /// A middleware for these sessions. Give every worker a clone of the same ones.
    pub fn new(sessions: Sessions) -> Self {
        SessionMiddleware { sessions: sessions.with_default_runtime(webstack_core::runtime::Tokio) }
    }
}

impl<S, B> Transform<S, ServiceRequest> for SessionMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = actix_web::Error;
    type InitError = ();
    type Transform = SessionService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        self.sessions.start_background();
        ready(Ok(SessionService { service: Rc::new(service), sessions: self.sessions.clone() }))
    }
}

/// The service that [`SessionMiddleware`] makes.
#[derive(Debug)]
pub struct SessionService<S> {
    service: Rc<S>,
    sessions: Sessions,
}

impl<S, B> Service<ServiceRequest> for SessionService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let opened_outside = request.extensions().get::<Opened>().is_some_and(|o| self.sessions.opened(&o.0));
        if opened_outside {
            let inner = self.service.call(request);
            return Box::pin(async move { Ok(inner.await?.map_into_left_body()) });
        }
        let exchange = self.sessions.open(&Head(&request));
        request.extensions_mut().insert(Opened(exchange.session()));
        if !exchange.may_preempt() {
            let inner = self.service.call(request);
            return Box::pin(answer(exchange, inner));
        }
        let service = Rc::clone(&self.service);
        Box::pin(async move {
            if let Some(refusal) = exchange.preempt().await {
                return Ok(request.into_response(respond(&refusal)).map_into_right_body());
            }
            answer(exchange, service.call(request)).await
        })
    }
}

async fn answer<B: MessageBody>(
    exchange: Exchange,
    inner: impl Future<Output = Result<ServiceResponse<B>, actix_web::Error>>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    match inner.await {
        Ok(response) => Ok(conclude(exchange, response).await),
        Err(error) => Err(conclude_error(exchange, error).await),
    }
}

async fn conclude<B: MessageBody>(exchange: Exchange, response: ServiceResponse<B>) -> ServiceResponse<EitherBody<B>> {
    let outcome = Outcome::of_status(response.status().as_u16());
    match exchange.finish(outcome).await {
        Ok(headers) => {
            let mut response = response.map_into_left_body();
            add(&headers, response.response_mut());
            response
        }
        Err(error) => response.error_response(Error::from(error)).map_into_right_body(),
    }
}

/// An inner middleware or extractor failed: the reply is made of its error later, and gets its headers then.
async fn conclude_error(exchange: Exchange, mut error: actix_web::Error) -> actix_web::Error {
    let outcome = Outcome::of_status(error.error_response().status().as_u16());
    match exchange.finish(outcome).await {
        Ok(headers) => {
            error.add_response_mapper(move |mut response| {
                add(&headers, &mut response);
                response
            });
            error
        }
        Err(error) => Error::from(error).into(),
    }
}

/// Adds the engine's headers, which are of the `http` crate's present version; actix-web has an older one.
fn add<B>(headers: &ReplyHeaders, response: &mut HttpResponse<B>) {
    for (placing, name, value) in headers.iter() {
        let (Some(name), Some(mut older)) = (older_name(name.as_str()), older_value(value.as_bytes())) else {
            continue;
        };
        older.set_sensitive(value.is_sensitive());
        match placing {
            Placing::Append => response.headers_mut().append(name, older),
            Placing::Replace => drop(response.headers_mut().insert(name, older)),
        }
    }
}

/// A name; those of most responses are known and need not be read.
fn older_name(name: &str) -> Option<HeaderName> {
    match name {
        "vary" => Some(VARY),
        "cache-control" => Some(CACHE_CONTROL),
        "set-cookie" => Some(SET_COOKIE),
        other => HeaderName::try_from(other).ok(),
    }
}

/// A value; those of most responses need not be copied.
fn older_value(value: &[u8]) -> Option<HeaderValue> {
    const COMMON: [&str; 2] = ["Cookie", "no-store"];
    match COMMON.into_iter().find(|common| common.as_bytes() == value) {
        Some(common) => Some(HeaderValue::from_static(common)),
        None => HeaderValue::from_bytes(value).ok(),
    }
}
