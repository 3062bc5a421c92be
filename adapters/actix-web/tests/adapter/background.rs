//! What goes on beside the requests: the purge, and the end of the server.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use actix_web::{App, web};
use webstack_actix_web::SessionMiddleware;
use webstack_core::runtime::block_on;
use webstack_testkit::{Moment, Operation};

use crate::client::request;
use crate::site::{Site, count, eventually, serve};

#[test]
fn a_server_purges_without_being_asked_and_stops_cleanly() {
    let site = Site::with(|builder| builder.purge_every(Some(Duration::from_millis(1))));
    let middleware = SessionMiddleware::new(site.sessions.clone());
    assert_eq!(site.counts.of(Operation::Purge), 0);
    let server = serve!(App::new().wrap(middleware.clone()).default_service(web::to(count)));
    eventually("it purges again and again", || site.counts.of(Operation::Purge) > 2);
    block_on(site.sessions.shutdown());
    let purges = site.counts.of(Operation::Purge);
    assert_eq!(server.send("GET", "/", "").status, 200, "sessions are served after the purge was stopped");
    server.stop().unwrap();
    assert_eq!(site.counts.of(Operation::Purge), purges);
}

#[test]
fn a_server_that_is_told_to_stop_stores_what_has_begun() {
    let site = Site::new();
    let middleware = SessionMiddleware::new(site.sessions.clone());
    let server = serve!(App::new().wrap(middleware.clone()).default_service(web::to(count)));
    let gate = site.faults.hold_next(Operation::Create, Moment::Before);
    let mut client = TcpStream::connect(server.address).unwrap();
    client.write_all(&request("GET", "/", "", "")).unwrap();
    block_on(gate.reached());
    let stopping = std::thread::spawn(move || server.stop());
    gate.open();
    stopping.join().unwrap().unwrap();
    assert_eq!(site.alive(), 1);
    let mut reply = String::new();
    std::io::Read::read_to_string(&mut client, &mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 OK") && reply.contains("webstack_session="), "{reply}");
}
