//! The demo application on rocket: its routes as a rocket user writes them, and the server around them.
//!
//! What the routes do is in [`webstack_demo_app`]; here is only what is rocket's.

mod body;
mod in_flight;
mod respond;
mod routes;

use std::collections::HashSet;
use std::io;
use std::net::TcpListener;

use rocket::config::{LogLevel, Shutdown};
use rocket::fairing::AdHoc;
use rocket::http::{Method, Status};
use rocket::{Config, Request, get, tokio, uri};
use webstack_core::Sessions;
use webstack_demo_app::portable;
use webstack_demo_server::{Ready, Stop};
use webstack_rocket::SessionFairing;

use in_flight::InFlight;
pub use routes::routes;

/// The name under which the demo application shows where it runs.
pub const ENVIRONMENT: &str = "rocket";

/// Serves the socket's address on this thread and a runtime of its own, until `stop` is ready, and finishes the requests
/// in flight.
///
/// # Errors
///
/// If the address cannot be served.
pub fn run(listener: TcpListener, sessions: Sessions, ready: Ready, stop: Stop) -> io::Result<()> {
    let address = listener.local_addr()?;
    // rocket binds by itself and takes an address only.
    drop(listener);
    let config = Config {
        address: address.ip(),
        port: address.port(),
        log_level: LogLevel::Off,
        cli_colors: false,
        // All of it is waited for as long as any connection is open, so it is short: requests were waited for before.
        shutdown: Shutdown { ctrlc: false, signals: HashSet::new(), grace: 1, mercy: 1, ..Shutdown::default() },
        ..Config::release_default()
    };
    let in_flight = InFlight::default();
    let rocket = rocket::custom(config)
        .attach(in_flight.clone())
        .attach(AdHoc::on_request("paths are text", |request, _| Box::pin(async move { only_text(request) })))
        .attach(SessionFairing::new(sessions))
        .attach(AdHoc::on_liftoff("ready", |_| Box::pin(async move { ready() })))
        .mount("/", routes())
        .mount("/", rocket::routes![not_text])
        .mount("/portable", webstack_rocket::mount(portable::app(ENVIRONMENT, tokio::time::sleep)));
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let rocket = rocket.ignite().await.map_err(io::Error::other)?;
        let shutdown = rocket.shutdown();
        tokio::spawn(async move {
            stop.await;
            in_flight.none().await;
            shutdown.notify();
        });
        rocket.launch().await.map(drop).map_err(io::Error::other)
    })
}

/// Leads paths that are not UTF-8 to their refusal, since request fairings cannot answer: rocket's router would put U+FFFD
/// into them, and make one of several.
fn only_text(request: &mut Request<'_>) {
    if request.uri().path().percent_decode().is_err() {
        request.set_method(Method::Get);
        request.set_uri(uri!(not_text));
    }
}

#[get("/not-text")]
fn not_text() -> Status {
    Status::BadRequest
}
