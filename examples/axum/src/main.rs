//! A session in axum.
//!
//! ```text
//! cargo run -p quickstart-axum
//! curl -c jar -b jar http://localhost:8080/     # and again: it counts
//! ```
//!
//! The sessions are files in the directory `WebStack-sessions`, where the server is run.

#![allow(clippy::print_stdout, reason = "whoever starts it is told where to look")]

use axum::{Router, routing::get};
use tokio::net::TcpListener;
use webstack::axum::{Result, Session};

async fn index(session: Session) -> Result<String> {
    let visits = session.update("visits", |n: Option<u64>| n.unwrap_or(0) + 1)?;
    Ok(format!("Visit number {visits}\n"))
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let sessions = webstack::axum::from_env()?;
    let app = Router::new().route("/", get(index)).layer(webstack::axum::layer(sessions));
    let listener = TcpListener::bind("localhost:8080").await?;
    println!("http://localhost:8080/");
    axum::serve(listener, app).await?;
    Ok(())
}
