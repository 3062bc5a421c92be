//! What goes on beside the requests.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use http::{Request, Response};
use tower_layer::Layer as _;
use tower_service::Service as _;
use webstack_core::app::{self, Body};
use webstack_core::store::MemoryStore;
use webstack_testkit::{CountingStore, Operation};
use webstack_tower::SessionLayer;

#[tokio::test]
async fn a_service_purges_without_being_asked() {
    let store = CountingStore::new(MemoryStore::new());
    let counts = store.counts();
    let sessions = webstack_tower::builder().store(store).purge_every(Some(Duration::from_millis(1))).build().unwrap();
    let mut service = SessionLayer::new(sessions).layer(app::from_fn(|_| async { Response::new("") }));
    service.call(Request::new(Body::empty())).await.unwrap();
    while counts.of(Operation::Purge) < 2 {
        tokio::task::yield_now().await;
    }
}
