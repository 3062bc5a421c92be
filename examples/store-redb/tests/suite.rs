//! The promises of stores.

use std::sync::Arc;

use store_redb::RedbStore;
use webstack_testkit::{HeldClock, StoreUnderTest, store_suite};

fn fresh_store() -> StoreUnderTest {
    let place = tempfile::tempdir().expect("a directory");
    let clock = HeldClock::new();
    let store = RedbStore::open(place.path().join("sessions.redb")).expect("a store");
    StoreUnderTest::new(store.with_clock(Arc::new(clock.clone()))).with_clock(clock).keeping(place)
}

store_suite!(redb, fresh_store);
