//! Which requests have a session, whose it is, and where its cookie is sent.

use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, web};
use webstack_actix_web::{Session, SessionMiddleware};
use webstack_core::CookiePath;

use crate::site::{Site, count, serve};

fn wrap(site: &Site) -> SessionMiddleware {
    SessionMiddleware::new(site.sessions.clone())
}

#[test]
fn only_requests_inside_the_scope_have_a_session() {
    let site = Site::new();
    let middleware = wrap(&site);
    let server = serve!(
        App::new()
            .service(web::scope("/shop").wrap(middleware.clone()).route("/n", web::get().to(count)))
            .route("/n", web::get().to(count))
    );
    assert_eq!(server.send("GET", "/shop/n", "").status, 200);
    let outside = server.send("GET", "/n", "");
    assert_eq!((outside.status, outside.cookie(), outside.header("vary")), (500, None, None));
    assert_eq!(site.alive(), 1);
}

#[test]
fn a_nested_scope_may_be_the_one_with_the_session() {
    let site = Site::new();
    let middleware = wrap(&site);
    let server = serve!(
        App::new().service(
            web::scope("/a")
                .service(web::scope("/b").wrap(middleware.clone()).route("/n", web::get().to(count)))
                .route("/n", web::get().to(count))
        )
    );
    assert_eq!(server.send("GET", "/a/n", "").status, 500);
    let reply = server.send("GET", "/a/b/n", "");
    assert_eq!((reply.status, reply.body.as_str()), (200, "1"));
    assert_eq!(server.send("GET", "/a/b/n", &reply.cookie().unwrap()).body, "2");
}

#[test]
fn two_scopes_with_different_sessions_do_not_see_each_other() {
    let (shop, forum) = (Site::with(|b| b.cookie_name("shop")), Site::with(|b| b.cookie_name("forum")));
    let (in_shop, in_forum) = (wrap(&shop), wrap(&forum));
    let server = serve!(
        App::new()
            .service(web::scope("/shop").wrap(in_shop.clone()).route("/n", web::get().to(count)))
            .service(web::scope("/forum").wrap(in_forum.clone()).route("/n", web::get().to(count)))
    );
    let a = server.send("GET", "/shop/n", "").cookie().unwrap();
    let b = server.send("GET", "/forum/n", &a).cookie().unwrap();
    assert!(a.starts_with("__Host-shop=") && b.starts_with("__Host-forum="));
    let both = format!("{a}; {b}");
    assert_eq!(server.send("GET", "/shop/n", &both).body, "2");
    assert_eq!(server.send("GET", "/forum/n", &both).body, "2");
    assert_eq!((shop.alive(), forum.alive()), (1, 1));
}

#[test]
fn a_scope_inside_may_have_sessions_of_its_own_beside_those_of_the_application() {
    let (outer, inner) = (Site::with(|b| b.cookie_name("outer")), Site::with(|b| b.cookie_name("inner")));
    let (outside, inside) = (wrap(&outer), wrap(&inner));
    let server = serve!(
        App::new()
            .service(web::scope("/inner").wrap(inside.clone()).route("/n", web::get().to(count)))
            // it gets the session of the application, whichever the handler gets
            .wrap(from_fn(async |session: Session, request, next: actix_web::middleware::Next<_>| {
                let answer = next.call(request).await;
                session.update("seen", |n: Option<u32>| n.unwrap_or(0) + 1).unwrap();
                answer
            }))
            .wrap(outside.clone())
    );
    let reply = server.send("GET", "/inner/n", "");
    let cookies: Vec<_> = reply.all("set-cookie").into_iter().map(crate::client::pair).collect();
    let [a, b] = &cookies[..] else { panic!("two sessions began: {reply:?}") };
    assert_eq!((inner.number(a, "n"), inner.number(a, "seen")), (Some(1), None));
    assert_eq!((outer.number(b, "n"), outer.number(b, "seen")), (None, Some(1)));
}

