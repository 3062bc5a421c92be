//! Clients that leave, and handlers that are given up.

use std::io::Write as _;
use std::net::TcpStream;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use actix_web::dev::Service as _;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, rt, web};
use webstack_actix_web::{Result, Session, SessionMiddleware};
use webstack_core::runtime::block_on;
use webstack_testkit::{Gate, Moment, Operation};

use crate::client::request;
use crate::site::{Site, count, eventually, serve};

/// Sends a request, and leaves as soon as it has got as far as the gate.
fn leave_at(gate: &Gate, address: std::net::SocketAddr, cookie: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&request("GET", "/", cookie, "")).unwrap();
    block_on(gate.reached());
    stream.shutdown(std::net::Shutdown::Both).unwrap();
}

/// As [`eventually`], for what happens on this thread.
async fn eventually_here(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            rt::task::yield_now().await;
        }
    };
    rt::time::timeout(Duration::from_secs(30), waiting).await.expect(what);
}

#[test]
fn storing_that_has_begun_ends_though_the_client_has_left() {
    for (operation, cookie) in [(Operation::Create, false), (Operation::Update, true)] {
        let site = Site::new();
        let middleware = SessionMiddleware::new(site.sessions.clone());
        let server = serve!(App::new().wrap(middleware.clone()).default_service(web::to(count)));
        let cookie = if cookie { site.known() } else { String::new() };
        let gate = site.faults.hold_next(operation, Moment::Before);
        leave_at(&gate, server.address, &cookie);
        // another request is served meanwhile, so the server has had its chance to notice
        assert_eq!(server.send("GET", "/", "").status, 200);
        let before = site.counts.of(operation);
        gate.open();
        match operation {
            Operation::Update => eventually("it is stored", || site.number(&cookie, "n") == Some(1)),
            _ => eventually("it is stored", || site.alive() == 2),
        }
        assert_eq!(site.counts.of(operation), before, "once");
    }
}

/// Loads slowly, in the handler.
async fn slow(session: Session) -> Result<&'static str> {
    session.insert("first", &1)?;
    session.reload().await?;
    session.insert("second", &1)?;
    Ok("")
}

#[test]
fn a_handler_runs_to_its_end_though_the_client_has_left() {
    let site = Site::new();
    let middleware = SessionMiddleware::new(site.sessions.clone());
    let server = serve!(
        App::new().wrap(middleware.clone()).route("/other", web::get().to(count)).default_service(web::to(slow))
    );
    let known = site.known();
    let extractor = site.faults.hold_next(Operation::Load, Moment::Before);
    extractor.open();
    let gate = site.faults.hold_next(Operation::Load, Moment::Before);
    leave_at(&gate, server.address, &known);
    assert_eq!(server.send("GET", "/other", "").status, 200);
    gate.open();
    eventually("it is stored", || site.number(&known, "second") == Some(1));
    assert_eq!(site.number(&known, "first"), Some(1));
}

#[test]
fn a_request_that_is_given_up_while_it_is_stored_is_stored_all_the_same() {
    let site = Site::new();
    let gate = site.faults.hold_next(Operation::Create, Moment::Before);
    rt::System::new().block_on(async {
        let app = App::new().wrap(SessionMiddleware::new(site.sessions.clone())).default_service(web::to(count));
        let app = init_service(app).await;
        {
            let mut call = pin!(app.call(TestRequest::default().to_request()));
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            block_on(gate.reached());
        }
        assert_eq!(site.alive(), 0);
        gate.open();
        eventually_here("it is stored", || site.alive() == 1).await;
    });
    assert_eq!((site.alive(), site.counts.of(Operation::Create)), (1, 1));
}

#[test]
fn a_handler_that_is_given_up_has_done_nothing_but_its_logout_holds() {
    let site = Site::new();
    let known = [site.known(), site.known()];
    rt::System::new().block_on(async {
        let app = App::new()
            .wrap(SessionMiddleware::new(site.sessions.clone()))
            .route(
                "/logout",
                web::get().to(async |session: Session| {
                    session.invalidate().unwrap();
                    std::future::pending::<&str>().await
                }),
            )
            .route(
                "/set",
                web::get().to(async |session: Session| {
                    session.insert("kept", &2).unwrap();
                    std::future::pending::<&str>().await
                }),
            );
        let app = init_service(app).await;
        for (path, cookie) in ["/set", "/logout"].into_iter().zip(&known) {
            let request = TestRequest::with_uri(path).insert_header(("cookie", cookie.as_str())).to_request();
            let mut call = pin!(app.call(request));
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        eventually_here("the logout holds", || site.alive() == 1).await;
    });
    assert_eq!((site.alive(), site.number(&known[0], "kept")), (1, Some(1)));
}
