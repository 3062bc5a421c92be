//! The contract of stores, for what wraps stores.

use std::sync::Arc;
use std::time::Duration;

use webstack_core::runtime::block_on;
use webstack_core::store::{Cached, Created, Entry, MemoryStore, Migrating, Store as _, Touched};
use webstack_core::{Clock as _, SessionId};
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

/// What may be behind is how a session was, and not whether there is one: nobody is logged out by a cache.
#[test]
fn a_session_that_others_kept_alive_does_not_end_when_what_is_kept_of_it_does() {
    let clock = HeldClock::new();
    let time = Arc::new(clock.clone());
    let store = Arc::new(MemoryStore::new().with_clock(time.clone()));
    let cached = Cached::new(Arc::clone(&store)).with_clock(time).with_staleness(Duration::from_secs(1 << 30));
    let (id, deadline) = (SessionId::from_bytes([7; 16]), clock.now() + Duration::from_secs(60));
    let entry = Entry { bytes: "text".into(), expires: Some(deadline), owner: None };
    let Ok(Created::New(version)) = block_on(cached.create(&id, entry)) else { panic!("it is new") };
    let later = deadline + Duration::from_secs(60);
    assert!(matches!(block_on(store.touch(&id, version, Some(later))), Ok(Touched::Extended)), "by another process");
    clock.set(deadline);
    assert!(block_on(cached.load(&id)).expect("memory").is_some());
    clock.set(later);
    assert!(block_on(cached.load(&id)).expect("memory").is_none());
}
