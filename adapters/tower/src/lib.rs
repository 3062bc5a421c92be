//! One HTTP session in every environment: the adapter for tower, and so for axum, hyper, tonic and warp.
//!
//! [`SessionLayer`] gives every request of the service inside it a [`Session`](webstack_core::Session), as an extension that
//! is not loaded yet; [`app::session`](webstack_core::app::session) gets and loads it:
//!
//! ```
//! use http::{Request, Response};
//! use tower_layer::Layer as _;
//! use tower_service::Service as _;
//! use webstack_core::app::{self, Body};
//! use webstack_core::store::MemoryStore;
//! use webstack_tower::SessionLayer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sessions = webstack_tower::builder().store(MemoryStore::new()).build()?;
//! let count = app::from_fn(|request| async move {
//!     let session = app::session(&request).await?;
//!     let visits = session.update("visits", |n: Option<u32>| n.unwrap_or(0) + 1)?;
//!     Ok::<_, webstack_core::Error>(Response::new(format!("visit {visits}")))
//! });
//! let mut service = SessionLayer::new(sessions).layer(count);
//! let response = service.call(Request::new(Body::empty())).await?;
//! assert!(response.headers().contains_key("set-cookie"));
//! # Ok(()) }
//! ```
//!
//! # Where the session directory lives
//!
//! | environment | directory |
//! |---|---|
//! | tower | `WebStack-sessions` in the first path of `$STATE_DIRECTORY` if systemd set it, else in the directory where the server is run; `WEBSTACK_STORE=file:/absolute/path` or [`Builder::directory`](webstack_core::Builder::directory) choose another one |
//!
//! # What this environment does
//!
//! | what happens | what becomes of the session |
//! |---|---|
//! | a response below 500 | stored before the first byte |
//! | a status of 500 and above | dropped; a logout holds |
//! | an error of the inner service | dropped; a logout holds; no header is sent, not even the cookie of what was saved |
//! | a panic, or the future is dropped because the client left | dropped; a logout holds |
//! | the client leaves after the inner service has answered | stored to the end |
//! | a change made while the body is streamed | [`TooLate`](webstack_core::Error::TooLate) |
//!
//! What comes out of the layer has the service's body or that of a refusal; [`Bodies`] says how the two become one.
//!
//! [`mount`] serves a [neutral application](webstack_core::app) to requests with any body.
//!
//! A layer inside another one of the same sessions stands aside.

mod bodies;
mod future;
mod head;
mod layer;
mod mount;

pub use bodies::{Bodies, Both};
pub use future::SessionFuture;
pub use head::MountOf;
pub use layer::{SessionLayer, SessionService};
pub use mount::{Mounted, mount};
use webstack_core::{Builder, ConfigError, Environment, Sessions};

/// Begins a configuration for a server on tokio.
///
/// ```
/// use webstack_core::store::MemoryStore;
///
/// let sessions = webstack_tower::builder().store(MemoryStore::new()).build().unwrap();
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
pub fn from_env() -> Result<Sessions, ConfigError> {
    builder().env()?.build()
}
