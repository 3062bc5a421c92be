//! The web server in front of the CGI environment: it starts this very program for each request.

use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use axum::Router;
use axum::body::{HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
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
const PROCESSES: usize = 32;

/// The longest that a program may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the programs learn of the environments beside them.
const NEIGHBOURS: &str = "DEMO_NEIGHBOURS";

const STORE: &str = "WEBSTACK_STORE";

/// The program's whole answer if it was started for a request, as web servers start one (RFC 3875 §4.1.4).
pub(crate) fn started_for_a_request() -> Option<ExitCode> {
    env::var_os("GATEWAY_INTERFACE")?;
    page::announce(env::var(NEIGHBOURS).ok().and_then(|told| serde_json::from_str(&told).ok()).unwrap_or_default());
    Some(demo_cgi::program())
}

/// Serves the socket on this thread, until `stop` is ready, and finishes the requests in flight.
pub(crate) fn run(listener: TcpListener, sessions: Sessions, ready: Ready, stop: Stop) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    // A bound socket queues what comes until it is served.
    ready();
    let program = program(&sessions, listener.local_addr()?.port())?;
    let places = Arc::new(Semaphore::new(PROCESSES));
    let app = Router::new().fallback(move |request: Request| async move {
        let _place = places.acquire().await;
        answer(program, request).await
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        axum::serve(listener, app).with_graceful_shutdown(stop).await
    })
}

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
    Ok(match sessions.directory() {
        Some(directory) => config.env(STORE, store_url(directory).ok_or_else(unnamed)?),
        None => config,
    })
}

/// The store of the other environments, whose default is not that of a program.
fn store_url(directory: &Path) -> Option<String> {
    let configured = env::var(STORE).unwrap_or_default();
    let mut url = Url::from_file_path(directory).ok()?;
    url.set_query(configured.split_once('?').map(|(_, options)| options));
    Some(url.into())
}

/// Starts the program for one request.
async fn answer(program: CgiConfig, mut request: Request) -> Response {
    let info = request.uri().path().strip_prefix(SCRIPT).filter(|info| info.is_empty() || info.starts_with('/'));
    let Some(info) = info else { return StatusCode::NOT_FOUND.into_response() };
    // The library leaves it encoded (RFC 3875 §4.1.5), and knows no variables that are not UTF-8.
    let Ok(info) = percent_decode_str(info).decode_utf8() else { return StatusCode::BAD_REQUEST.into_response() };
    if info.contains('\0') {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let program = program.env("PATH_INFO", info);
    join_cookies(request.headers_mut());
    let request = match with_length(request).await {
        Ok(request) => request,
        Err(status) => return status.into_response(),
    };
    CgiService::with_config(program).call(request).await.into_response()
}

/// A program is told how much it may read (RFC 3875 §4.1.2), also of a body that came in chunks.
async fn with_length(request: Request) -> Result<Request, StatusCode> {
    if request.headers().contains_key(CONTENT_LENGTH) || request.body().is_end_stream() {
        return Ok(request);
    }
    let (mut head, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    head.headers.insert(CONTENT_LENGTH, body.len().into());
    Ok(Request::from_parts(head, body.into()))
}

/// A program sees one Cookie line; the library would keep the last (RFC 6265bis §5.8.3: joined by a semicolon).
fn join_cookies(headers: &mut HeaderMap) {
    let lines: Vec<_> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(line) = HeaderValue::from_bytes(&lines.join(&b"; "[..]))
        && lines.len() > 1
    {
        headers.insert(COOKIE, line);
    }
}
