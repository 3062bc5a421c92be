//! A cluster that changes: a master dies, a slot moves.

mod support;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use webstack_store::{Created, SessionId, Store as _, StoreError, Updated, Version};
use webstack_store_redis::RedisStore;
use webstack_test_servers::{RedisCluster, or_skip};

use support::{SHARED_CLUSTER, block_on, builder, cluster_url, entry, id, namespace, owner, until};

fn text() -> webstack_store::Entry {
    entry("text", None, None)
}

fn store(cluster: &RedisCluster) -> RedisStore {
    let url = cluster_url(&cluster.urls().join(","));
    RedisStore::builder(url).namespace(namespace()).timeout(Duration::from_secs(2)).build().expect("a store")
}

/// Sessions all over the cluster.
fn create(store: &RedisStore, numbers: std::ops::Range<u64>) -> HashMap<SessionId, Version> {
    let owned = || entry("text", None, Some(owner("alice")));
    let new = |number| match block_on(store.create(&id(number), owned())) {
        Ok(Created::New(version)) => (id(number), version),
        other => panic!("{other:?}"),
    };
    numbers.map(new).collect()
}

#[test]
fn a_master_dies_and_its_replica_takes_over() {
    let Some(cluster) = or_skip(RedisCluster::with_replicas()) else { return };
    let store = store(&cluster);
    let versions = create(&store, 0..60);
    // Acknowledged is not replicated yet, in any Redis. What was replicated is not lost.
    cluster.wait_until_replicated().expect("the replicas keep up");
    cluster.node(0).kill();
    let began = Instant::now();
    let mut failed = 0;
    for session in versions.keys() {
        match block_on(store.load(session)) {
            Ok(found) => assert!(found.is_some()),
            Err(StoreError::Unavailable(_)) => failed += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(failed < versions.len(), "the other masters go on");
    assert!(began.elapsed() < Duration::from_secs(150));
    // The same store, without any help: every session, unchanged, and all of them can be written.
    until("all sessions are there again", || {
        versions.iter().all(|(session, version)| {
            block_on(store.load(session)).is_ok_and(|found| found.expect("not lost").version == *version)
        })
    });
    for (session, version) in &versions {
        assert!(matches!(block_on(store.update(session, *version, text())), Ok(Updated::Applied(_))));
    }
    assert_eq!(block_on(store.list(None, 100)).expect("an answer").len(), versions.len());
    assert!(matches!(block_on(store.create(&id(99), text())), Ok(Created::New(_))));
}

#[test]
fn a_master_that_hangs_holds_up_nobody_elses_sessions() {
    let Some(cluster) = or_skip(RedisCluster::with_replicas()) else { return };
    let store = store(&cluster);
    let versions = create(&store, 0..30);
    cluster.wait_until_replicated().expect("the replicas keep up");
    cluster.node(0).pause();
    // Its replica takes over; the old master is still there, and answers nobody.
    until("all sessions are there again", || {
        versions.keys().all(|session| match block_on(store.load(session)) {
            Ok(found) => found.is_some(),
            Err(StoreError::Unavailable(_)) => false,
            Err(other) => panic!("{other:?}"),
        })
    });
    cluster.node(0).resume();
    until("the old master is a replica", || matches!(cluster.master_of(0), Ok(Some(_))));
    for (session, version) in &versions {
        assert!(matches!(block_on(store.update(session, *version, text())), Ok(Updated::Applied(_))), "{session}");
    }
}

#[test]
fn a_slot_moves_while_its_sessions_are_used() {
    let Some(cluster) = or_skip(RedisCluster::start()) else { return };
    let store = store(&cluster);
    let [session, other] = [id(1), id(2)];
    let ask = |node: usize, words: &[&str]| cluster.node(node).ask(words).expect("an answer").trim().to_owned();
    let mut version = create(&store, 1..3)[&session];
    // Which key it is, and where.
    let keys = (0..3).find_map(|node| {
        let found = ask(node, &["KEYS", &format!("*{session}")]);
        (!found.is_empty()).then_some((node, found))
    });
    let (from, key) = keys.expect("it is somewhere");
    let to = (from + 1) % 3;
    let slot = ask(from, &["CLUSTER", "KEYSLOT", &key]);
    let [source, target] = [from, to].map(|node| ask(node, &["CLUSTER", "MYID"]));
    assert_eq!(ask(to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]), "OK");
    assert_eq!(ask(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target]), "OK");
    // Nothing has moved yet.
    assert!(matches!(block_on(store.load(&session)), Ok(Some(_))));
    let migrate = |key: &str| {
        let port = cluster.node(to).port().to_string();
        assert_eq!(ask(from, &["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]), "OK");
    };
    // Half of the keys have moved: reading goes on, writing waits until both are in one place.
    migrate(&key);
    assert!(matches!(block_on(store.load(&session)), Ok(Some(_))), "the other node is asked");
    assert!(matches!(block_on(store.update(&session, version, text())), Err(StoreError::Unavailable(_))));
    migrate(&format!("{}:x", key.split_once(':').map_or("", |_| key.rsplit_once(':').expect("a colon").0)));
    let Ok(Updated::Applied(next)) = block_on(store.update(&session, version, text())) else { panic!("it is there") };
    version = next;
    for node in [to, from] {
        assert_eq!(ask(node, &["CLUSTER", "SETSLOT", &slot, "NODE", &target]), "OK");
    }
    assert!(matches!(block_on(store.update(&session, version, text())), Ok(Updated::Applied(_))), "moved for good");
    assert!(matches!(block_on(store.load(&other)), Ok(Some(_))));
    assert_eq!(block_on(store.list(None, 9)).expect("an answer").len(), 2);
}

#[test]
fn a_cluster_that_is_called_a_server_is_broken_and_says_so() {
    let Some(url) = SHARED_CLUSTER.as_ref() else { return };
    let (_, nodes) = url.split_once("://").expect("a scheme");
    let first = nodes.split(',').next().expect("a node");
    let store = builder(&format!("redis://{first}")).build().expect("a store");
    let refused = (0..50).find_map(|number| block_on(store.load(&id(number))).err());
    let Some(StoreError::Broken(cause)) = refused else { panic!("{refused:?}") };
    assert!(cause.to_string().contains("redis+cluster://"), "{cause}");
}
