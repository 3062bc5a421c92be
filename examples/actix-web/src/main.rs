//! A session in actix-web.
//!
//! ```text
//! cargo run -p quickstart-actix-web
//! curl -c jar -b jar http://localhost:8080/     # and again: it counts
//! ```
//!
//! The sessions are files in the directory `WebStack-sessions`, where the server is run.

#![allow(clippy::print_stdout, reason = "whoever starts it is told where to look")]

use actix_web::{App, HttpServer, get};
use webstack::actix_web::{Result, Session, SessionMiddleware};

#[get("/")]
async fn index(session: Session) -> Result<String> {
    let visits = session.update("visits", |n: Option<u64>| n.unwrap_or(0) + 1)?;
    Ok(format!("Visit number {visits}\n"))
}

#[actix_web::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let sessions = webstack::actix_web::from_env()?;
    let app = move || App::new().wrap(SessionMiddleware::new(sessions.clone())).service(index);
    let server = HttpServer::new(app).bind("localhost:8080")?;
    println!("http://localhost:8080/");
    server.run().await?;
    Ok(())
}
