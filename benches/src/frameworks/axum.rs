//! axum: a router that is called in this process.

use std::future::Future;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Request};
use axum::routing::get;
use tower_service::Service;
use webstack_core::store::MemoryStore;

use super::in_process::InProcess;
use super::{VALUE, fresh, shown};
#[cfg(feature = "peers")]
use crate::site::Case;
use crate::site::{CONTROL, KEYS, Site, Subject, THINKING, THINKING_LONG};

/// A router that is called in this process, made ready as `axum::serve` does it: its layers are put around its routes beforehand,
/// and not with each request.
pub(crate) fn in_process(make: impl Future<Output = Router>) -> Box<dyn Site> {
    InProcess::<Router, Body>::boxed(async { make.await.with_state(()) })
}

pub(crate) fn subjects() -> Vec<Subject> {
    let subjects = [
        Subject::new("axum", CONTROL, || in_process(async { control() })),
        Subject::new("axum", "webstack", || in_process(async { webstack() })),
    ];
    #[cfg(feature = "peers")]
    let subjects = {
        let [bare, with_sessions] = subjects;
        [
            bare.served(|port| serve(port, async { control() })),
            with_sessions.served(|port| serve(port, async { webstack() })),
        ]
    };
    // What any layer costs here is no session's doing.
    let layered = Subject::new("axum", "a layer that does nothing", || in_process(async { layered() }));
    #[cfg(feature = "peers")]
    let layered = layered.without(&[Case::Unused, Case::Read, Case::Write, Case::Create, Case::Renew]);
    subjects.into_iter().chain([layered]).collect()
}

/// What the routes do with a session, whosever it is. Futures, because some peers load when they are asked.
pub(crate) trait Visited: FromRequestParts<()> + Send + Sync + 'static {
    fn read(&self, key: &str) -> impl Future<Output = Option<u64>> + Send;
    fn write(&self, key: &str, value: u64) -> impl Future<Output = ()> + Send;
    fn renew(&self) -> impl Future<Output = ()> + Send;

    /// The best that this kind of session has for counting, in a handler that thinks for so long.
    fn increment(&self, key: &str, thinking: Duration) -> impl Future<Output = ()> + Send {
        async move {
            let before = self.read(key).await.unwrap_or(0);
            tokio::time::sleep(thinking).await;
            self.write(key, before + 1).await;
        }
    }
}

/// The application with sessions of this kind, to be put inside of their layer.
pub(crate) fn routes<S: Visited>() -> Router {
    Router::new()
        .route("/plain", get(async || "nothing"))
        .route("/read", get(async |session: S| shown(session.read(VALUE).await)))
        .route("/write", get(write::<S>))
        .route("/renew", get(renew::<S>))
        .route("/keep/{key}", get(keep::<S>))
        .route("/increment", get(async |session: S| increment(session, THINKING).await))
        .route("/slow-increment", get(async |session: S| increment(session, THINKING_LONG).await))
        .route("/kept", get(kept::<S>))
}

async fn write<S: Visited>(session: S) -> String {
    let value = fresh();
    session.write(VALUE, value).await;
    value.to_string()
}

async fn renew<S: Visited>(session: S) -> &'static str {
    session.renew().await;
    "renewed"
}

async fn keep<S: Visited>(Path(key): Path<String>, session: S) -> &'static str {
    // Some load only when they are asked.
    std::hint::black_box(session.read(VALUE).await);
    tokio::time::sleep(THINKING).await;
    session.write(&key, 1).await;
    "kept"
}

async fn increment<S: Visited>(session: S, thinking: Duration) -> &'static str {
    session.increment(VALUE, thinking).await;
    "incremented"
}

async fn kept<S: Visited>(session: S) -> String {
    let mut kept = 0;
    for key in 0..KEYS {
        kept += usize::from(session.read(&format!("k{key}")).await.is_some());
    }
    kept.to_string()
}

/// The same answers without any session.
pub(crate) fn control() -> Router {
    Router::new()
        .route("/plain", get(async || "nothing"))
        .route("/read", get(async || shown(Some(1_000_000))))
        .route("/write", get(async || fresh().to_string()))
        .route("/renew", get(async || "renewed"))
}

fn layered() -> Router {
    control().layer(tower_layer::layer_fn(|inner| Nothing { inner }))
}

/// Passes requests on.
#[derive(Clone)]
struct Nothing<S> {
    inner: S,
}

impl<S: Service<Request>> Service<Request> for Nothing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> S::Future {
        self.inner.call(request)
    }
}

pub(crate) fn webstack() -> Router {
    let sessions = webstack_axum::builder().store(MemoryStore::new()).build().expect("the defaults are good");
    routes::<webstack_axum::Session>().layer(webstack_axum::layer(sessions))
}

impl Visited for webstack_axum::Session {
    async fn read(&self, key: &str) -> Option<u64> {
        self.get(key).expect("a number")
    }

    async fn write(&self, key: &str, value: u64) {
        self.insert(key, &value).expect("the session is open");
    }

    async fn renew(&self) {
        webstack_core::Session::renew(self).expect("the session is open");
    }

    async fn increment(&self, key: &str, thinking: Duration) {
        tokio::time::sleep(thinking).await;
        self.update(key, |before: Option<u64>| before.unwrap_or(0) + 1).expect("a number");
    }
}

/// Serves a router on a port.
#[cfg(feature = "peers")]
pub(crate) fn serve(port: u16, make: impl Future<Output = Router>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        axum::serve(listener, make.await).await.expect("it serves for ever");
    });
}
