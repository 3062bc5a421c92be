//! A Redis cluster.

use std::time::{Duration, Instant};

use webstack_test_servers::{RedisCluster, or_skip};

use crate::traces;

/// Keys of all three masters.
const KEYS: [&str; 3] = ["a", "b", "c"];

/// The node that holds a key, as the first node says it.
fn holder(cluster: &RedisCluster, key: &str) -> usize {
    let moved = cluster.node(0).ask(&["GET", key]).expect("it answers");
    let port = moved.strip_prefix("MOVED ").and_then(|moved| moved.rsplit_once(':')).map(|(_, port)| port);
    (0..cluster.size()).find(|node| Some(cluster.node(*node).port().to_string().as_str()) == port).unwrap_or(0)
}

#[test]
fn three_masters_share_the_keys_and_keep_them() {
    let Some(cluster) = or_skip(RedisCluster::start()) else { return };
    assert_eq!(cluster.urls(), [0, 1, 2].map(|node| cluster.node(node).url()));
    let mut holders = KEYS.map(|key| holder(&cluster, key));
    for (key, holder) in KEYS.iter().zip(holders) {
        assert_eq!(cluster.node(holder).ask(&["SET", key, "kept"]).expect("it answers"), "OK");
    }
    for node in 0..3 {
        cluster.node(node).kill();
        cluster.node(node).restart().expect("it starts again");
    }
    cluster.wait_until_ok().expect("they agree");
    for (key, holder) in KEYS.iter().zip(holders) {
        assert_eq!(cluster.node(holder).ask(&["GET", key]).expect("it answers"), "kept");
    }
    holders.sort_unstable();
    assert_eq!(holders, [0, 1, 2]);
    let directories = [0, 1, 2].map(|node| cluster.node(node).directory().to_owned());
    drop(cluster);
    directories.iter().for_each(|directory| traces::assert_gone(directory));
}

#[test]
fn a_replica_takes_the_place_of_a_master_that_is_killed() {
    let Some(cluster) = or_skip(RedisCluster::with_replicas()) else { return };
    let mut masters = [3, 4, 5].map(|node| cluster.master_of(node).expect("it answers").expect("it is a replica"));
    let replica = 3 + masters.iter().position(|master| *master == holder(&cluster, KEYS[0])).expect("it has a master");
    let master = masters[replica - 3];
    masters.sort_unstable();
    assert_eq!(masters, [0, 1, 2]);
    cluster.node(master).ask(&["SET", KEYS[0], "kept"]).expect("it answers");
    assert_eq!(cluster.node(master).ask(&["WAIT", "1", "5000"]).expect("it answers"), "1");
    cluster.node(master).kill();
    let begun = Instant::now();
    while cluster.master_of(replica).expect("it answers").is_some() {
        assert!(begun.elapsed() < Duration::from_secs(30), "nobody took over");
        std::thread::sleep(Duration::from_millis(20));
    }
    cluster.wait_until_ok().expect("they agree");
    assert_eq!(cluster.node(replica).ask(&["GET", KEYS[0]]).expect("it answers"), "kept");
    cluster.node(master).restart().expect("it starts again");
}

#[test]
fn two_clusters_run_side_by_side() {
    let (Some(one), Some(two)) = (or_skip(RedisCluster::start()), or_skip(RedisCluster::start())) else { return };
    for cluster in [&one, &two] {
        assert_eq!(cluster.node(0).ask(&["CLUSTER", "NODES"]).expect("it answers").lines().count(), 3);
    }
}
