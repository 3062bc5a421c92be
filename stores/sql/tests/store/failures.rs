//! Servers that stand still, end, come back, and refuse.

use std::time::{Duration, Instant};

use webstack_core::runtime::block_on;
use webstack_store::{Removed, Store as _, StoreAnswer, StoreError, Updated};
use webstack_store_sql::SqlStore;
use webstack_test_servers::{MariaDb, MySql, NotStarted, Postgres, or_skip, where_there};

use crate::stage::{chain, create, entry, id, until_answered};

/// What servers of both kinds can be told.
trait Controls {
    fn url(&self) -> String;
    fn pause(&self);
    fn resume(&self);
    fn kill(&self);
    fn restart(&self) -> Result<(), NotStarted>;
}

macro_rules! controls {
    ($($server:ty)*) => {
        $(impl Controls for $server {
            fn url(&self) -> String {
                self.url()
            }
            fn pause(&self) {
                self.pause();
            }
            fn resume(&self) {
                self.resume();
            }
            fn kill(&self) {
                self.kill();
            }
            fn restart(&self) -> Result<(), NotStarted> {
                self.restart()
            }
        })*
    };
}

controls!(Postgres MariaDb MySql);

/// Far more than the store's own limit, and far less than for ever.
const GENEROUS: Duration = Duration::from_secs(15);

fn unavailable<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
}

fn stands_still(server: &impl Controls) {
    let store = SqlStore::builder(server.url()).timeout(Duration::from_millis(500)).build().expect("a store");
    let version = create(&store, 1, "before");
    server.pause();
    let began = Instant::now();
    unavailable(block_on(store.load(&id(1))));
    unavailable(block_on(store.update(&id(1), version, entry("lost"))));
    unavailable(block_on(store.create(&id(2), entry("lost"))));
    unavailable(block_on(store.remove(&id(3))));
    assert!(began.elapsed() < GENEROUS, "{:?}", began.elapsed());
    server.resume();
    // What was sent may be done late, as the contract says, or never.
    let found = until_answered(async || store.load(&id(1)).await).expect("nobody removed it");
    let late = found.entry == entry("lost");
    assert!(late || found.entry == entry("before"));
    loop {
        let found = until_answered(async || store.load(&id(1)).await).expect("nobody removed it");
        if let Ok(Updated::Applied(_)) = block_on(store.update(&id(1), found.version, entry("after"))) {
            break;
        }
        assert!(began.elapsed() < 3 * GENEROUS);
    }
}

fn ends_and_comes_back(server: &impl Controls) {
    let store = SqlStore::builder(server.url()).timeout(Duration::from_secs(1)).build().expect("a store");
    // Many connections at once, so that all of them are broken later.
    std::thread::scope(|threads| {
        for number in 0..8 {
            let store = &store;
            threads.spawn(move || {
                for each in 0..10 {
                    create(store, 10 * number + each, "acknowledged");
                }
            });
        }
    });
    server.kill();
    unavailable(block_on(store.load(&id(1))));
    server.restart().expect("it starts again");
    // Once it is known that one connection broke, none is trusted that is as old: a write is not spent on it.
    create(&store, 1000, "at once");
    let listed = block_on(store.list(None, 1000)).expect("it is back");
    assert_eq!(listed.len(), 81, "what was acknowledged is there");
    for number in 0..20 {
        let found = block_on(store.load(&id(number))).expect("it is back").expect("it is there");
        assert!(matches!(block_on(store.update(&id(number), found.version, entry("more"))), Ok(Updated::Applied(_))));
    }
    assert_eq!(block_on(store.remove(&id(0))).expect("it is back"), Removed::Removed);
}

#[test]
fn postgres_that_stands_still_is_waited_for_a_bounded_time() {
    or_skip(Postgres::start()).iter().for_each(stands_still);
}

#[test]
fn mariadb_that_stands_still_is_waited_for_a_bounded_time() {
    or_skip(MariaDb::start()).iter().for_each(stands_still);
}

#[test]
fn mysql_that_stands_still_is_waited_for_a_bounded_time() {
    where_there(MySql::start()).iter().for_each(stands_still);
}

#[test]
fn mysql_that_was_killed_is_used_again_with_all_that_it_acknowledged() {
    where_there(MySql::start()).iter().for_each(ends_and_comes_back);
}

#[test]
fn postgres_that_was_killed_is_used_again_with_all_that_it_acknowledged() {
    or_skip(Postgres::start()).iter().for_each(ends_and_comes_back);
}

#[test]
fn mariadb_that_was_killed_is_used_again_with_all_that_it_acknowledged() {
    or_skip(MariaDb::start()).iter().for_each(ends_and_comes_back);
}

#[test]
fn a_connection_that_broke_costs_a_reader_nothing() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    let store = SqlStore::builder(server.url()).build().expect("a store");
    create(&store, 1, "text");
    for _ in 0..5 {
        // At once: too soon for the connection to be asked whether it lives.
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
                   AND backend_type = 'client backend'";
        let _ = server.query(end).expect("it ends others");
        assert!(block_on(store.load(&id(1))).expect("it is asked again").is_some());
    }
}

