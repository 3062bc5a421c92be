//! The contract of stores.

use std::sync::Arc;

use webstack_store_lmdb::{Durability, LmdbStore};
use webstack_testkit::{HeldClock, StoreUnderTest, store_suite};

fn fresh_store() -> StoreUnderTest {
    let place = tempfile::tempdir().expect("a temporary directory");
    let directory = place.path().join("sessions");
    let clock = HeldClock::new();
    let time = clock.clone();
    let open = move || {
        let builder = LmdbStore::builder(&directory).clock(Arc::new(time.clone()));
        builder.durability(Durability::InsecureUnsynced).first_size(1 << 20).open().expect("a store")
    };
    StoreUnderTest::new(open()).with_clock(clock).with_second_handle(open).keeping(place)
}

store_suite!(lmdb, fresh_store);
