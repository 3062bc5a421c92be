//! axum: a router that is called in this process.

use std::cell::RefCell;
use std::future::Future;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path};
use axum::routing::get;
use futures_util::future::join_all;
use http::header::{COOKIE, HOST, SET_COOKIE};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tokio::runtime::Runtime;
use tower_service::Service as _;
use webstack_core::store::MemoryStore;

use super::{VALUE, fresh, shown};
use crate::site::{Answer, Ask, CONTROL, KEYS, Site, Subject, THINKING};

pub(crate) fn subjects() -> Vec<Subject> {
    let subject = |name, open| Subject { framework: "axum", name, open };
    vec![subject(CONTROL, || InProcess::boxed(control())), subject("webstack", || InProcess::boxed(webstack()))]
}

/// What the routes do with a session, whosever it is. Futures, because some peers load when they are asked.
pub(crate) trait Visited: FromRequestParts<()> + Send + Sync + 'static {
    fn read(&self, key: &str) -> impl Future<Output = Option<u64>> + Send;
    fn write(&self, key: &str, value: u64) -> impl Future<Output = ()> + Send;
    fn renew(&self) -> impl Future<Output = ()> + Send;

    /// The best that this kind of session has for counting.
    fn increment(&self, key: &str) -> impl Future<Output = ()> + Send {
        async {
            let before = self.read(key).await.unwrap_or(0);
            tokio::time::sleep(THINKING).await;
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
        .route("/increment", get(increment::<S>))
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
    tokio::time::sleep(THINKING).await;
    session.write(&key, 1).await;
    "kept"
}

async fn increment<S: Visited>(session: S) -> &'static str {
    session.increment(VALUE).await;
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

    async fn increment(&self, key: &str) {
        tokio::time::sleep(THINKING).await;
        self.update(key, |before: Option<u64>| before.unwrap_or(0) + 1).expect("a number");
    }
}

/// A router, and the runtime that it is called in: one thread, the caller's.
pub(crate) struct InProcess {
    runtime: Runtime,
    router: RefCell<Router>,
}

impl InProcess {
    pub(crate) fn boxed(router: Router) -> Box<dyn Site> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Box::new(InProcess { runtime, router: RefCell::new(router) })
    }

    fn call(&self, ask: &Ask) -> impl Future<Output = Response<Body>> + use<> {
        let mut request = Request::get(&*ask.path).header(HOST, "www.example.test");
        if let Some(cookie) = &ask.cookie {
            request = request.header(COOKIE, cookie);
        }
        let response = self.router.borrow_mut().call(request.body(Body::empty()).expect("a good request"));
        async { response.await.expect("a router does not fail") }
    }
}

impl Site for InProcess {
    fn send_all(&self, asks: &[Ask]) {
        self.runtime.block_on(async {
            for ask in asks {
                let body = self.call(ask).await.into_body().collect().await.expect("it is in memory");
                std::hint::black_box(body);
            }
        });
    }

    fn together(&self, asks: &[Ask]) -> Vec<Answer> {
        let one = async |ask| {
            let (head, body) = self.call(ask).await.into_parts();
            let body = body.collect().await.expect("it is in memory").to_bytes();
            let cookies = head.headers.get_all(SET_COOKIE).iter().map(http::HeaderValue::as_bytes);
            Answer::new(head.status.as_u16(), cookies, &body)
        };
        self.runtime.block_on(join_all(asks.iter().map(one)))
    }
}