#[test]
fn a_write_whose_answer_was_lost_is_not_done_again() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    let store = SqlStore::builder(server.url()).timeout(Duration::from_secs(8)).build().expect("a store");
    let version = create(&store, 1, "text");
    let server = &server;
    std::thread::scope(|threads| {
        // The update waits for a lock; then its connection is ended, and the lock is given back.
        threads.spawn(move || {
            let hold = "BEGIN; SELECT 1 FROM webstack_sessions FOR UPDATE; SELECT pg_sleep(3); COMMIT";
            server.query(hold).expect("it is held")
        });
        threads.spawn(move || {
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE wait_event_type = 'Lock' AND backend_type = 'client backend'";
            while server.query(end).expect("it ends the one that waits").trim().is_empty() {}
        });
        std::thread::sleep(Duration::from_millis(700));
        unavailable(block_on(store.update(&id(1), version, entry("lost"))));
    });
    assert_eq!(until_answered(async || store.load(&id(1)).await).expect("it lives").entry, entry("text"));
}

/// Runs an operation while somebody holds the lock of what it needs.
fn held<T: std::fmt::Debug>(operation: StoreAnswer<'_, T>) {
    let began = Instant::now();
    let answer = block_on(operation);
    assert!(matches!(answer, Err(StoreError::Busy)), "{answer:?}");
    assert!(began.elapsed() < GENEROUS);
}

#[test]
fn an_entry_that_somebody_holds_is_busy() {
    if let Some(server) = or_skip(Postgres::start()) {
        let store = SqlStore::builder(server.url()).build().expect("a store");
        let version = create(&store, 1, "text");
        std::thread::scope(|threads| {
            let hold = "BEGIN; SELECT 1 FROM webstack_sessions FOR UPDATE; SELECT pg_sleep(4); COMMIT";
            threads.spawn(move || drop(server.query(hold)));
            std::thread::sleep(Duration::from_millis(700));
            held(store.update(&id(1), version, entry("new")));
            held(store.remove(&id(1)));
        });
    }
    if let Some(server) = or_skip(MariaDb::start()) {
        let store = SqlStore::builder(server.url()).build().expect("a store");
        let version = create(&store, 1, "text");
        std::thread::scope(|threads| {
            let hold = "BEGIN; SELECT 1 FROM webstack_sessions FOR UPDATE; SELECT sleep(4); COMMIT";
            threads.spawn(move || drop(server.query(hold)));
            std::thread::sleep(Duration::from_millis(700));
            held(store.update(&id(1), version, entry("new")));
            held(store.remove(&id(1)));
        });
    }
}

#[test]
fn what_passes_is_told_from_what_somebody_must_mend() {
    if let Some(server) = or_skip(Postgres::start()) {
        let store = |user: &str| {
            let url = server.url().replace("postgres@", &format!("{user}@"));
            SqlStore::builder(url).build().expect("a store")
        };
        create(&store("postgres"), 1, "text");
        let _ = server.query("CREATE USER stranger").expect("it is created");
        let answer = block_on(store("stranger").load(&id(1)));
        assert!(matches!(&answer, Err(StoreError::Broken(_))), "no right: {answer:?}");
        let answer = block_on(store("nobody_at_all").load(&id(1)));
        assert!(matches!(&answer, Err(StoreError::Broken(_))), "no such user: {answer:?}");
        let _ = server.query("ALTER SYSTEM SET default_transaction_read_only = on").expect("it is set");
        let _ = server.query("SELECT pg_reload_conf()").expect("it is read");
        let began = Instant::now();
        loop {
            match block_on(store("postgres").create(&id(2), entry("text"))) {
                Err(StoreError::Unavailable(_)) => break,
                answer => assert!(began.elapsed() < GENEROUS, "read-only: {answer:?}"),
            }
            let _ = block_on(store("postgres").remove(&id(2)));
        }
    }
    if let Some(server) = or_skip(MariaDb::start()) {
        let url = server.url();
        create(&SqlStore::builder(&url).build().expect("a store"), 1, "text");
        let wrong = SqlStore::builder(url.replace(":webstack@", ":wrong@")).build().expect("a store");
        let Err(error @ StoreError::Broken(_)) = block_on(wrong.load(&id(1))) else { panic!("a wrong password") };
        assert!(!chain(&error).contains("wrong"), "{}", chain(&error));
        let _ = server.query("GRANT SELECT ON webstack.* TO reader@'127.0.0.1' IDENTIFIED BY 'r'").expect("rights");
        let reader = SqlStore::builder(url.replace("webstack:webstack@", "reader:r@")).build().expect("a store");
        assert!(block_on(reader.load(&id(1))).expect("it may read").is_some());
        let answer = block_on(reader.create(&id(2), entry("text")));
        assert!(matches!(&answer, Err(StoreError::Broken(_))), "no right: {answer:?}");
        let _ = server.query("SET GLOBAL read_only = 1").expect("it is set");
        let _ = server.query("REVOKE ALL PRIVILEGES, GRANT OPTION FROM webstack@'127.0.0.1'").err();
    }
}
