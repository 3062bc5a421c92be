//! Other middleware, inside and outside of the session's.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::{ErrorHandlerResponse, ErrorHandlers, Logger, Next, from_fn};
use actix_web::{App, Error, HttpResponse, ResponseError, web};
use webstack_actix_web::{Session, SessionMiddleware};

use crate::site::{Running, Site, count, serve};

/// What an application's middleware fails with.
#[derive(Debug)]
struct Refused(StatusCode);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused with {}", self.0.as_u16())
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        self.0
    }
}

/// Whether the reply was an error of type [`Refused`] for whoever is outside of the session's middleware.
type Seen = Arc<Mutex<Vec<bool>>>;

/// Three ways to fail inside of the session's middleware, and a middleware outside that looks at the error.
fn serve(site: &Site, seen: &Seen) -> Running {
    let (middleware, seen) = (SessionMiddleware::new(site.sessions.clone()), Arc::clone(seen));
    serve!({
        let seen = Arc::clone(&seen);
        App::new()
            .service(web::scope("/before").wrap(from_fn(refuse_before)).route("/{status}", web::post().to(count)))
            .service(web::scope("/after").wrap(from_fn(refuse_after)).route("/{status}", web::post().to(count)))
            .service(web::scope("/by-hand").wrap(RefuseAfter).route("/{status}", web::post().to(count)))
            .service(
                web::scope("/extractor")
                    .wrap(from_fn(greet))
                    .route("/json", web::post().to(async |_: web::Json<u32>| "")),
            )
            .wrap(middleware.clone())
            .wrap(from_fn(move |request: ServiceRequest, next: Next<_>| look(request, next, Arc::clone(&seen))))
            .wrap(ErrorHandlers::new().default_handler(mark))
            .wrap(Logger::default())
    })
}

fn asked(request: &ServiceRequest) -> StatusCode {
    request.path().rsplit('/').next().unwrap().parse().unwrap()
}

async fn refuse_before(
    session: Session,
    request: ServiceRequest,
    _: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    session.insert("n", &1).unwrap();
    Err(Refused(asked(&request)).into())
}

async fn refuse_after(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let status = asked(&request);
    next.call(request).await?;
    Err(Refused(status).into())
}

/// [`refuse_after`], as middleware was written before there was `from_fn`.
struct RefuseAfter;

impl<S> Transform<S, ServiceRequest> for RefuseAfter
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error> + 'static,
{
    type Response = ServiceResponse;
    type Error = Error;
    type InitError = ();
    type Transform = Refusing<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Refusing { inner: service }))
    }
}

struct Refusing<S> {
    inner: S,
}

impl<S> Service<ServiceRequest> for Refusing<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error> + 'static,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<ServiceResponse, Error>>>>;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let status = asked(&request);
        let inner = self.inner.call(request);
        Box::pin(async move {
            inner.await?;
            Err(Refused(status).into())
        })
    }
}

async fn greet(
    session: Session,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    session.insert("n", &1).unwrap();
    next.call(request).await
}

async fn look<B: MessageBody>(request: ServiceRequest, next: Next<B>, seen: Seen) -> Result<ServiceResponse<B>, Error> {
    let answer = next.call(request).await;
    let error = match &answer {
        Ok(response) => response.response().error(),
        Err(error) => Some(error),
    };
    seen.lock().unwrap().push(error.is_some_and(|error| error.as_error::<Refused>().is_some()));
    answer
}

fn mark<B>(mut response: ServiceResponse<B>) -> actix_web::Result<ErrorHandlerResponse<B>> {
    response.headers_mut().insert(header::HeaderName::from_static("x-marked"), header::HeaderValue::from_static("yes"));
    Ok(ErrorHandlerResponse::Response(response.map_into_left_body()))
}

