//! The promises of the store contract, over the stores of the core.

use std::sync::Arc;

use webstack_core::store::MemoryStore;
use webstack_testkit::{HeldClock, StoreUnderTest, store_suite};

fn memory_store() -> StoreUnderTest {
    let clock = HeldClock::new();
    StoreUnderTest::new(MemoryStore::new().with_clock(Arc::new(clock.clone()))).with_clock(clock)
}

store_suite!(memory, memory_store);

#[cfg(unix)]
mod files {
    use webstack_core::store::{Durability, FileStore};

    use super::*;

    fn files(durability: Durability) -> StoreUnderTest {
        let place = tempfile::tempdir().expect("a temporary directory");
        let directory = place.path().join("WebStack-sessions");
        let clock = HeldClock::new();
        let time = clock.clone();
        // Nothing is spared unread, so that races with a purge are races.
        let open = move || {
            let builder = FileStore::builder(&directory).clock(Arc::new(time.clone())).durability(durability);
            builder.purge_spares(std::time::Duration::ZERO).open().expect("a fit directory")
        };
        StoreUnderTest::new(open()).with_clock(clock).with_second_handle(open).keeping(place)
    }

    pub(super) fn unsynced() -> StoreUnderTest {
        files(Durability::None)
    }

    pub(super) fn synced() -> StoreUnderTest {
        files(Durability::Full)
    }
}

#[cfg(unix)]
store_suite!(file, files::unsynced);

#[cfg(unix)]
store_suite!(file_synced, files::synced);

/// What a store that cannot be held in time or opened twice is spared.
#[test]
fn a_store_without_a_clock_of_its_own_runs_the_rest() {
    use webstack_testkit::store_suite;

    let subject = StoreUnderTest::new(MemoryStore::new());
    store_suite::a_removed_entry_stays_removed(&subject);
    store_suite::handles_share_everything(&subject);
}
