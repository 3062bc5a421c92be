//! The demo application on actix-web: its routes as an actix-web user writes them, and the server around them.
//!
//! What the routes do is in [`webstack_demo_app`]; here is only what is actix-web's.

mod routes;

use std::io;
use std::net::TcpListener;

use actix_web::{App, HttpServer, rt, web};
use webstack_actix_web::{SessionMiddleware, mount};
use webstack_core::Sessions;
use webstack_demo_app::{MAX_BODY, portable};
use webstack_demo_server::{Ready, Stop};

pub use routes::routes;

/// The name under which the demo application shows where it runs.
pub const ENVIRONMENT: &str = "actix-web";

/// Longer than any route pauses, so that a server that is told to stop answers everybody first.
const SHUTDOWN_SECONDS: u64 = 65;

/// Serves the socket on this thread and a runtime of its own, until `stop` is ready, and finishes the requests in flight.
///
/// # Errors
///
/// If the socket cannot be served.
pub fn run(listener: TcpListener, sessions: Sessions, ready: Ready, stop: Stop) -> io::Result<()> {
    let app = move || {
        App::new()
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .wrap(SessionMiddleware::new(sessions.clone()))
            .service(web::scope("/portable").default_service(mount(portable::app(ENVIRONMENT, rt::time::sleep))))
            .configure(routes)
    };
    // A bound socket queues what comes until it is served.
    ready();
    rt::System::new().block_on(async {
        HttpServer::new(app).shutdown_timeout(SHUTDOWN_SECONDS).shutdown_signal(stop).listen(listener)?.run().await
    })
}
