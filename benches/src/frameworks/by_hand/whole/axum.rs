//! On axum: the layer around its routes.

use std::time::Duration;

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;

use super::subject;
use super::tower::layer;
use crate::by_hand::whole::{Session, Sessions};
use crate::frameworks::axum::{Visited, in_process, routes};
use crate::site::Subject;

pub(in crate::frameworks) fn subjects() -> Vec<Subject> {
    vec![subject("axum", || in_process(async { routes::<Session>().layer(layer(Sessions::default())) }))]
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let session = parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
        session.load().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        Ok(session)
    }
}

impl Visited for Session {
    async fn read(&self, key: &str) -> Option<u64> {
        self.number(key)
    }

    async fn write(&self, key: &str, value: u64) {
        self.put(key, value);
    }

    async fn renew(&self) {}

    async fn increment(&self, key: &str, thinking: Duration) {
        tokio::time::sleep(thinking).await;
        self.update(key, |before: Option<u64>| before.unwrap_or(0) + 1).expect("a number");
    }
}
