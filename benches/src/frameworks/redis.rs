//! The applications whose sessions are in Redis.

use actix_session::storage::RedisSessionStore;
use actix_web::App;
use actix_web::cookie::Key;
use actix_web::test::init_service;
use axum::Router;
use tower_sessions_0_14::SessionManagerLayer;
use tower_sessions_redis_store::RedisStore as TowerStore;
use tower_sessions_redis_store::fred::prelude::{ClientLike as _, Config, Pool};
use webstack_core::store::redis::RedisStore;

use super::actix_web as actix;
use super::axum::{Visited, control, in_process, routes};
use crate::site::{CONTROL, Site, Subject};

/// Opens an application before a server on this port of this machine.
pub(crate) type Open = fn(u16) -> Box<dyn Site>;

pub(crate) fn subjects() -> Vec<(Subject, Open)> {
    let subject = |framework, name| Subject::new(framework, name, || unreachable!("it needs a server"));
    vec![
        (subject("axum", CONTROL), |_| in_process(async { control() })),
        (subject("axum", "webstack"), |port| in_process(async move { webstack(port) })),
        (subject("axum", "tower-sessions"), |port| in_process(tower_sessions(port))),
        (subject("actix-web", "actix-session"), |port| {
            actix::InProcess::boxed(async move {
                let store = RedisSessionStore::new(url(port)).await.expect("the server is there");
                let middleware = actix_session::SessionMiddleware::new(store, Key::from(&[7; 64]));
                let routes = actix::routes::<actix_session::Session>;
                init_service(App::new().configure(routes).wrap(middleware)).await
            })
        }),
    ]
}

fn url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

fn webstack(port: u16) -> Router {
    let store = RedisStore::builder(url(port)).build().expect("a good URL");
    let sessions = webstack_axum::builder().store(store).build().expect("the defaults are good");
    routes::<webstack_axum::Session>().layer(webstack_axum::layer(sessions))
}

async fn tower_sessions(port: u16) -> Router {
    let config = Config::from_url(&url(port)).expect("a good URL");
    let pool = Pool::new(config, None, None, None, 6).expect("a pool of some clients");
    pool.connect();
    pool.wait_for_connect().await.expect("the server is there");
    routes::<tower_sessions_0_14::Session>().layer(SessionManagerLayer::new(TowerStore::new(pool)))
}

impl Visited for tower_sessions_0_14::Session {
    async fn read(&self, key: &str) -> Option<u64> {
        self.get(key).await.expect("a number")
    }

    async fn write(&self, key: &str, value: u64) {
        self.insert(key, value).await.expect("the server is there");
    }

    async fn renew(&self) {
        self.cycle_id().await.expect("the server is there");
    }
}
