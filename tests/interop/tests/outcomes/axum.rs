//! axum: a middleware before everything, extractors, errors of middlewares.

use std::collections::HashMap;
use std::io;
use std::net::TcpListener;

use ::axum::body::Body;
use ::axum::extract::{Path, Query, Request};
use ::axum::http::{Method, StatusCode};
use ::axum::middleware::{Next, from_fn};
use ::axum::response::Response;
use ::axum::routing::{get, post};
use ::axum::{Json, Router};
use webstack_axum::{Result, Session};
use webstack_core::Sessions;
use webstack_demo_server::{Ready, Stop};

use crate::gate::GATE;
use crate::{late, status_in, touch};

pub(crate) fn run(listener: TcpListener, sessions: Sessions, ready: Ready, stop: Stop) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    ready();
    let app = endings()
        .nest("/logout", endings())
        .route("/count", post(count))
        .route("/value/{key}", get(value))
        .layer(from_fn(before))
        .layer(webstack_axum::layer(sessions));
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        ::axum::serve(tokio::net::TcpListener::from_std(listener)?, app).with_graceful_shutdown(stop).await
    })
}

/// What is between the session and the handlers.
async fn before(session: Session, request: Request, next: Next) -> std::result::Result<Response, StatusCode> {
    let path = request.uri().path().to_owned();
    if request.method() == Method::POST && path != "/count" {
        touch(&session, &path);
    }
    let response = next.run(request).await;
    match StatusCode::from_u16(status_in(&path)) {
        Ok(status) if path.contains("/fails/") => Err(status),
        _ => Ok(response),
    }
}

fn endings() -> Router {
    Router::new()
        .route("/set", post(|| async {}))
        .route("/fails/{status}", post(|| async {}))
        .route("/rejected", post(|_: Query<HashMap<String, u32>>| async {}))
        .route("/panics", post(panics))
        .route("/stream", post(stream))
        .route("/waits", post(|| GATE.pass()))
}

async fn count(session: Session) -> Result<()> {
    Ok(session.insert("n", &1)?)
}

async fn value(session: Session, Path(key): Path<String>) -> Result<Json<serde_json::Value>> {
    Ok(Json(serde_json::json!({"value": session.get::<serde_json::Value>(&key)?})))
}

async fn panics() {
    panic!("as it should")
}

async fn stream(session: Session) -> Body {
    let pieces = late((*session).clone()).map(Ok::<_, io::Error>);
    Body::from_stream(futures_util::stream::iter(pieces))
}
