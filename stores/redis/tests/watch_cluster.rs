//! What is told of changes in a cluster: by all of its masters, or not at all.

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use webstack_store::{Created, Entry, Store as _};
use webstack_store_redis::RedisStore;
use webstack_test_servers::{Redis, RedisCluster, RedisOptions, or_skip};
use webstack_testkit::{Heard, News};

use support::heard::Watching;
use support::{block_on, cluster_url, entry, id, info, namespace, until};

fn text() -> Entry {
    entry("text", None, None)
}

fn store(cluster: &RedisCluster) -> RedisStore {
    let url = cluster_url(&cluster.urls().join(","));
    RedisStore::builder(url).namespace(namespace()).timeout(Duration::from_secs(2)).build().expect("a store")
}

/// Sessions all over the cluster, each of them told of. While nodes do not agree yet where a slot is, none can be created there.
fn told_of_everywhere(store: &RedisStore, heard: &Heard, numbers: std::ops::Range<u64>) {
    for number in numbers.clone() {
        let create = || matches!(block_on(store.create(&id(number), text())), Ok(Created::New(_) | Created::Exists));
        until("it is there", create);
    }
    heard.catch_up();
    for number in numbers {
        assert_eq!(heard.count(News::Changed(id(number))), 1, "{number}");
    }
}

#[test]
fn it_begins_when_all_masters_tell() {
    let Some(cluster) = or_skip(RedisCluster::start()) else { return };
    let cluster = Arc::new(cluster);
    let tracked = Arc::new(Mutex::new(Vec::new()));
    let (noted, asked) = (Arc::clone(&tracked), Arc::clone(&cluster));
    let at_beginning = move || {
        let tracking = (0..3).map(|node| info(asked.node(node), "tracking_clients")).collect();
        let tracking: Vec<u64> = tracking;
        noted.lock().expect("nobody panicked").push(tracking);
    };
    let store = store(&cluster);
    let watching = Watching::of_and_at_beginning(&store, at_beginning);
    watching.heard.wait_for(News::Begun);
    assert_eq!(*tracked.lock().expect("nobody panicked"), [[1, 1, 1]]);
    told_of_everywhere(&store, &watching.heard, 0..60);
}

#[test]
fn changes_of_other_clients_and_of_redis_itself_are_told_of() {
    let Some(cluster) = or_skip(RedisCluster::start()) else { return };
    let store = store(&cluster);
    let watching = Watching::of(&store);
    let heard = &watching.heard;
    heard.wait_for(News::Begun);
    told_of_everywhere(&store, heard, 0..30);
    heard.forget();
    for node in 0..3 {
        let ask = |words: &[&str]| cluster.node(node).ask(words).expect("an answer");
        let keys = ask(&["KEYS", "*:????????????????????????????????"]);
        assert!(!keys.trim().is_empty(), "each node has some");
        for key in keys.lines() {
            ask(&["PEXPIRE", key, "100"]);
        }
    }
    // The new deadline, and the end.
    until("all ends are told", || (0..30).all(|number| heard.count(News::Changed(id(number))) == 2));
    heard.forget();
    cluster.node(1).ask(&["FLUSHALL"]).expect("an answer");
    heard.catch_up();
    assert_eq!(heard.events(), [News::Lost, News::Begun]);
}

#[test]
fn one_master_that_does_not_answer_holds_back_all() {
    let Some(cluster) = or_skip(RedisCluster::start()) else { return };
    let store = store(&cluster);
    let watching = Watching::of(&store);
    let heard = &watching.heard;
    heard.wait_for(News::Begun);
    heard.catch_up();
    cluster.node(2).pause();
    let paused = Instant::now();
    heard.wait_for(News::Lost);
    std::thread::sleep(Duration::from_secs(3));
    assert!(heard.moments().iter().all(|moment| *moment <= paused), "one of them did not answer");
    assert_eq!(heard.events(), [News::Begun, News::Lost]);
    cluster.node(2).resume();
    until("it has begun again", || heard.count(News::Begun) == 2);
    told_of_everywhere(&store, heard, 0..30);
}

#[test]
fn a_replica_that_takes_over_is_followed() {
    let Some(cluster) = or_skip(RedisCluster::with_replicas()) else { return };
    // The first node is the only one that is named, and it is the one that dies.
    let url = cluster_url(&cluster.urls()[0]);
    let store = RedisStore::builder(url).namespace(namespace()).build().expect("a store");
    let watching = Watching::of(&store);
    let heard = &watching.heard;
    heard.wait_for(News::Begun);
    told_of_everywhere(&store, heard, 0..30);
    let replica = (3..6).find(|node| matches!(cluster.master_of(*node), Ok(Some(0)))).expect("a replica");
    cluster.node(0).kill();
    heard.wait_for(News::Lost);
    until("it has begun again", || heard.count(News::Begun) == 2);
    assert_eq!(info(cluster.node(replica), "tracking_clients"), 1);
    told_of_everywhere(&store, heard, 100..130);
    // It comes back as a replica, and nobody minds.
    cluster.node(0).restart().expect("a restart");
    until("the old master is a replica", || matches!(cluster.master_of(0), Ok(Some(_))));
    told_of_everywhere(&store, heard, 200..230);
}

#[test]
fn a_master_that_joins_is_followed() {
    let Some(cluster) = or_skip(RedisCluster::start()) else { return };
    let options = RedisOptions::new().with_setting("cluster-enabled", "yes");
    let Some(newcomer) = or_skip(Redis::start_with(options)) else { return };
    let store = store(&cluster);
    let watching = Watching::of(&store);
    let heard = &watching.heard;
    heard.wait_for(News::Begun);
    heard.catch_up();
    let port = newcomer.port().to_string();
    cluster.node(0).ask(&["CLUSTER", "MEET", "127.0.0.1", &port]).expect("an answer");
    heard.wait_for(News::Lost);
    until("the newcomer is followed, too", || info(&newcomer, "tracking_clients") == 1);
    until("it has begun again", || heard.events().last() == Some(&News::Begun));
    told_of_everywhere(&store, heard, 0..30);
}
