//! How the tables come to be.

use std::sync::Barrier;

use webstack_core::runtime::block_on;
use webstack_store::{Store as _, StoreError};
use webstack_store_sql::{Setup, SqlStore};

use crate::places;
use crate::stage::{chain, create, id, until_answered};

#[test]
fn a_store_is_built_without_a_server_and_without_a_runtime() {
    for url in ["postgres://nobody@127.0.0.1:1/none", "mysql://nobody@127.0.0.1:1/none"] {
        let store = SqlStore::builder(url).timeout(std::time::Duration::from_millis(200)).build().expect("no I/O");
        assert!(matches!(block_on(store.load(&id(1))), Err(StoreError::Unavailable(_))), "{url}");
        assert!(!store.capabilities().needs_runtime && store.capabilities().multi_process);
    }
    let place = tempfile::tempdir().expect("a directory");
    let _ = SqlStore::builder(places::sqlite(place.path())).build().expect("no I/O");
    assert!(!place.path().join("sessions").exists());
}

fn many_at_once(url: &str) {
    for _ in 0..5 {
        let namespace = places::namespace();
        let start = Barrier::new(8);
        std::thread::scope(|threads| {
            for number in 0..8 {
                let (start, namespace) = (&start, &namespace);
                threads.spawn(move || {
                    let store = SqlStore::builder(url).namespace(namespace).build().expect("a store");
                    start.wait();
                    match number % 2 {
                        0 => until_answered(async || store.setup().await),
                        _ => drop(until_answered(async || store.load(&id(number)).await)),
                    }
                    create(&store, number, "text");
                });
            }
        });
        let store = SqlStore::builder(url).namespace(&namespace).setup(Setup::ByHand).build().expect("a store");
        assert_eq!(block_on(store.list(None, 100)).expect("a listing").len(), 8);
    }
}

fn by_hand(url: &str) {
    let namespace = places::namespace();
    let store = || SqlStore::builder(url).namespace(&namespace).setup(Setup::ByHand).build().expect("a store");
    let by_hand = store();
    let Err(error @ StoreError::Broken(_)) = block_on(by_hand.load(&id(1))) else { panic!("there are no tables") };
    assert!(chain(&error).contains("webstack setup"), "{}", chain(&error));
    until_answered(async || by_hand.setup().await);
    create(&by_hand, 1, "text");
    create(&store(), 2, "text");
}

#[test]
fn many_set_up_one_postgres_at_once() {
    places::postgres().iter().for_each(|url| many_at_once(url));
}

#[test]
fn many_set_up_one_mariadb_at_once() {
    places::mariadb().iter().for_each(|url| many_at_once(url));
}

#[test]
fn many_set_up_one_sqlite_at_once() {
    let place = tempfile::tempdir().expect("a directory");
    many_at_once(&places::sqlite(place.path()));
}

#[test]
fn tables_may_be_made_by_hand_alone() {
    let place = tempfile::tempdir().expect("a directory");
    let urls = [places::postgres(), places::mariadb(), Some(places::sqlite(place.path()))];
    urls.iter().flatten().for_each(|url| by_hand(url));
}

#[test]
fn who_makes_the_tables_is_said_in_the_url_unless_it_is_said_in_code() {
    let place = tempfile::tempdir().expect("a directory");
    let url = format!("{}?setup=by-hand", places::sqlite(place.path()));
    let by_hand = SqlStore::builder(&url).build().expect("a store");
    assert!(matches!(block_on(by_hand.load(&id(1))), Err(StoreError::Broken(_))), "there are no tables");
    create(&SqlStore::builder(&url).setup(Setup::Automatic).build().expect("a store"), 1, "text");
}

#[test]
fn the_text_of_the_schema_makes_the_tables_for_a_user_who_may_not() {
    use webstack_test_servers::{MariaDb, Postgres, or_skip};
    if let Some(server) = or_skip(Postgres::start()) {
        let store = |url: &str| SqlStore::builder(url).setup(Setup::ByHand).build().expect("a store");
        let _ = server.query(&store(&server.url()).schema()).expect("it is run by psql");
        let rights = "CREATE USER shop; GRANT SELECT ON webstack_schema TO shop; \
                      GRANT SELECT, INSERT, UPDATE, DELETE ON webstack_sessions, webstack_places TO shop";
        let _ = server.query(rights).expect("rights are given");
        let url = server.url().replace("postgres@", "shop@");
        create(&store(&url), 1, "text");
        // Who may not make tables, and has none, is told.
        let other = SqlStore::builder(&url).namespace("other").build().expect("a store");
        assert!(matches!(block_on(other.load(&id(1))), Err(StoreError::Broken(_))));
    }
    if let Some(server) = or_skip(MariaDb::start()) {
        let store = SqlStore::builder(server.url()).setup(Setup::ByHand).build().expect("a store");
        let _ = server.query(&store.schema()).expect("it is run by mariadb");
        create(&store, 1, "text");
    }
}

#[test]
fn tables_that_vanish_are_made_again_and_newer_ones_are_left_alone() {
    let Some(server) = webstack_test_servers::or_skip(webstack_test_servers::Postgres::start()) else { return };
    let store = SqlStore::builder(server.url()).build().expect("a store");
    create(&store, 1, "text");
    let _ = server.query("DROP TABLE webstack_sessions, webstack_places, webstack_schema").expect("they are dropped");
    assert!(matches!(block_on(store.load(&id(1))), Err(StoreError::Broken(_))));
    create(&store, 1, "text");
    let _ = server.query("INSERT INTO webstack_schema VALUES (1000)").expect("it is inserted");
    let later = SqlStore::builder(server.url()).build().expect("a store");
    let Err(error @ StoreError::Broken(_)) = block_on(later.load(&id(1))) else { panic!("it is newer") };
    assert!(chain(&error).contains("newer"), "{}", chain(&error));
}
