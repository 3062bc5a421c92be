//! warp: a filter before everything, rejections, and their recovery.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::TcpListener;

use ::warp::http::{Method, StatusCode};
use ::warp::path::FullPath;
use ::warp::reject::Reject;
use ::warp::reply::json;
use ::warp::{Filter, Rejection, Reply, path, post};
use webstack_core::Sessions;
use webstack_demo_server::{Ready, Stop};
use webstack_warp::{Result, Session, session};

use crate::gate::GATE;
use crate::{late, touch};

pub(crate) fn run(listener: TcpListener, sessions: Sessions, ready: Ready, stop: Stop) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    ready();
    let count = post().and(path!("count")).and(session()).map(|session: Session| -> Result<StatusCode> {
        session.insert("n", &1)?;
        Ok(StatusCode::OK)
    });
    let value = ::warp::get().and(path!("value" / String)).and(session()).map(value);
    let all = count.or(value).or(path("logout").and(endings())).or(endings());
    let routes = before().and(all).recover(recover);
    let server = webstack_warp::serve(routes, sessions);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        server.run_until(tokio::net::TcpListener::from_std(listener)?, stop).await;
        Ok(())
    })
}

/// What is between the session and the handlers.
fn before() -> impl Filter<Extract = (), Error = Rejection> + Clone {
    let touch = |method: Method, path: FullPath, session: Session| {
        if method == Method::POST && path.as_str() != "/count" {
            touch(&session, path.as_str());
        }
    };
    ::warp::method().and(path::full()).and(session()).map(touch).untuple_one()
}

fn endings() -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    let set = post().and(path!("set")).map(|| StatusCode::OK);
    let fails = post().and(path!("fails" / u16)).and_then(fails);
    let rejected = post().and(path!("rejected")).and(::warp::query()).map(|_: HashMap<String, u32>| StatusCode::OK);
    let panics = post().and(path!("panics")).map(panics);
    let stream = post().and(path!("stream")).and(session()).map(stream);
    let waits = post().and(path!("waits")).then(|| async {
        GATE.pass().await;
        StatusCode::OK
    });
    set.or(fails).or(rejected).or(panics).or(stream).or(waits)
}

fn value(key: String, session: Session) -> Result<impl Reply> {
    Ok(json(&serde_json::json!({"value": session.get::<serde_json::Value>(&key)?})))
}

#[derive(Debug)]
struct Failed(StatusCode);

impl Reject for Failed {}

/// A rejection of the application's own.
async fn fails(status: u16) -> std::result::Result<StatusCode, Rejection> {
    Err(::warp::reject::custom(Failed(StatusCode::from_u16(status).expect("a status"))))
}

async fn recover(rejection: Rejection) -> std::result::Result<StatusCode, Rejection> {
    match rejection.find::<Failed>() {
        Some(Failed(status)) => Ok(*status),
        None => Err(rejection),
    }
}

fn panics() -> StatusCode {
    panic!("as it should")
}

fn stream(session: Session) -> impl Reply {
    let pieces = late((*session).clone()).map(Ok::<_, Infallible>);
    ::warp::reply::stream(futures_util::stream::iter(pieces))
}
