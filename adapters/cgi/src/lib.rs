//! One HTTP session in every environment: the adapter for CGI programs (RFC 3875).
//!
//! A program that a web server starts afresh for each request is a [neutral application](webstack_core::app) and one line:
//!
//! ```no_run
//! use http::Response;
//! use webstack_core::app::{self, Request};
//! use webstack_core::Error;
//!
//! async fn count(request: Request) -> Result<Response<String>, Error> {
//!     let session = app::session(&request).await?;
//!     let visits = session.update("visits", |n: Option<u32>| n.unwrap_or(0) + 1)?;
//!     Ok(Response::new(format!("visit {visits}")))
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     webstack_cgi::serve(app::from_fn(count))
//! }
//! ```
//!
//! There are no threads and there is no runtime. An application that needs tokio's timers or sockets, as an axum `Router`
//! may, is served by `serve_on_tokio` (feature `tokio`).
//!
//! # Where the session directory lives
//!
//! | environment | directory |
//! |---|---|
//! | CGI | `WebStack-sessions` in the directory where the handler's executable resides, links resolved; refused inside `DOCUMENT_ROOT`; `WEBSTACK_STORE=file:/absolute/path` (Apache `SetEnv`, lighttpd `setenv.add-environment`, nginx `fastcgi_param`) or [`Builder::directory`](webstack_core::Builder::directory) choose another one |
//!
//! # What this environment does
//!
//! | what happens | what becomes of the session |
//! |---|---|
//! | a response below 500 | stored before the first byte |
//! | a status of 500 and above | dropped; a logout holds |
//! | a panic in the application | dropped; a logout holds; the reply is an opaque 500, and the log has one line |
//! | the client leaves | servers notice when the program writes its answer, and by then the session is stored; one that ends the program before, by SIGTERM, leaves all or nothing |
//! | a setting that cannot work | an opaque 500, and one line in the log that names the variable |
//! | a change made while the body is streamed | [`TooLate`](webstack_core::Error::TooLate) |
//!
//! # What the application sees
//!
//! Its URI is what comes behind the program's own path, and [`Mount`](webstack_core::app::Mount) says the latter. The body is
//! read before the application is called, up to a limit: servers wait for ever for a program that answers first.
//! `HTTP_PROXY` is dropped; no variable but those of the protocol becomes a header; arguments are not looked at. Apache
//! hands over `Authorization` only under `CGIPassAuth On`.
//!
//! Standard error is the web server's log. Warnings and the causes of failures go to [`tracing`]; a subscriber that
//! writes them to standard error shows them there.
//!
//! When a purge is due, the request that finds it so does a few milliseconds of it after its response; the file
//! `last-purge` in the session directory says how far it came.
//!
//! # Small and quick
//!
//! A process that serves one request spends most of its time being started: libraries are looked for, pages of the program are
//! brought in, the processor is asked what it can. A static program without relocations is started in about two thirds of the time.
//! In `Cargo.toml`:
//!
//! ```toml
//! [profile.cgi]
//! inherits = "release"
//! lto = "fat"
//! codegen-units = 1
//! strip = true
//! ```
//!
//! ```sh
//! RUSTFLAGS='-C target-feature=+crt-static -C relocation-model=static --cfg sha2_backend="soft"' \
//!   cargo build --profile cgi --target x86_64-unknown-linux-gnu
//! ```
//!
//! The target is named so that the flags are not those of macros. Leave `panic` as it is: a panic that aborts is a reply without a
//! first line.
//!
//! In a virtual machine the processor does not say by itself what it can: the host does, and each question (`CPUID`) takes as long
//! as several system calls. `sha2_backend="soft"` spares a process those of the hash, of which it computes one as a rule. Where the
//! program is built for the machine that it runs on, `-C target-cpu=native` in its place spares it more of them; on a processor that
//! can do less, such a program is killed.
//!
//! A static glibc asks dozens of such questions at its start, musl (`--target x86_64-unknown-linux-musl`) none: there the same
//! program takes a fraction of the time. With `?group=NAME` link against musl in any case: a static glibc asks for groups by a
//! library that has to be there.
//!
//! [`tracing`]: https://docs.rs/tracing

mod cookies;
mod drive;
mod input;
mod log;
mod output;
mod purging;
mod request;
mod serve;
mod target;
mod variables;

use std::process::ExitCode;

pub use serve::{Cgi, refuse};
use webstack_core::app::App;
use webstack_core::{Builder, ConfigError, Environment, Sessions};

/// Begins a configuration for a CGI program.
///
/// ```
/// let sessions = webstack_cgi::builder().store_url("memory:").build();
/// assert!(sessions.unwrap_err().to_string().contains("started afresh for each request"));
/// ```
pub fn builder() -> Builder {
    Sessions::builder().environment(Environment::Cgi)
}

/// The sessions that the environment variables `WEBSTACK_…` configure.
///
/// # Errors
///
/// [`ConfigError`], one line that names the variable, what is wrong, and what would be right. [`refuse`] answers with it.
pub fn from_env() -> Result<Sessions, ConfigError> {
    builder().env()?.build()
}

/// Answers the one request that the program is started for, with sessions that the environment variables configure.
///
/// If they are configured wrongly the reply is an opaque 500, and a line in the log names the variable.
pub fn serve(app: impl App) -> ExitCode {
    match from_env() {
        Ok(sessions) => Cgi::new(sessions).serve(app),
        Err(error) => refuse(&error),
    }
}

/// As [`serve`], on a runtime of tokio's: see [`Cgi::serve_on_tokio`].
#[cfg(feature = "tokio")]
pub fn serve_on_tokio(app: impl App) -> ExitCode {
    match from_env() {
        Ok(sessions) => Cgi::new(sessions).serve_on_tokio(app),
        Err(error) => refuse(&error),
    }
}
