//! rocket: a fairing before everything, guards, statuses as errors.

use std::io;
use std::net::TcpListener;

use ::rocket::fairing::AdHoc;
use ::rocket::http::{Method, Status};
use ::rocket::response::stream::TextStream;
use ::rocket::serde::json::Value;
use ::rocket::{Config, Request, Route, get, post, routes};
use webstack_core::Sessions;
use webstack_demo_server::{Ready, Stop};
use webstack_rocket::{Result, Session, SessionFairing};

use crate::gate::GATE;
use crate::{late, touch};

pub(crate) fn run(listener: TcpListener, sessions: Sessions, ready: Ready, stop: Stop) -> io::Result<()> {
    let address = listener.local_addr()?;
    // rocket binds by itself and takes an address only.
    drop(listener);
    let config = Config {
        address: address.ip(),
        port: address.port(),
        log_level: ::rocket::config::LogLevel::Off,
        ..Config::release_default()
    };
    let rocket = ::rocket::custom(config)
        .attach(SessionFairing::new(sessions))
        .attach(AdHoc::on_request("before", |request, _| Box::pin(before(request))))
        .attach(AdHoc::on_liftoff("ready", |_| Box::pin(async move { ready() })))
        .mount("/", routes![count, value])
        .mount("/", endings())
        .mount("/logout", endings());
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let rocket = rocket.ignite().await.map_err(io::Error::other)?;
        let shutdown = rocket.shutdown();
        tokio::spawn(async move {
            stop.await;
            shutdown.notify();
        });
        rocket.launch().await.map(drop).map_err(io::Error::other)
    })
}

/// What is between the session and the handlers.
async fn before(request: &mut Request<'_>) {
    let path = request.uri().path().to_string();
    if request.method() == Method::Post && path != "/count" {
        let session = request.guard::<Session>().await;
        touch(&session.expect("the session is there"), &path);
    }
}

fn endings() -> Vec<Route> {
    routes![set, fails, rejected, panics, stream, waits]
}

#[post("/count")]
fn count(session: Session) -> Result<()> {
    Ok(session.insert("n", &1)?)
}

#[get("/value/<key>")]
fn value(session: Session, key: &str) -> Result<Value> {
    Ok(serde_json::json!({"value": session.get::<Value>(key)?}))
}

#[post("/set")]
fn set() {}

/// rocket has no middlewares whose errors could be answers.
#[post("/fails/<status>")]
fn fails(status: u16) -> Status {
    Status::new(status)
}

#[post("/rejected?<number>")]
fn rejected(number: u32) -> String {
    number.to_string()
}

#[post("/panics")]
fn panics() {
    panic!("as it should")
}

#[post("/stream")]
fn stream(session: Session) -> TextStream![&'static str] {
    let pieces = late((*session).clone());
    TextStream! {
        for piece in pieces {
            yield piece;
        }
    }
}

#[post("/waits")]
async fn waits() {
    GATE.pass().await;
}
