//! Pools of the application's, and runtimes that end.

use webstack_core::runtime::block_on;
use webstack_store::{Store as _, StoreError};
use webstack_store_sql::SqlStore;

use crate::places;
use crate::stage::{create, entry, id};

#[test]
fn a_store_outlives_the_runtimes_that_it_is_used_in() {
    let place = tempfile::tempdir().expect("a directory");
    for url in [places::postgres(), places::mariadb(), Some(places::sqlite(place.path()))].iter().flatten() {
        let store = SqlStore::builder(url).namespace(places::namespace()).max_connections(2).build().expect("a store");
        for number in 0..5 {
            // One that stands still, one that ends, and none at all.
            let still = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            still.block_on(store.create(&id(number), entry("text"))).map(drop).expect("in a runtime");
            let ended = tokio::runtime::Runtime::new().expect("a runtime");
            assert!(ended.block_on(store.load(&id(number))).expect("in another").is_some());
            drop(ended);
            assert!(block_on(store.load(&id(number))).expect("in none").is_some());
        }
    }
}

#[test]
fn a_store_may_be_dropped_inside_a_runtime_and_its_futures_outside() {
    let place = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let url = places::sqlite(place.path());
    runtime.block_on(async {
        let store = SqlStore::builder(&url).build().expect("a store");
        assert!(store.load(&id(1)).await.expect("it is reached").is_none());
    });
    let store = SqlStore::builder(&url).build().expect("a store");
    drop(store.load(&id(1)));
    let number = id(1);
    let mut begun = store.load(&number);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::pin::Pin::new(&mut begun).poll(&mut context).is_pending());
    drop(begun);
    create(&store, 1, "text");
}

/// Uses a pool in the application's runtime, and out of it.
fn in_a_runtime(runtime: &tokio::runtime::Runtime, store: &SqlStore) {
    assert!(store.capabilities().needs_runtime);
    runtime.block_on(async {
        store.create(&id(1), entry("text")).await.map(drop).expect("in its runtime");
        assert!(store.load(&id(1)).await.expect("in its runtime").is_some());
    });
    assert!(matches!(block_on(store.load(&id(1))), Err(StoreError::Broken(_))), "there is no runtime");
}

#[test]
fn a_pool_of_the_application_is_used_in_its_runtime() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _inside = runtime.enter();
    if let Some(url) = places::postgres() {
        let pool = sqlx::PgPool::connect_lazy(&url).expect("a pool");
        let store = SqlStore::from_pool(pool).namespace(places::namespace()).build().expect("a store");
        drop(_inside);
        in_a_runtime(&runtime, &store);
    }
    let _inside = runtime.enter();
    if let Some(url) = places::mariadb() {
        let pool = sqlx::MySqlPool::connect_lazy(&url).expect("a pool");
        let store = SqlStore::from_pool(pool).namespace(places::namespace()).build().expect("a store");
        drop(_inside);
        in_a_runtime(&runtime, &store);
    }
    let place = tempfile::tempdir().expect("a directory");
    let _inside = runtime.enter();
    let file = format!("sqlite:{}/app.db?mode=rwc", place.path().display());
    let pool = sqlx::SqlitePool::connect_lazy(&file).expect("a pool");
    let store = SqlStore::from_pool(pool).namespace("shop").build().expect("a store");
    drop(_inside);
    in_a_runtime(&runtime, &store);
}
