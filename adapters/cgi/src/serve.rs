//! One request, from the variables to the last byte of the response.

use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use bytes::Bytes;
use http::{Method, StatusCode};
use webstack_core::app::{App, Body, IntoResponse as _, Response, respond_mounted};
use webstack_core::{ConfigError, Outcome, Refusal, Sessions};

use crate::drive::{Drive, Thread};
use crate::output::Document;
use crate::request::Arrived;
use crate::variables::Variables;
use crate::{input, log, output, purging};

/// The largest body that is read, unless another limit is set: a program holds all of it.
const BODY_LIMIT: usize = 16 << 20;

/// Answers the one request that a CGI program is started for.
///
/// [`serve`](crate::serve()) is the same with sessions that environment variables configure.
///
/// ```no_run
/// use std::process::ExitCode;
/// use webstack_cgi::Cgi;
/// use webstack_core::app;
///
/// fn main() -> ExitCode {
///     let sessions = match webstack_cgi::builder().directory("/var/lib/shop/sessions").build() {
///         Ok(sessions) => sessions,
///         Err(error) => return webstack_cgi::refuse(&error),
///     };
///     let app = app::from_fn(|_| async { http::Response::new("hello") });
///     Cgi::new(sessions).with_body_limit(64 << 10).serve(app)
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is answered before `serve`"]
pub struct Cgi {
    sessions: Sessions,
    body_limit: usize,
}

impl Cgi {
    /// An application of these sessions, as [`builder`](crate::builder()) makes them.
    pub fn new(sessions: Sessions) -> Self {
        Cgi { sessions, body_limit: BODY_LIMIT }
    }

    /// The most bytes that a request's body may have, instead of 16 MiB; the reply to a larger one is 413. The body is
    /// read before the application is called.
    pub fn with_body_limit(self, bytes: usize) -> Self {
        Cgi { body_limit: bytes, ..self }
    }

    /// Answers the request, without a runtime: what the application waits for blocks the thread. Sessions in a store that
    /// needs a runtime, a database server say, get one: then this is `serve_on_tokio`, if the program was built
    /// with feature `tokio`.
    pub fn serve(self, app: impl App) -> ExitCode {
        if !self.sessions.store().capabilities().needs_runtime {
            return self.serve_by(app, &Thread);
        }
        #[cfg(feature = "tokio")]
        return self.serve_on_tokio(app);
        #[cfg(not(feature = "tokio"))]
        refuse(&ConfigError::new(
            "WEBSTACK_STORE",
            "this store needs a runtime, and this CGI program was built without one",
            "build it with the feature `cgi-tokio` of webstack",
        ))
    }

    /// Answers the request on a runtime of tokio's, on this thread, for applications that use its timers and sockets.
    #[cfg(feature = "tokio")]
    pub fn serve_on_tokio(self, app: impl App) -> ExitCode {
        match crate::drive::OnTokio::start() {
            Ok(runtime) => self.serve_by(app, &runtime),
            Err(error) => fail(error),
        }
    }

    fn serve_by(self, app: impl App, drive: &impl Drive) -> ExitCode {
        log::take_panics();
        let variables = Variables::of_process();
        let body = input::read(&variables, || io::stdin().lock(), self.body_limit);
        let sessions = drive.equip(self.sessions);
        let response = match (Arrived::of(&variables), body) {
            (Ok(arrived), Ok(body)) => {
                let answer = || drive.drive(answer(&sessions, arrived, body, app));
                // The hook has told of a panic; the exchange was dropped by it, so that nothing is stored.
                catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|_| opaque(StatusCode::INTERNAL_SERVER_ERROR))
            }
            (Err(status), _) | (_, Err(status)) => {
                log::line(why(&variables, status));
                opaque(status)
            }
        };
        let code = reply(response, &variables, drive);
        drive.settle();
        purging::purge_if_due(&sessions, drive);
        code
    }
}

/// Answers with an opaque 500, and tells the log what is wrong with the configuration.
pub fn refuse(error: &ConfigError) -> ExitCode {
    fail(error);
    // A server that is configured wrongly ends so; a web server does not look at it.
    ExitCode::from(2)
}

/// Answers with an opaque 500, and tells the log why.
fn fail(error: impl std::fmt::Display) -> ExitCode {
    log::line(error);
    let variables = Variables::of_process();
    let _ = input::read(&variables, || io::stdin().lock(), BODY_LIMIT);
    let _ = reply(opaque(StatusCode::INTERNAL_SERVER_ERROR), &variables, &Thread);
    ExitCode::FAILURE
}

/// The application's response, with the session stored.
async fn answer(sessions: &Sessions, arrived: Arrived, body: Bytes, app: impl App) -> Response {
    let exchange = sessions.open(&arrived);
    if let Some(refusal) = exchange.preempt().await {
        return refusal.into_response();
    }
    let Arrived { request, mount, .. } = arrived;
    let request = request.map(|()| Body::from(body));
    let mut response = respond_mounted(app, &mount, Some(exchange.session()), request).await;
    match exchange.finish(Outcome::of_status(response.status().as_u16())).await {
        Ok(headers) => {
            headers.apply(response.headers_mut());
            response
        }
        Err(error) => error.into_response(),
    }
}

/// Writes the response; the code to exit with.
fn reply(response: Response, variables: &Variables, drive: &impl Drive) -> ExitCode {
    let is_head = variables.get("REQUEST_METHOD") == Some(Method::HEAD.as_str().as_bytes());
    let document = if is_head { Document::HeadOnly } else { Document::Whole };
    let mut out = io::stdout().lock();
    let write = || drive.drive(output::write(response, document, &mut out));
    match catch_unwind(AssertUnwindSafe(write)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        // The client left, as clients do.
        Ok(Err(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            log::line(format_args!("the response is not complete: {error}"));
            ExitCode::FAILURE
        }
        Err(_) => ExitCode::FAILURE,
    }
}

/// A response that says nothing but its status.
fn opaque(status: StatusCode) -> Response {
    Refusal::of_status(status).into_response()
}

/// Why the program answers without calling the application.
fn why(variables: &Variables, status: StatusCode) -> &'static str {
    match status {
        _ if variables.get("REQUEST_METHOD").is_none() => {
            "REQUEST_METHOD is not set: this program is started by a web server (CGI, RFC 3875)"
        }
        StatusCode::PAYLOAD_TOO_LARGE => "the request's body exceeds the limit",
        StatusCode::LENGTH_REQUIRED => "the request's body has no length",
        _ => "the request makes no sense",
    }
}
