//! An inner service that fails instead of answering: what it becomes is decided outside of the layer.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer as _;
use tower_service::Service;
use webstack_core::app::{self, App, Body};
use webstack_core::store::MemoryStore;
use webstack_core::{Error, Session, Sessions};
use webstack_tower::SessionLayer;

/// An application whose answer is lost on the way out.
#[derive(Clone)]
struct Failing<A>(A);

impl<A: App> Service<Request<Body>> for Failing<A> {
    type Response = Response<Body>;
    type Error = &'static str;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, &'static str>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.0.clone().respond(request);
        Box::pin(async move {
            assert_eq!(answer.await.status(), 200);
            Err("it fails")
        })
    }
}

/// An application that does this to the session.
fn doing<D>(act: fn(Session) -> D) -> impl App
where
    D: Future<Output = Result<(), Error>> + Send + 'static,
{
    app::from_fn(move |request| async move {
        act(app::session(&request).await?).await?;
        Ok::<_, Error>(Response::new(""))
    })
}

struct Site {
    sessions: Sessions,
    cookie: String,
}

impl Site {
    /// With a visitor whose session holds `"kept": 1`.
    async fn new() -> Self {
        let sessions = webstack_tower::builder().store(MemoryStore::new()).build().unwrap();
        let keep = webstack_tower::mount(doing(|session| async move { session.insert("kept", &1) }));
        let response = SessionLayer::new(sessions.clone()).layer(keep).call(Request::new(Body::empty())).await.unwrap();
        let set = response.headers()["set-cookie"].to_str().unwrap();
        let cookie = set.split(';').next().unwrap().to_owned();
        Site { sessions, cookie }
    }

    /// The error that the visitor's request ends with.
    async fn fail(&self, app: impl App) -> &'static str {
        let request = Request::builder().header("cookie", &self.cookie).body(Body::empty()).unwrap();
        SessionLayer::new(self.sessions.clone()).layer(Failing(app)).call(request).await.unwrap_err()
    }

    /// The keys of the visitor's session.
    async fn keys(&self) -> Vec<String> {
        let exchange = self.sessions.open(&Request::builder().header("cookie", &self.cookie).body(()).unwrap());
        let session = exchange.session();
        session.load().await.unwrap();
        session.keys().unwrap()
    }
}

#[tokio::test]
async fn an_error_passes_and_drops_what_was_not_saved() {
    let site = Site::new().await;
    let error = site.fail(doing(|session| async move {
        session.insert("saved", &1)?;
        session.save().await?;
        session.insert("unsaved", &1)
    }));
    assert_eq!(error.await, "it fails");
    assert_eq!(site.keys().await, ["kept", "saved"]);
}

#[tokio::test]
async fn a_logout_before_an_error_holds() {
    let site = Site::new().await;
    assert_eq!(site.fail(doing(|session| async move { session.invalidate() })).await, "it fails");
    assert_eq!(site.sessions.store().list(None, 10).await.unwrap().len(), 0);
}
