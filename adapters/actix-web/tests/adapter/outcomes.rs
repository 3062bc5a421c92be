//! How a request ends, and what becomes of its session then.

use actix_web::http::StatusCode;
use actix_web::{App, Error, HttpResponse, error, web};
use webstack_actix_web::{Session, SessionMiddleware};

use crate::site::{Running, Site, eventually, serve};

fn serve(site: &Site) -> Running {
    let middleware = SessionMiddleware::new(site.sessions.clone());
    serve!(
        App::new()
            .wrap(middleware.clone())
            .route("/answer/{status}", web::post().to(answer))
            .route("/fail/{status}", web::post().to(fail))
            .route("/see-other", web::post().to(see_other))
            .route("/logout-then-fail", web::post().to(logout_then_fail))
            .route("/panic", web::post().to(set_then_panic))
            .route("/logout-then-panic", web::post().to(logout_then_panic))
    )
}

async fn answer(session: Session, status: web::Path<u16>) -> Result<HttpResponse, Error> {
    session.insert("kept", &2).unwrap();
    Ok(HttpResponse::new(StatusCode::from_u16(*status).unwrap()))
}

async fn fail(session: Session, status: web::Path<u16>) -> Result<HttpResponse, Error> {
    session.insert("kept", &2).unwrap();
    Err(error::InternalError::new("the handler failed", StatusCode::from_u16(*status).unwrap()).into())
}

async fn see_other(session: Session) -> Result<web::Redirect, Error> {
    session.insert("kept", &2).unwrap();
    Ok(web::Redirect::to("/elsewhere").see_other())
}

async fn logout_then_fail(session: Session) -> Result<HttpResponse, Error> {
    session.invalidate().unwrap();
    Err(error::ErrorInternalServerError("the handler failed"))
}

async fn set_then_panic(session: Session) -> HttpResponse {
    session.insert("kept", &2).unwrap();
    panic!("as it was asked to");
}

async fn logout_then_panic(session: Session) -> HttpResponse {
    session.invalidate().unwrap();
    panic!("as it was asked to");
}

#[test]
fn a_redirect_keeps_the_session() {
    let site = Site::new();
    let reply = serve(&site).send("POST", "/see-other", "");
    assert_eq!((reply.status, reply.header("location")), (303, Some("/elsewhere")));
    assert_eq!(site.number(&reply.cookie().unwrap(), "kept"), Some(2));
}

#[test]
fn answers_and_errors_below_500_keep_the_session_and_others_discard_it() {
    let site = Site::new();
    let server = serve(&site);
    for way in ["answer", "fail"] {
        for (status, kept) in [(400, 2), (404, 2), (499, 2), (500, 1), (503, 1)] {
            let known = site.known();
            let reply = server.send("POST", &format!("/{way}/{status}"), &known);
            assert_eq!((reply.status, site.number(&known, "kept")), (status, Some(kept)), "{way}");
            let before = site.alive();
            let cookie = server.send("POST", &format!("/{way}/{status}"), "").cookie();
            assert_eq!(
                (cookie.is_some(), site.alive() - before),
                (kept == 2, usize::from(kept == 2)),
                "{way} {status}"
            );
        }
    }
}

#[test]
fn a_logout_holds_though_the_handler_fails() {
    let site = Site::new();
    let known = site.known();
    let reply = serve(&site).send("POST", "/logout-then-fail", &known);
    assert_eq!((reply.status, site.alive()), (500, 0));
    assert!(reply.header("set-cookie").unwrap().contains("Max-Age=0"));
}

#[test]
fn a_panic_drops_what_was_done_and_the_server_goes_on() {
    let site = Site::new();
    let server = serve(&site);
    let known = site.known();
    for cookie in ["", &known] {
        assert!(server.send_body("POST", "/panic", cookie, "").is_none(), "actix-web closes the connection");
    }
    assert_eq!((site.number(&known, "kept"), site.alive()), (Some(1), 1));
    assert_eq!(server.send("POST", "/answer/200", &known).status, 200);
    assert_eq!(site.number(&known, "kept"), Some(2));
}

#[test]
fn a_logout_before_a_panic_holds() {
    let site = Site::new();
    let server = serve(&site);
    let known = site.known();
    assert!(server.send_body("POST", "/logout-then-panic", &known, "").is_none());
    eventually("the session ends in the background", || site.alive() == 0);
}
