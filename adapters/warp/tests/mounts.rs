//! Applications beside the routes, and routes that nobody put the session around.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use http::{Request, Response};
use tower_service::Service as _;
use warp::Filter as _;
use webstack_core::app::{self, Body};
use webstack_core::store::MemoryStore;

/// An application that says its name.
fn named(name: &'static str) -> impl app::App {
    app::from_fn(move |_| async move { Response::new(name) })
}

#[tokio::test]
async fn the_longest_prefix_counts_in_whatever_order_it_was_mounted() {
    let sessions = webstack_warp::builder().store(MemoryStore::new()).build().unwrap();
    let routes = warp::any().map(|| "routes");
    let mut service = webstack_warp::service(routes, sessions).mount("/a", named("a")).mount("/a/b", named("b"));
    for (path, name) in
        [("/a", "a"), ("/a/", "a"), ("/a/c", "a"), ("/a/b", "b"), ("/a/b/", "b"), ("/a/bc", "a"), ("/", "routes")]
    {
        let response = service.call(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let body = Body::new(response.into_body()).collect(100).await.unwrap();
        assert_eq!(body, name, "{path}");
    }
}

#[tokio::test]
async fn what_is_mounted_has_the_session_of_the_routes() {
    let sessions = webstack_warp::builder().store(MemoryStore::new()).build().unwrap();
    let count = |session: webstack_warp::Session| -> webstack_warp::Result<String> {
        Ok(session.update("n", |n: Option<u32>| n.unwrap_or(0) + 1)?.to_string())
    };
    let mounted = app::from_fn(|request| async move {
        let session = app::session(&request).await?;
        let n = session.update("n", |n: Option<u32>| n.unwrap_or(0) + 10)?;
        Ok::<_, webstack_core::Error>(Response::new(n.to_string()))
    });
    let routes = warp::any().and(webstack_warp::session()).map(count);
    let mut service = webstack_warp::service(routes, sessions).mount("/app", mounted);
    let mut cookie = String::new();
    for (path, n) in [("/app/", "10"), ("/", "11"), ("/app/", "21")] {
        let request = Request::get(path).header("cookie", &cookie).body(Body::empty()).unwrap();
        let response = service.call(request).await.unwrap();
        if let Some(set) = response.headers().get("set-cookie") {
            cookie = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        let body = Body::new(response.into_body()).collect(100).await.unwrap();
        assert_eq!(body, n, "{path}");
    }
}

#[tokio::test]
async fn routes_that_are_not_served_with_sessions_fail() {
    let routes = warp::path::end().and(webstack_warp::session()).map(|_| "never");
    let response = warp::service(routes).call(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 500);
}
