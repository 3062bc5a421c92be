//! A layer inside of another one of the same sessions.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use std::convert::Infallible;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer as _;
use tower_service::Service;
use webstack_core::app::{self, App, Body};
use webstack_core::store::MemoryStore;
use webstack_core::{Error, Session, Sessions};
use webstack_tower::SessionLayer;

/// Says in the session that a request came by here.
#[derive(Clone)]
struct Noting<S>(S);

impl<S: Service<Request<Body>, Error = Infallible>> Service<Request<Body>> for Noting<S> {
    type Response = S::Response;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        let session: &Session = request.extensions().get().unwrap();
        webstack_core::runtime::block_on(session.load()).unwrap();
        session.insert("noted", &1).unwrap();
        self.0.call(request)
    }
}

fn sessions() -> Sessions {
    webstack_tower::builder().store(MemoryStore::new()).build().unwrap()
}

/// Answers how many values the session has by now.
fn count() -> impl App {
    app::from_fn(|request| async move {
        let session = app::session(&request).await?;
        Ok::<_, Error>(Response::new(session.keys()?.len().to_string()))
    })
}

async fn answered<S, B>(mut service: S) -> (usize, String)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<app::BodyError>,
{
    let response = service.call(Request::new(Body::empty())).await.unwrap();
    let cookies = response.headers().get_all("set-cookie").iter().count();
    let body = Body::new(response.into_body()).collect(100).await.unwrap();
    (cookies, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn an_inner_layer_of_the_same_sessions_stands_aside() {
    let sessions = sessions();
    let inner = SessionLayer::new(sessions.clone()).layer(webstack_tower::mount(count()));
    let answer = answered(SessionLayer::new(sessions.clone()).layer(Noting(inner))).await;
    assert_eq!(answer, (1, "1".to_owned()), "what was noted is seen, and stored once");
    assert_eq!(sessions.store().list(None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_inner_layer_of_other_sessions_has_its_own() {
    let (outer, inner) = (sessions(), sessions());
    let layered = SessionLayer::new(inner).layer(webstack_tower::mount(count()));
    let answer = answered(SessionLayer::new(outer).layer(Noting(layered))).await;
    assert_eq!(answer, (1, "0".to_owned()), "nothing was noted there");
}
