//! Sessions by hand on axum: the layer around its routes.

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;

use super::both;
use super::tower::{Handle, layer};
use crate::by_hand::{ByHand, Least, Promising};
use crate::frameworks::axum::{Visited, in_process, routes};
use crate::site::{Site, Subject};

pub(in crate::frameworks) fn subjects() -> Vec<Subject> {
    both("axum", site::<Least>, site::<Promising>)
}

fn site<H: ByHand>() -> Box<dyn Site> {
    in_process(async { routes::<Handle<H>>().layer(layer::<_, H>()) })
}

impl<S: Sync, H: ByHand> FromRequestParts<S> for Handle<H> {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let handle = parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
        drop(handle.loaded());
        Ok(handle)
    }
}

impl<H: ByHand> Visited for Handle<H> {
    async fn read(&self, key: &str) -> Option<u64> {
        self.held().read(key)
    }

    async fn write(&self, key: &str, value: u64) {
        self.held().write(key, value);
    }

    async fn renew(&self) {}
}
