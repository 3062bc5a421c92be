//! One HTTP session in every environment: the adapter for axum.
//!
//! Add [`layer`] to a router, and take a [`Session`] as an argument of a handler:
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use webstack_axum::{Result, Session};
//!
//! async fn count(session: Session) -> Result<String> {
//!     let visits = session.update("visits", |n: Option<u32>| n.unwrap_or(0) + 1)?;
//!     Ok(format!("visit {visits}"))
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let sessions = webstack_axum::from_env()?;
//!     let app = Router::new().route("/", get(count)).layer(webstack_axum::layer(sessions));
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//!     println!("http://127.0.0.1:8080/");
//!     axum::serve(listener, app).await?;
//!     Ok(())
//! }
//! ```
//!
//! # Where the session directory lives
//!
//! | environment | directory |
//! |---|---|
//! | axum | `WebStack-sessions` in the first path of `$STATE_DIRECTORY` if systemd set it, else in the directory where the server is run; `WEBSTACK_STORE=file:/absolute/path` or [`Builder::directory`](webstack_core::Builder::directory) choose another one |
//!
//! # What this environment does
//!
//! | what happens | what becomes of the session |
//! |---|---|
//! | a response below 500, a redirect, an extractor's rejection below 500 | stored before the first byte |
//! | a status of 500 and above | dropped; a logout holds |
//! | a panic in a handler | dropped; a logout holds; hyper closes the connection |
//! | the client leaves while the handler runs | the handler is cancelled: dropped; a logout holds |
//! | the client leaves after the handler has answered | stored to the end |
//! | a change made while the body is streamed | [`TooLate`](webstack_core::Error::TooLate) |
//!
//! A router is a [neutral application](webstack_core::app) as it is: it can be mounted in every other environment. The other
//! way round, `router.nest_service("/prefix", webstack_axum::mount(app))` takes one in.

mod error;
mod extractor;
mod layer;
mod mounted;

pub use error::{Error, Result};
pub use extractor::Session;
pub use layer::{RouterBodies, SessionLayer, layer};
pub use webstack_tower::{builder, from_env, mount};
