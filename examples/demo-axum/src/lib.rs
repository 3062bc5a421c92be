//! The demo application on axum: its routes as an axum user writes them, and the server around them.
//!
//! What the routes do is in [`webstack_demo_app`]; here is only what is axum's.

mod routes;

use std::io;
use std::net::TcpListener;

use axum::extract::DefaultBodyLimit;
use webstack_core::Sessions;
use webstack_demo_app::{MAX_BODY, portable};
use webstack_demo_server::{Ready, Stop};

pub use routes::routes;

/// The name under which the demo application shows where it runs.
pub const ENVIRONMENT: &str = "axum";

/// Serves the socket on this thread and a runtime of its own, until `stop` is ready, and finishes the requests in flight.
///
/// # Errors
///
/// If the socket cannot be served.
pub fn run(listener: TcpListener, sessions: Sessions, ready: Ready, stop: Stop) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    // A bound socket queues what comes until it is served.
    ready();
    let portable = webstack_axum::mount(portable::app(ENVIRONMENT, tokio::time::sleep));
    let app = routes()
        .nest_service("/portable", portable)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(webstack_axum::layer(sessions));
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        axum::serve(listener, app).with_graceful_shutdown(stop).await
    })
}
