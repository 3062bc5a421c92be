//! One HTTP session in every environment: the adapter for warp.
//!
//! Ask for a [`session`] in a filter, and let [`serve`] run the routes in place of `warp::serve`:
//!
//! ```no_run
//! use warp::Filter as _;
//!
//! fn count(session: webstack_warp::Session) -> webstack_warp::Result<String> {
//!     let visits = session.update("visits", |n: Option<u32>| n.unwrap_or(0) + 1)?;
//!     Ok(format!("visit {visits}"))
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let sessions = webstack_warp::from_env()?;
//!     let routes = warp::path::end().and(webstack_warp::session()).map(count);
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//!     println!("http://127.0.0.1:8080/");
//!     webstack_warp::serve(routes, sessions).run(listener).await;
//!     Ok(())
//! }
//! ```
//!
//! The session has to be stored outside of all filters, so that rejections keep it: warp's own `map` and `with` see only
//! what succeeded, and a filter cannot put anything into a request. That is why there is a [`serve`] of its own.
//! [`service`] is the same as a tower service, for a server that is there already.
//!
//! # Where the session directory lives
//!
//! | environment | directory |
//! |---|---|
//! | warp | `WebStack-sessions` in the first path of `$STATE_DIRECTORY` if systemd set it, else in the directory where the server is run; `WEBSTACK_STORE=file:/absolute/path` or [`Builder::directory`](webstack_core::Builder::directory) choose another one |
//!
//! # What this environment does
//!
//! | what happens | what becomes of the session |
//! |---|---|
//! | a response or a rejection below 500 | stored before the first byte |
//! | a status of 500 and above | dropped; a logout holds |
//! | a panic in a filter | dropped; a logout holds; hyper closes the connection |
//! | the client leaves while a filter runs | the filter is cancelled: dropped; a logout holds |
//! | the client leaves after the filters have answered | stored to the end |
//! | a change made while the body is streamed | [`TooLate`](webstack_core::Error::TooLate) |
//!
//! warp does not take a mount prefix off the path, so with `WEBSTACK_COOKIE_PATH=mount` say it by [`Service::below`].

mod bodies;
mod error;
mod filter;
mod mounts;
mod routes;
mod server;
mod service;

pub use error::{Error, Result};
pub use filter::{Session, session};
pub use routes::Routes;
pub use server::{Server, serve};
pub use service::{Answering, Service, service};
pub use webstack_tower::{builder, from_env};
