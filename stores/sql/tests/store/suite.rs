//! The contract of stores.

use std::sync::Arc;

use webstack_store::MemoryStore;
use webstack_store_sql::SqlStore;
use webstack_testkit::{HeldClock, StoreUnderTest, store_suite};

use crate::places;

fn fresh_store(url: Option<String>) -> StoreUnderTest {
    let clock = HeldClock::new();
    // It was said aloud that there is no server; the suite wants some store all the same.
    let Some(url) = url else {
        return StoreUnderTest::new(MemoryStore::new().with_clock(Arc::new(clock.clone()))).with_clock(clock);
    };
    let (time, namespace) = (clock.clone(), places::namespace());
    let open = move || {
        let builder = SqlStore::builder(&url).namespace(&namespace).clock(Arc::new(time.clone()));
        builder.build().expect("a store")
    };
    StoreUnderTest::new(open()).with_clock(clock).with_second_handle(open)
}

store_suite!(postgres, || fresh_store(places::postgres()));
store_suite!(mariadb, || fresh_store(places::mariadb()));
store_suite!(sqlite, || {
    let place = tempfile::tempdir().expect("a temporary directory");
    fresh_store(Some(places::sqlite(place.path()))).keeping(place)
});
