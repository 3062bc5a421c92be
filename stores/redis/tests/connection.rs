//! When it connects, and what becomes of it when the server, the connection or the runtime goes away.

mod support;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use webstack_store::{Created, Store as _, StoreError, Updated};
use webstack_store_redis::RedisStore;
use webstack_test_servers::{Redis, RedisOptions, or_skip};
use webstack_testkit::HeldClock;

use support::{Monitor, block_on, builder, entry, id, info, namespace, owner, until};

fn text() -> webstack_store::Entry {
    entry("text", None, None)
}

/// How long anything may take that is bounded by two seconds, on a machine that does other things as well.
const BOUND: Duration = Duration::from_secs(10);

#[test]
fn first_operations_connect_once_and_not_before() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let before = info(&server, "total_connections_received");
    let store = builder(&server.url()).build().expect("a store");
    assert_eq!(info(&server, "total_connections_received"), before + 1, "that was the question itself");
    block_on(async {
        let ids: Vec<_> = (0..50).map(id).collect();
        for loaded in join_all(ids.iter().map(|id| store.load(id))).await {
            assert!(loaded.expect("an answer").is_none());
        }
    });
    assert_eq!(info(&server, "total_connections_received"), before + 3, "the question again, and the store");
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let store = RedisStore::builder("redis://127.0.0.1:1").build().expect("a store");
    let answer = webstack_core::runtime::block_on(store.load(&id(1)));
    assert!(matches!(answer, Err(StoreError::Broken(_))), "{answer:?}");
}

#[test]
fn a_store_outlives_its_runtime() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = builder(&server.url()).build().expect("a store");
    for number in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            assert!(matches!(store.create(&id(number), text()).await, Ok(Created::New(_))));
            assert!(matches!(store.load(&id(0)).await, Ok(Some(_))));
        });
    }
    until("the connections of runtimes that ended are closed", || info(&server, "connected_clients") == 1);
}

#[test]
fn runtimes_that_take_turns_do_not_wait_for_each_other() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = builder(&server.url()).build().expect("a store");
    // Neither is driven while the other one is.
    let runtimes = [(); 2].map(|()| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("one"));
    for number in 0..20 {
        let runtime = &runtimes[number as usize % 2];
        let created = runtime.block_on(store.create(&id(number), text()));
        assert!(matches!(created, Ok(Created::New(_))), "{created:?}");
    }
    assert_eq!(info(&server, "connected_clients"), 3, "one for each runtime, and the question");
}

#[test]
fn nobody_there_is_unavailable_until_somebody_is() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = RedisStore::builder(server.url()).namespace(namespace()).build().expect("a store");
    let never = RedisStore::builder(server.url()).namespace(namespace()).build().expect("a store");
    assert!(matches!(block_on(store.load(&id(1))), Ok(None)));
    server.kill();
    assert!(matches!(block_on(never.load(&id(1))), Err(StoreError::Unavailable(_))), "it never connected");
    let began = Instant::now();
    for _ in 0..3 {
        assert!(matches!(block_on(store.load(&id(1))), Err(StoreError::Unavailable(_))));
        assert!(matches!(block_on(store.create(&id(1), text())), Err(StoreError::Unavailable(_))));
    }
    assert!(began.elapsed() < 6 * BOUND);
    server.restart().expect("a restart");
    assert!(matches!(block_on(store.create(&id(1), text())), Ok(Created::New(_))));
}

