//! A session in rocket.
//!
//! ```text
//! cargo run -p quickstart-rocket
//! curl -c jar -b jar http://localhost:8000/     # and again: it counts
//! ```
//!
//! The sessions are files in the directory `WebStack-sessions`, where the server is run.

use rocket::{get, routes};
use webstack::rocket::{Result, Session, SessionFairing};

#[get("/")]
fn index(session: Session) -> Result<String> {
    let visits = session.update("visits", |n: Option<u64>| n.unwrap_or(0) + 1)?;
    Ok(format!("Visit number {visits}\n"))
}

#[rocket::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let sessions = webstack::rocket::from_env()?;
    rocket::build().attach(SessionFairing::new(sessions)).mount("/", routes![index]).launch().await?;
    Ok(())
}