#[test]
fn an_inner_middleware_that_fails_below_500_keeps_the_session_and_its_cookie_comes_with_the_error() {
    let (site, seen) = (Site::new(), Seen::default());
    let server = serve(&site, &seen);
    for way in ["before", "after", "by-hand"] {
        let reply = server.send("POST", &format!("/{way}/403"), "");
        assert_eq!((reply.status, reply.body.as_str()), (403, "refused with 403"), "{way}");
        assert_eq!((reply.header("cache-control"), reply.all("vary")), (Some("no-store"), vec!["Cookie"]), "{way}");
        let cookie = reply.cookie().unwrap_or_else(|| panic!("{way}: {reply:?}"));
        assert_eq!(site.number(&cookie, "n"), Some(1), "{way}");
    }
    assert_eq!(*seen.lock().unwrap(), [true; 3], "middleware outside sees the error as it was");
}

#[test]
fn an_inner_middleware_that_fails_from_500_on_discards_the_session() {
    let (site, seen) = (Site::new(), Seen::default());
    let server = serve(&site, &seen);
    for way in ["before", "after", "by-hand"] {
        let reply = server.send("POST", &format!("/{way}/500"), "");
        assert_eq!((reply.status, reply.cookie(), site.alive()), (500, None, 0), "{way}");
    }
    assert_eq!(*seen.lock().unwrap(), [true; 3]);
}

#[test]
fn an_extractor_that_fails_keeps_what_a_middleware_before_it_changed() {
    let (site, seen) = (Site::new(), Seen::default());
    let reply = serve(&site, &seen).send_body("POST", "/extractor/json", "", "{no json").unwrap();
    assert_eq!((reply.status, reply.header("x-marked")), (400, Some("yes")), "error handlers outside see it, too");
    assert_eq!(site.number(&reply.cookie().unwrap(), "n"), Some(1));
}

#[test]
fn a_middleware_inside_gets_the_session_by_extracting_it_from_the_request() {
    let site = Site::new();
    let middleware = SessionMiddleware::new(site.sessions.clone());
    let server = serve!(
        App::new()
            .wrap(from_fn(async |mut request: ServiceRequest, next: Next<BoxBody>| {
                let session = request.extract::<Session>().await?;
                match session.user().map_err(webstack_actix_web::Error::from)? {
                    Some(_) => next.call(request).await,
                    None => Ok(request.into_response(HttpResponse::Unauthorized().finish())),
                }
            }))
            .wrap(middleware.clone())
            .route("/n", web::get().to(count))
    );
    let stranger = server.send("GET", "/n", "");
    assert_eq!((stranger.status, stranger.cookie(), stranger.header("vary")), (401, None, Some("Cookie")));

    let exchange = site.sessions.open(&http::Request::new(()));
    webstack_core::runtime::block_on(exchange.session().load()).unwrap();
    exchange.session().set_user("ada").unwrap();
    let reply = webstack_core::runtime::block_on(exchange.finish(webstack_core::Outcome::Keep)).unwrap();
    let set = reply.iter().find(|header| header.1 == "set-cookie").unwrap().2.to_str().unwrap();
    assert_eq!(server.send("GET", "/n", &crate::client::pair(set)).body, "1");
}

#[test]
fn a_session_without_its_middleware_is_an_opaque_500() {
    let server = serve!(App::new().route("/n", web::get().to(count)));
    let reply = server.send("GET", "/n", "");
    assert_eq!((reply.status, reply.body.as_str()), (500, "Internal Server Error"));
    assert_eq!((reply.header("cache-control"), reply.header("vary")), (Some("no-store"), None));
}

#[test]
fn what_is_logged_of_a_response_holds_no_token() {
    use actix_web::test::{TestRequest, call_service, init_service};

    let site = Site::new();
    actix_web::rt::System::new().block_on(async {
        let app = App::new().wrap(SessionMiddleware::new(site.sessions.clone())).route("/", web::post().to(count));
        let reply = call_service(&init_service(app).await, TestRequest::post().uri("/").to_request()).await;
        let cookie = reply.headers().get(header::SET_COOKIE).unwrap();
        let pair = crate::client::pair(cookie.to_str().unwrap());
        let (_, token) = pair.split_once('=').unwrap();
        assert!(!format!("{cookie:?} {:?}", reply.headers()).contains(token));
    });
}
