//! The middleware: an exchange around everything inside of it.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::HttpMessage as _;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use webstack_core::Sessions;
use webstack_core::adapter::Concluding;

use crate::error::respond;
use crate::extractor::Opened;
use crate::future::SessionFuture;
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
    type Future = SessionFuture<S::Future, B>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        // The extensions are looked at once. An exchange that nobody used costs nothing to let go.
        let exchange = self.sessions.open(&Head(&request));
        let outer = request.extensions_mut().insert(Opened(exchange.session()));
        if let Some(outer) = outer.filter(|outer| self.sessions.opened(&outer.0)) {
            request.extensions_mut().insert(outer);
            return SessionFuture::new(Concluding::passing(self.service.call(request)));
        }
        if !exchange.may_preempt() {
            return SessionFuture::new(Concluding::answering(exchange, self.service.call(request)));
        }
        let service = Rc::clone(&self.service);
        SessionFuture::new(Concluding::asking(Box::pin(async move {
            if let Some(refusal) = exchange.preempt().await {
                return Ok(request.into_response(respond(&refusal)).map_into_right_body());
            }
            Self::Future::new(Concluding::answering(exchange, service.call(request))).await
        })))
    }
}
