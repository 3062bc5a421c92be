//! axum's other session libraries, as their documentation sets them up.

use axum::Router;
use axum_session::{SessionConfig, SessionLayer, SessionNullPool, SessionStore};
use tower_sessions::{MemoryStore, SessionManagerLayer};

use super::axum::{Visited, in_process, routes, serve};
use crate::site::Subject;

pub(crate) fn subjects() -> Vec<Subject> {
    vec![
        Subject::new("axum", "tower-sessions", || in_process(async { tower_sessions() }))
            .served(|port| serve(port, async { tower_sessions() })),
        Subject::new("axum", "axum_session", || in_process(axum_session())).served(|port| serve(port, axum_session())),
    ]
}

pub(crate) fn tower_sessions() -> Router {
    routes::<tower_sessions::Session>().layer(SessionManagerLayer::new(MemoryStore::default()))
}

pub(crate) async fn axum_session() -> Router {
    let store = SessionStore::<SessionNullPool>::new(None, SessionConfig::default()).await;
    routes::<axum_session::Session<SessionNullPool>>().layer(SessionLayer::new(store.expect("the defaults are good")))
}

impl Visited for tower_sessions::Session {
    async fn read(&self, key: &str) -> Option<u64> {
        self.get(key).await.expect("a number")
    }

    async fn write(&self, key: &str, value: u64) {
        self.insert(key, value).await.expect("memory is at hand");
    }

    async fn renew(&self) {
        self.cycle_id().await.expect("memory is at hand");
    }
}

impl Visited for axum_session::Session<SessionNullPool> {
    async fn read(&self, key: &str) -> Option<u64> {
        self.get(key)
    }

    async fn write(&self, key: &str, value: u64) {
        self.set(key, value);
    }

    async fn renew(&self) {
        axum_session::Session::renew(self);
    }
}
