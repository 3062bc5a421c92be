//! One HTTP session in every environment: the adapter for rocket.
//!
//! Attach a [`SessionFairing`], and take a [`Session`] as an argument of a handler:
//!
//! ```no_run
//! use rocket::{get, routes};
//! use webstack_rocket::{Result, Session, SessionFairing};
//!
//! #[get("/")]
//! fn count(session: Session) -> Result<String> {
//!     let visits = session.update("visits", |n: Option<u32>| n.unwrap_or(0) + 1)?;
//!     Ok(format!("visit {visits}"))
//! }
//!
//! #[rocket::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let sessions = webstack_rocket::from_env()?;
//!     rocket::build().attach(SessionFairing::new(sessions)).mount("/", routes![count]).launch().await?;
//!     Ok(())
//! }
//! ```
//!
//! # Where the session directory lives
//!
//! | environment | directory |
//! |---|---|
//! | rocket | `WebStack-sessions` in the first path of `$STATE_DIRECTORY` if systemd set it, else in the directory where the server is run; `WEBSTACK_STORE=file:/absolute/path` or [`Builder::directory`](webstack_core::Builder::directory) choose another one |
//!
//! # What this environment does
//!
//! | what happens | what becomes of the session |
//! |---|---|
//! | a response, a redirect or a catcher's response below 500 | stored before the first byte |
//! | a status of 500 and above | dropped; a logout holds |
//! | a panic in a handler | dropped; a logout holds; rocket's 500 catcher answers |
//! | the client leaves | rocket runs the handler to its end, and the session is stored |
//! | a change made while the body is streamed | [`TooLate`](webstack_core::Error::TooLate) |
//!
//! [`mount`] takes in a [neutral application](webstack_core::app). An application has one [`SessionFairing`]; rocket keeps its
//! exchange by its type, so a second one with other sessions would not be seen.

mod error;
mod fairing;
mod guard;
mod head;
mod mount;
mod opened;
mod preempt;

pub use error::{Error, Result};
pub use fairing::SessionFairing;
pub use guard::Session;
pub use mount::mount;
use webstack_core::{Builder, ConfigError, Environment, Sessions};

/// Begins a configuration for a rocket server.
///
/// ```
/// use webstack_core::store::MemoryStore;
///
/// let sessions = webstack_rocket::builder().store(MemoryStore::new()).build().unwrap();
/// assert!(sessions.directory().is_none());
/// ```
pub fn builder() -> Builder {
    Sessions::builder().environment(Environment::Server).runtime(webstack_core::runtime::Tokio)
}

/// The sessions that the environment variables `WEBSTACK_…` configure.
///
/// # Errors
///
/// [`ConfigError`], one line that names the variable, what is wrong, and what would be right.
pub fn from_env() -> std::result::Result<Sessions, ConfigError> {
    builder().env()?.build()
}
