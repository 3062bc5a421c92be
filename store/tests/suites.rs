//! The contract of stores, for what wraps stores.

use std::sync::Arc;
use std::time::Duration;

use webstack_core::store::{Cached, MemoryStore, Migrating};
use webstack_testkit::{HeldClock, StoreUnderTest, store_suite};

/// Both stores are empty; what happens on the way is in `migrating.rs`.
fn migrating() -> StoreUnderTest {
    let clock = HeldClock::new();
    let time = Arc::new(clock.clone());
    let [old, new] = [0; 2].map(|_| MemoryStore::new().with_clock(time.clone()));
    StoreUnderTest::new(Migrating::new(old, new).with_clock(time)).with_clock(clock)
}

store_suite!(migrating, migrating);

/// One process that keeps what it read for ever: what it changes itself it has to see.
fn cached() -> StoreUnderTest {
    let clock = HeldClock::new();
    let time = Arc::new(clock.clone());
    let store = MemoryStore::new().with_clock(time.clone());
    let cached = Cached::new(store).with_staleness(Duration::from_secs(1 << 30)).with_clock(time);
    StoreUnderTest::new(cached).with_clock(clock)
}

store_suite!(cached, cached);
