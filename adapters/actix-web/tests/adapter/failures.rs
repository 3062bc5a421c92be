//! A store that fails, at the beginning and at the end of a request.

use std::sync::{Arc, Mutex};

use actix_web::dev::ServiceRequest;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, HttpResponse, web};
use webstack_actix_web::{Result, Session, SessionMiddleware};
use webstack_testkit::{Fault, Operation};

use crate::client::Reply;
use crate::site::{Running, Site, serve};

/// What a middleware outside reads of an error, for its log.
type Log = Arc<Mutex<Vec<String>>>;

fn serve(site: &Site, log: &Log) -> Running {
    let (middleware, log) = (SessionMiddleware::new(site.sessions.clone()), Arc::clone(log));
    serve!({
        let log = Arc::clone(&log);
        App::new()
            .wrap(middleware.clone())
            .wrap(from_fn(move |request: ServiceRequest, next: Next<_>| {
                let log = Arc::clone(&log);
                async move {
                    let response = next.call(request).await?;
                    let error = response.response().error().and_then(|error| error.as_error());
                    let text = error.map(|error: &webstack_actix_web::Error| error.session().to_string());
                    log.lock().unwrap().extend(text);
                    Ok(response)
                }
            }))
            .route("/", web::post().to(boast))
    })
}

async fn boast(session: Session) -> Result<HttpResponse> {
    session.insert("kept", &2)?;
    let own = [("x-own", "secret"), ("set-cookie", "own=secret")];
    Ok(own
        .into_iter()
        .fold(&mut HttpResponse::Created(), |response, header| response.insert_header(header))
        .body("secret"))
}

/// Insists that the reply is a refusal that tells nothing.
#[track_caller]
fn expect_refusal(reply: &Reply, status: u16, body: &str) {
    assert_eq!((reply.status, reply.body.as_str()), (status, body), "{reply:?}");
    assert_eq!((reply.header("set-cookie"), reply.header("x-own")), (None, None), "{reply:?}");
    assert_eq!(reply.header("retry-after"), (status == 503).then_some("2"), "{reply:?}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply:?}");
    assert!(!format!("{reply:?}").contains("secret"), "{reply:?}");
}

#[test]
fn a_session_that_cannot_be_loaded_is_refused_opaquely() {
    let (site, log) = (Site::new(), Log::default());
    let server = serve(&site, &log);
    let known = site.known();
    for (fault, status, body) in
        [(Fault::Unavailable, 503, "Service Unavailable"), (Fault::Broken, 500, "Internal Server Error")]
    {
        site.faults.fail_next(Operation::Load, fault, 1);
        expect_refusal(&server.send("POST", "/", &known), status, body);
        assert_eq!(site.number(&known, "kept"), Some(1));
    }
    assert_eq!(*log.lock().unwrap(), ["the session store is unavailable", "the session store is broken"]);
}

#[test]
fn a_session_that_cannot_be_stored_replaces_the_response_of_the_handler() {
    let (site, log) = (Site::new(), Log::default());
    let server = serve(&site, &log);
    let known = site.known();
    for (operation, cookie) in [(Operation::Update, known.as_str()), (Operation::Create, "")] {
        for (fault, status, body) in
            [(Fault::Unavailable, 503, "Service Unavailable"), (Fault::Broken, 500, "Internal Server Error")]
        {
            site.faults.fail_next(operation, fault, 1);
            expect_refusal(&server.send("POST", "/", cookie), status, body);
        }
    }
    assert_eq!((site.number(&known, "kept"), site.alive()), (Some(1), 1));
    assert_eq!(log.lock().unwrap().len(), 4, "middleware outside sees the cause");
    let well = server.send("POST", "/", &known);
    assert_eq!((well.status, site.number(&known, "kept")), (201, Some(2)));
}

#[test]
fn a_session_that_cannot_be_stored_replaces_the_error_of_an_inner_middleware() {
    let site = Site::new();
    let middleware = SessionMiddleware::new(site.sessions.clone());
    let server = serve!(
        App::new()
            .wrap(from_fn(async |session: Session, _: ServiceRequest, _: Next<actix_web::body::BoxBody>| {
                session.insert("kept", &2).unwrap();
                Err::<actix_web::dev::ServiceResponse, _>(actix_web::error::ErrorForbidden("secret"))
            }))
            .wrap(middleware.clone())
    );
    site.faults.fail_next(Operation::Create, Fault::Unavailable, 1);
    expect_refusal(&server.send("POST", "/", ""), 503, "Service Unavailable");
    assert_eq!(server.send("POST", "/", "").status, 403);
}

#[test]
fn a_session_beyond_its_limit_is_413_and_changes_nothing() {
    let site = Site::with(|builder| builder.value_limit(1));
    let middleware = SessionMiddleware::new(site.sessions.clone());
    let known = site.known();
    let server = serve!(App::new().wrap(middleware.clone()).default_service(web::to(crate::site::count)));
    expect_refusal(&server.send("POST", "/", &known), 413, "Payload Too Large");
    assert_eq!(site.stored(&known, |session| session.keys().unwrap()), ["kept"]);
}
