//! What a client sees of headers and methods.

use actix_web::{App, HttpResponse, guard, web};
use webstack_actix_web::{Result, Session, SessionMiddleware};

use crate::site::{Running, Site, count, serve};

fn serve(site: &Site) -> Running {
    let middleware = SessionMiddleware::new(site.sessions.clone());
    serve!(
        App::new()
            .wrap(middleware.clone())
            .route("/n", web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(count))
            .route("/own", web::get().to(own))
            .route(
                "/plain",
                web::get().to(async || HttpResponse::Ok().insert_header(("cache-control", "public")).finish())
            )
    )
}

async fn own(session: Session) -> Result<HttpResponse> {
    session.insert("n", &1)?;
    let mut response = HttpResponse::Ok();
    response.insert_header(("set-cookie", "own=1")).insert_header(("vary", "Accept-Language"));
    Ok(response.insert_header(("cache-control", "public, max-age=60")).finish())
}

#[test]
fn two_cookies_both_arrive() {
    let site = Site::new();
    let reply = serve(&site).send("GET", "/own", "");
    let [own, session] = &reply.all("set-cookie")[..] else { panic!("{reply:?}") };
    assert_eq!(*own, "own=1");
    assert_eq!(site.number(&crate::client::pair(session), "n"), Some(1));
}

#[test]
fn vary_is_appended_and_cache_control_replaced() {
    let site = Site::new();
    let server = serve(&site);
    let reply = server.send("GET", "/own", "");
    assert_eq!(reply.all("vary"), ["Accept-Language", "Cookie"]);
    assert_eq!(reply.all("cache-control"), ["no-store"]);
    let plain = server.send("GET", "/plain", &site.known());
    assert_eq!(
        (plain.all("vary"), plain.all("cache-control")),
        (vec![], vec!["public"]),
        "the session was not asked for"
    );
}

#[test]
fn head_does_what_get_does_and_has_no_body() {
    let site = Site::new();
    let server = serve(&site);
    let reply = server.send("HEAD", "/n", "");
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    assert_eq!(server.send("GET", "/n", &reply.cookie().unwrap()).body, "2");
}

#[test]
fn several_cookie_lines_and_bytes_that_are_no_text_do_not_hide_the_session() {
    let site = Site::new();
    let mut request = b"GET /n HTTP/1.1\r\nhost: localhost\r\ncookie: a=\xff\r\nconnection: close\r\ncookie: ".to_vec();
    request.extend(site.known().into_bytes());
    request.extend(b"\r\n\r\n");
    let reply = crate::client::exchange(serve(&site).address, &request).unwrap();
    assert_eq!((reply.status, reply.cookie()), (200, None));
    assert_eq!(site.alive(), 1);
}
