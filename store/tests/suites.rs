//! The contract of stores, for what wraps stores.

use std::sync::Arc;

use webstack_core::store::{MemoryStore, Migrating};
use webstack_testkit::{HeldClock, StoreUnderTest, store_suite};

/// Both stores are empty; what happens on the way is in `migrating.rs`.
fn migrating() -> StoreUnderTest {
    let clock = HeldClock::new();
    let time = Arc::new(clock.clone());
    let [old, new] = [0; 2].map(|_| MemoryStore::new().with_clock(time.clone()));
    StoreUnderTest::new(Migrating::new(old, new).with_clock(time)).with_clock(clock)
}

store_suite!(migrating, migrating);
