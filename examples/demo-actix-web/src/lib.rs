//! The demo application on actix-web: its routes as an actix-web user writes them, and the server around them.
//!
//! What the routes do is in [`webstack_demo_app`]; here is only what is actix-web's.

mod routes;

use std::io;
use std::net::TcpListener;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::ErrorBadRequest;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpServer, rt, web};
use percent_encoding::percent_decode_str;
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
            .wrap(from_fn(only_text))
            .service(web::scope("/portable").default_service(mount(portable::app(ENVIRONMENT, rt::time::sleep))))
            .configure(routes)
    };
    // A bound socket queues what comes until it is served.
    ready();
    rt::System::new().block_on(async {
        HttpServer::new(app).shutdown_timeout(SHUTDOWN_SECONDS).shutdown_signal(stop).listen(listener)?.run().await
    })
}

/// Refuses paths that are not UTF-8: actix-web's router would put U+FFFD into them, and make one of several.
async fn only_text(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if percent_decode_str(request.uri().path()).decode_utf8().is_err() {
        return Err(ErrorBadRequest("the path is not UTF-8"));
    }
    next.call(request).await
}
