//! One HTTP session in every environment: the adapter for actix-web.
//!
//! Wrap an application or a scope with [`SessionMiddleware`], and take a [`Session`] as an argument of a handler:
//!
//! ```no_run
//! use actix_web::{App, HttpServer, get};
//! use webstack_actix_web::{Result, Session, SessionMiddleware};
//!
//! #[get("/")]
//! async fn count(session: Session) -> Result<String> {
//!     let visits = session.update("visits", |n: Option<u32>| n.unwrap_or(0) + 1)?;
//!     Ok(format!("visit {visits}"))
//! }
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let sessions = webstack_actix_web::from_env()?;
//!     let app = move || App::new().wrap(SessionMiddleware::new(sessions.clone())).service(count);
//!     let server = HttpServer::new(app).bind("127.0.0.1:8080")?;
//!     println!("http://127.0.0.1:8080/");
//!     server.run().await?;
//!     Ok(())
//! }
//! ```
//!
//! # Where the session directory lives
//!
//! | environment | directory |
//! |---|---|
//! | actix-web | `WebStack-sessions` in the first path of `$STATE_DIRECTORY` if systemd set it, else in the directory where the server is run; `WEBSTACK_STORE=file:/absolute/path` or [`Builder::directory`](webstack_core::Builder::directory) choose another one |
//!
//! # What this environment does
//!
//! | what happens | what becomes of the session |
//! |---|---|
//! | a response below 500, a redirect, an error of an inner middleware or extractor below 500 | stored before the first byte |
//! | a status of 500 and above | dropped; a logout holds |
//! | a panic in a handler | dropped; a logout holds; actix-web closes the connection |
//! | the client leaves | actix-web runs the handler to its end, and the session is stored |
//! | a change made while the body is streamed | [`TooLate`](webstack_core::Error::TooLate) |
//!
//! [`mount`] takes in a [neutral application](webstack_core::app), an axum `Router` for instance.
//!
//! Wrapping an application and a scope in it with the same sessions is harmless: the inner one stands aside.
//!
//! # The session in other middleware
//!
//! Middleware inside of [`SessionMiddleware`] extracts the session as handlers do, and may use it before and after the
//! handler runs. Outside of it the session is stored by then, and changing it is too late.
//!
//! ```
//! use actix_web::body::MessageBody;
//! use actix_web::dev::{ServiceRequest, ServiceResponse};
//! use actix_web::middleware::{Next, from_fn};
//! use actix_web::{App, error};
//! use webstack_actix_web::{Error, Session, SessionMiddleware};
//! use webstack_core::store::MemoryStore;
//!
//! async fn members_only(
//!     mut request: ServiceRequest,
//!     next: Next<impl MessageBody>,
//! ) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
//!     let session = request.extract::<Session>().await?;
//!     match session.user().map_err(Error::from)? {
//!         Some(_) => next.call(request).await,
//!         None => Err(error::ErrorForbidden("members only")),
//!     }
//! }
//!
//! let sessions = webstack_actix_web::builder().store(MemoryStore::new()).build().unwrap();
//! // what is wrapped last is outside
//! let app = App::new().wrap(from_fn(members_only)).wrap(SessionMiddleware::new(sessions));
//! ```

mod error;
mod extractor;
mod future;
mod head;
mod headers;
mod middleware;
mod mount;

pub use error::{Error, Result};
pub use extractor::{Extraction, Session};
pub use future::SessionFuture;
pub use middleware::{SessionMiddleware, SessionService};
pub use mount::mount;
use webstack_core::{Builder, ConfigError, Environment, Sessions};

/// Begins a configuration for an actix-web server.
///
/// ```
/// use webstack_core::store::MemoryStore;
///
/// let sessions = webstack_actix_web::builder().store(MemoryStore::new()).build().unwrap();
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