#[test]
fn a_server_that_does_not_answer_is_unavailable_in_bounded_time() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = RedisStore::builder(server.url()).namespace(namespace()).timeout(Duration::from_millis(500));
    let store = store.build().expect("a store");
    let Ok(Created::New(version)) = block_on(store.create(&id(1), text())) else { panic!("new") };
    server.pause();
    let began = Instant::now();
    // The first one waits on the old connection, the second one for a new one.
    for _ in 0..2 {
        assert!(matches!(block_on(store.load(&id(1))), Err(StoreError::Unavailable(_))));
        assert!(matches!(block_on(store.update(&id(1), version, text())), Err(StoreError::Unavailable(_))));
        assert!(matches!(block_on(store.list(None, 10)), Err(StoreError::Unavailable(_))));
    }
    assert!(began.elapsed() < BOUND);
    server.resume();
    until("it answers again", || block_on(store.load(&id(1))).is_ok());
    let found = block_on(store.load(&id(1))).expect("an answer").expect("the entry");
    assert!(matches!(block_on(store.update(&id(1), found.version, text())), Ok(Updated::Applied(_))));
}

#[test]
fn a_restart_is_not_even_noticed() {
    let Some(server) = or_skip(Redis::start_with(RedisOptions::new().durable())) else { return };
    let clock = HeldClock::new();
    let store = builder(&server.url()).clock(std::sync::Arc::new(clock)).build().expect("a store");
    let given = entry("text", None, Some(owner("alice")));
    let Ok(Created::New(mut version)) = block_on(store.create(&id(1), given.clone())) else { panic!("new") };
    for _ in 0..3 {
        server.restart().expect("a restart");
        // A write comes first: it is not repeated, and need not be. No script is known there any more.
        let Ok(Updated::Applied(next)) = block_on(store.update(&id(1), version, given.clone())) else {
            panic!("alone")
        };
        version = next;
        assert_eq!(block_on(store.owned_by(&owner("alice"), None, 10)).expect("an answer").len(), 1);
    }
}

#[test]
fn scripts_that_a_server_forgot_are_sent_again() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = builder(&server.url()).build().expect("a store");
    let Ok(Created::New(version)) = block_on(store.create(&id(1), text())) else { panic!("new") };
    let mut monitor = Monitor::of(&server);
    server.ask(&["SCRIPT", "FLUSH"]).expect("an answer");
    let commands = monitor.watch(|| {
        assert!(matches!(block_on(store.create(&id(2), text())), Ok(Created::New(_))));
        assert!(matches!(block_on(store.update(&id(1), version, text())), Ok(Updated::Applied(_))));
        assert!(matches!(block_on(store.create(&id(3), text())), Ok(Created::New(_))));
    });
    let scripts: Vec<&String> = commands.iter().filter(|command| command.starts_with("EVAL")).collect();
    assert_eq!(scripts, ["EVALSHA", "EVAL", "EVALSHA", "EVAL", "EVALSHA"]);
}

#[test]
fn a_lost_answer_makes_no_second_write() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = RedisStore::builder(server.url()).namespace(namespace()).timeout(Duration::from_millis(500));
    let store = store.build().expect("a store");
    let Ok(Created::New(version)) = block_on(store.create(&id(1), text())) else { panic!("new") };
    // So that the server knows the script.
    let Ok(Updated::Applied(version)) = block_on(store.update(&id(1), version, text())) else { panic!("alone") };
    server.pause();
    // It reaches the server's system, and is done when the server goes on; the answer is lost.
    assert!(matches!(
        block_on(store.update(&id(1), version, entry("new", None, None))),
        Err(StoreError::Unavailable(_))
    ));
    server.resume();
    let found = || block_on(store.load(&id(1))).ok().flatten();
    until("it is done", || found().is_some_and(|found| found.entry.bytes == "new"));
    let found = found().expect("the entry");
    assert_ne!(found.version, version);
    // Whoever tries again with the old version is told what stands there.
    let again = block_on(store.update(&id(1), version, entry("newer", None, None)));
    assert!(matches!(again, Ok(Updated::Conflict(conflict)) if conflict == found));
}

#[test]
fn a_time_limit_that_is_none_is_a_long_one() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = RedisStore::builder(server.url()).timeout(Duration::MAX).build().expect("a store");
    assert!(matches!(block_on(store.create(&id(1), text())), Ok(Created::New(_))));
}
