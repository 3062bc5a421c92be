//! A session in warp.
//!
//! ```text
//! cargo run -p quickstart-warp
//! curl -c jar -b jar http://localhost:8080/     # and again: it counts
//! ```
//!
//! The sessions are files in the directory `WebStack-sessions`, where the server is run.

#![allow(clippy::print_stdout, reason = "whoever starts it is told where to look")]

use tokio::net::TcpListener;
use warp::Filter as _;
use webstack::warp::{Result, Session, session};

fn index(session: Session) -> Result<String> {
    let visits = session.update("visits", |n: Option<u64>| n.unwrap_or(0) + 1)?;
    Ok(format!("Visit number {visits}\n"))
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let sessions = webstack::warp::from_env()?;
    let routes = warp::path::end().and(session()).map(index);
    let listener = TcpListener::bind("localhost:8080").await?;
    println!("http://localhost:8080/");
    webstack::warp::serve(routes, sessions).run(listener).await;
    Ok(())
}
