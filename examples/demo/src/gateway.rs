//! The web server in front of the CGI environment: it starts this very program for each request.

use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{CONTENT_LENGTH, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use cgi_service::{CgiConfig, CgiService};
use percent_encoding::percent_decode_str;
use tokio::sync::Semaphore;
use tower_service::Service as _;
use url::Url;
use webstack_core::Sessions;
use webstack_demo_app::{MAX_BODY, page};
use webstack_demo_server::{Ready, Stop};

/// The program's path below the server's.
const SCRIPT: &str = "/cgi-bin/demo";

/// Where the application is.
pub(crate) const PATH: &str = "/cgi-bin/demo/";

/// As many requests as that are answered at once; each is a process.
const PROCESSES: u32 = 32;

/// The longest that a program may take, which is longer than any route pauses.
const PATIENCE: Duration = Duration::from_secs(65);

/// How the programs learn of the environments beside them.
const NEIGHBOURS: &str = "DEMO_NEIGHBOURS";

const STORE: &str = "WEBSTACK_STORE";

/// The program's whole answer if it was started for a request, as web servers start one (RFC 3875 §4.1.4).
pub(crate) fn started_for_a_request() -> Option<ExitCode> {
    env::var_os("GATEWAY_INTERFACE")?;
    leave_the_terminal();
    page::announce(env::var(NEIGHBOURS).ok().and_then(|told| serde_json::from_str(&told).ok()).unwrap_or_default());
    Some(demo_cgi::program())
}

/// Serves the socket on this thread, until `stop` is ready, and finishes the requests in flight.
pub(crate) fn run(listener: TcpListener, sessions: Sessions, ready: Ready, stop: Stop) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    // A bound socket queues what comes until it is served.
    ready();
    let program = program(&sessions, listener.local_addr()?.port())?;
    let places = Arc::new(Semaphore::new(PROCESSES as usize));
    let all = Arc::clone(&places);
    // A place is taken when the whole body has come, so that nobody keeps one by sending slowly.
    let app = Router::new().fallback(move |head: Parts, body: Bytes| async move {
        let place = places.acquire_owned().await;
        // A program that was started runs to its end, and keeps its place, also if the client leaves.
        let answered = tokio::spawn(async move {
            let _place = place;
            answer(program, head, body).await
        });
        answered.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        axum::serve(listener, app.layer(DefaultBodyLimit::max(MAX_BODY))).with_graceful_shutdown(stop).await?;
        // every place is free when the last program has ended
        let _all = all.acquire_many(PROCESSES).await;
        Ok(())
    })
}

/// Ctrl-C is for the server, which finishes its requests first: a terminal sends it to the whole process group.
#[cfg(unix)]
fn leave_the_terminal() {
    // the leader of a session has a group of its own already
    let _ = rustix::process::setpgid(None, None);
}

#[cfg(not(unix))]
fn leave_the_terminal() {}

/// How the program is started, whatever the request.
fn program(sessions: &Sessions, port: u16) -> io::Result<CgiConfig> {
    let unnamed = || io::Error::other("a CGI program has to be told the session directory, and its name is not UTF-8");
    let program = env::current_exe()?.into_os_string().into_string().map_err(|_| unnamed())?;
    let inherited = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let inherited = inherited.filter(|name| name.starts_with("WEBSTACK_") || name == "RUST_LOG");
    let config = CgiConfig::new(program)
        .server_software("webstack-demo")
        .server_port(port)
        .script_name(SCRIPT)
        .inherit_env(inherited.collect())
        .timeout(PATIENCE)
        .env(NEIGHBOURS, serde_json::to_string(page::announced())?);
    // Every other store has its place in its name, which the program inherits.
    let configured = env::var(STORE).unwrap_or_default();
    Ok(match sessions.directory() {
        Some(directory) if configured.is_empty() || configured.starts_with("file:") => {
            config.env(STORE, store_url(directory, &configured).ok_or_else(unnamed)?)
        }
        _ => config,
    })
}

/// The store of the other environments, whose default is not that of a program.
fn store_url(directory: &Path, configured: &str) -> Option<String> {
    let mut url = Url::from_file_path(directory).ok()?;
    url.set_query(configured.split_once('?').map(|(_, options)| options));
    Some(url.into())
}

/// Starts the program for one request, and waits for all that it writes.
async fn answer(program: CgiConfig, mut head: Parts, body: Bytes) -> Response {
    let info = head.uri.path().strip_prefix(SCRIPT).filter(|info| info.is_empty() || info.starts_with('/'));
    let Some(info) = info else { return StatusCode::NOT_FOUND.into_response() };
    // The library leaves it encoded (RFC 3875 §4.1.5), and knows no variables that are not UTF-8.
    let Ok(info) = percent_decode_str(info).decode_utf8() else { return StatusCode::BAD_REQUEST.into_response() };
    if info.contains('\0') {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut program = program.env("PATH_INFO", info);
    if let Some(cookies) = cookies(&head.headers) {
        program = program.env("HTTP_COOKIE", cookies);
    }
    // A program is told how much it may read (RFC 3875 §4.1.2), also of a body that came in chunks.
    if !body.is_empty() {
        head.headers.insert(CONTENT_LENGTH, body.len().into());
    }
    let is_head = head.method == Method::HEAD;
    let request = Request::from_parts(head, Body::from(body));
    let answer = CgiService::with_config(program).call(request).await.into_response();
    if is_head {
        // nothing follows, and its length would be told as that of GET (RFC 9110 §8.6)
        return answer;
    }
    let (head, written) = answer.into_parts();
    match to_bytes(written, usize::MAX).await {
        Ok(written) => Response::from_parts(head, written.into()),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// What a program is shown of all Cookie lines: one (RFC 6265bis §5.8.3: joined by a semicolon). By itself the library
/// keeps the last one, and none that is not ASCII, so that a neighbour's cookie would take ours along.
fn cookies(headers: &HeaderMap) -> Option<String> {
    let lines: Vec<_> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    (!lines.is_empty()).then(|| String::from_utf8_lossy(&lines.join(&b"; "[..])).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_s_cookie_does_not_take_ours_along() {
        let mut headers = HeaderMap::new();
        assert_eq!(cookies(&headers), None);
        for line in [&b"ours=1; latin=\xe9"[..], "utf=é".as_bytes()] {
            headers.append(COOKIE, HeaderValue::from_bytes(line).expect("a header's value"));
        }
        assert_eq!(cookies(&headers).as_deref(), Some("ours=1; latin=\u{fffd}; utf=é"));
    }
}
