//! The contract of stores.

use std::sync::Arc;

use webstack_store_sql::SqlStore;
use webstack_testkit::{HeldClock, StoreUnderTest, store_suite};

use crate::places;

/// `None` if there is no server, which was said aloud.
fn fresh_store(url: Option<String>) -> Option<StoreUnderTest> {
    let clock = HeldClock::new();
    let url = url?;
    let (time, namespace) = (clock.clone(), places::namespace());
    let open = move || {
        let builder = SqlStore::builder(&url).namespace(&namespace).clock(Arc::new(time.clone()));
        builder.build().expect("a store")
    };
    Some(StoreUnderTest::new(open()).with_clock(clock).with_second_handle(open))
}

store_suite!(postgres, || fresh_store(places::postgres()));
store_suite!(mariadb, || fresh_store(places::mariadb()));
store_suite!(mysql, || fresh_store(places::mysql()));
store_suite!(sqlite, || {
    let place = tempfile::tempdir().expect("a temporary directory");
    fresh_store(Some(places::sqlite(place.path()))).map(|store| store.keeping(place))
});
