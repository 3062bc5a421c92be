//! The demo application on warp: its routes as a warp user writes them, and the server around them.
//!
//! What the routes do is in [`webstack_demo_app`]; here is only what is warp's.

mod routes;
mod segment;

use std::io;
use std::net::TcpListener;

use webstack_core::Sessions;
use webstack_demo_app::portable;
use webstack_demo_server::{Ready, Stop};

pub use routes::routes;

/// The name under which the demo application shows where it runs.
pub const ENVIRONMENT: &str = "warp";

/// Serves the socket on this thread and a runtime of its own, until `stop` is ready, and finishes the requests in flight.
///
/// # Errors
///
/// If the socket cannot be served.
pub fn run(listener: TcpListener, sessions: Sessions, ready: Ready, stop: Stop) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    // A bound socket queues what comes until it is served.
    ready();
    let portable = portable::app(ENVIRONMENT, tokio::time::sleep);
    let server = webstack_warp::serve(routes(), sessions).mount("/portable", portable);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        server.run_until(tokio::net::TcpListener::from_std(listener)?, stop).await;
        Ok(())
    })
}