#[test]
fn wrapping_application_and_scope_alike_is_one_exchange() {
    let site = Site::new();
    let middleware = wrap(&site);
    let server = serve!(
        App::new()
            .service(web::scope("/a").wrap(middleware.clone()).route("/n", web::get().to(count)))
            // between the two, so that both have somebody who asks for the session
            .wrap(from_fn(async |session: Session, request, next: actix_web::middleware::Next<_>| {
                session.update("seen", |n: Option<u32>| n.unwrap_or(0) + 1).unwrap();
                next.call(request).await
            }))
            .wrap(middleware.clone())
    );
    let reply = server.send("GET", "/a/n", "");
    assert_eq!((reply.body.as_str(), reply.all("set-cookie").len(), reply.all("vary").len()), ("1", 1, 1));
    let cookie = reply.cookie().unwrap();
    site.counts.reset();
    assert_eq!(server.send("GET", "/a/n", &cookie).body, "2");
    assert_eq!(site.counts.of(webstack_testkit::Operation::Load), 1);
    assert_eq!(site.counts.of(webstack_testkit::Operation::Update), 1);
    assert_eq!((site.number(&cookie, "n"), site.number(&cookie, "seen"), site.alive()), (Some(2), Some(2), 1));
}

/// Where the cookie of a request to this path is sent, in an application with scopes of all kinds.
fn cookie_path(path: &str) -> String {
    let site = Site::with(|builder| builder.cookie_path(CookiePath::Mount));
    let middleware = wrap(&site);
    let server = serve!(
        App::new()
            .service(web::scope("/shop").wrap(middleware.clone()).route("/n", web::get().to(count)))
            .service(
                web::scope("/a").service(web::scope("/b").wrap(middleware.clone()).route("/n", web::get().to(count)))
            )
            .service(web::scope("/of/{tenant}").wrap(middleware.clone()).route("/n", web::get().to(count)))
            .service(web::scope("").wrap(middleware.clone()).route("/n", web::get().to(count)))
            .default_service(web::to(HttpResponse::NotFound))
    );
    let reply = server.send("GET", path, "");
    let cookie = reply.header("set-cookie").unwrap_or_else(|| panic!("{path}: {reply:?}"));
    cookie.split("; ").find_map(|attribute| attribute.strip_prefix("Path=")).unwrap().to_owned()
}

#[test]
fn the_cookie_path_of_a_mount_is_the_prefix_of_the_scope() {
    for (path, prefix) in [("/shop/n", "/shop"), ("/a/b/n", "/a/b"), ("/n", "/")] {
        assert_eq!(cookie_path(path), prefix, "{path}");
    }
}

#[test]
fn a_dynamic_segment_of_the_prefix_stands_in_the_cookie_path_as_the_browser_wrote_it() {
    for (path, prefix) in [
        ("/of/ada/n", "/of/ada"),
        ("/of/a%20b/n", "/of/a%20b"),
        ("/of/what%3F/n?ever", "/of/what%3F"),
        ("/of/%22%41%22/n", "/of/%22%41%22"),
        ("/of/a%2Fb%C3%A9/n", "/of/a%2Fb%C3%A9"),
        ("/of/%ff/n", "/of/%ff"),
        // what cannot stand in a cookie is written otherwise, and so matches nothing
        ("/of/a;domain=evil.test/n", "/of/a%3Bdomain=evil.test"),
    ] {
        assert_eq!(cookie_path(path), prefix, "{path}");
    }
}

#[test]
fn an_application_without_scopes_has_its_cookie_everywhere() {
    let site = Site::with(|builder| builder.cookie_path(CookiePath::Mount));
    let middleware = wrap(&site);
    let server = serve!(App::new().wrap(middleware.clone()).route("/a/n", web::get().to(count)));
    assert!(server.send("GET", "/a/n", "").header("set-cookie").unwrap().contains("; Path=/; "));
}
