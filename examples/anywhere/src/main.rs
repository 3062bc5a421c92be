//! One axum router, served by every framework and as a CGI program, with one session.
//!
//! ```text
//! cargo run -p anywhere -- actix-web 8001     # or axum, rocket, warp; several at once on other ports
//! curl -c jar -b jar http://localhost:8001/shop/     # and again, on any of the ports: it counts
//! ```
//!
//! The sessions are files in the directory `WebStack-sessions`, where it is run.
//!
//! The same binary is a CGI program, if a web server starts it:
//!
//! ```text
//! cargo build -p anywhere
//! mkdir -p /tmp/site/cgi-bin && cp target/debug/anywhere /tmp/site/cgi-bin/shop
//! cd /tmp/site && WEBSTACK_STORE=file:$HOME/WebStack-sessions busybox httpd -f -p 8005
//! curl -c jar -b jar http://localhost:8005/cgi-bin/shop     # busybox knows no /shop/
//! ```

#![allow(clippy::print_stdout, reason = "whoever starts it is told where to look")]

use std::error::Error;
use std::process::{ExitCode, Termination as _};

use axum::{Router, routing::get};
use tokio::net::TcpListener;
use webstack::Sessions;
use webstack::axum::{Result, Session};

type Outcome = std::result::Result<(), Box<dyn Error>>;

/// The application: it knows axum and sessions, and not who serves it.
fn shop() -> Router {
    async fn index(session: Session) -> Result<String> {
        let visits = session.update("visits", |n: Option<u64>| n.unwrap_or(0) + 1)?;
        Ok(format!("Visit number {visits}\n"))
    }
    Router::new().route("/", get(index))
}

fn main() -> ExitCode {
    // Web servers set it for the programs that they start.
    if std::env::var_os("GATEWAY_INTERFACE").is_some() {
        return webstack::cgi::serve_on_tokio(shop());
    }
    serve().report()
}

fn serve() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let framework = arguments.next().unwrap_or_else(|| "axum".to_owned());
    let port = arguments.next().map_or(Ok(8001), |port| port.parse())?;
    let sessions = webstack::axum::from_env()?;
    match &*framework {
        "actix-web" => actix_web::rt::System::new().block_on(on_actix_web(sessions, port)),
        "axum" => tokio::runtime::Runtime::new()?.block_on(on_axum(sessions, port)),
        "rocket" => tokio::runtime::Runtime::new()?.block_on(on_rocket(sessions, port)),
        "warp" => tokio::runtime::Runtime::new()?.block_on(on_warp(sessions, port)),
        other => Err(format!("{other} is none of actix-web, axum, rocket, warp").into()),
    }
}

async fn on_actix_web(sessions: Sessions, port: u16) -> Outcome {
    use actix_web::{App, HttpServer, web};
    use webstack::actix_web::{SessionMiddleware, mount};
    let app = move || {
        App::new()
            .wrap(SessionMiddleware::new(sessions.clone()))
            .service(web::scope("/shop").default_service(mount(shop())))
    };
    let server = HttpServer::new(app).bind(("localhost", port))?;
    tell(port);
    Ok(server.run().await?)
}

async fn on_axum(sessions: Sessions, port: u16) -> Outcome {
    let app = Router::new().nest("/shop/", shop()).layer(webstack::axum::layer(sessions));
    let listener = TcpListener::bind(("localhost", port)).await?;
    tell(port);
    Ok(axum::serve(listener, app).await?)
}

async fn on_rocket(sessions: Sessions, port: u16) -> Outcome {
    use rocket::fairing::AdHoc;
    use webstack::rocket::{SessionFairing, mount};
    let rocket = rocket::custom(rocket::Config::figment().merge(("port", port)));
    let told = AdHoc::on_liftoff("where to look", move |_| Box::pin(async move { tell(port) }));
    rocket.attach(SessionFairing::new(sessions)).attach(told).mount("/shop", mount(shop())).launch().await?;
    Ok(())
}

async fn on_warp(sessions: Sessions, port: u16) -> Outcome {
    use warp::Filter as _;
    let nothing_else = warp::path::end().map(|| "the shop is at /shop/\n");
    let server = webstack::warp::serve(nothing_else, sessions).mount("/shop", shop());
    let listener = TcpListener::bind(("localhost", port)).await?;
    tell(port);
    server.run(listener).await;
    Ok(())
}

/// Prints where the shop is, as soon as somebody listens there.
fn tell(port: u16) {
    println!("http://localhost:{port}/shop/");
}
