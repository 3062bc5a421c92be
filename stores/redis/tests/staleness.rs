//! Two processes, each with a cache: how long one of them goes on answering a session that the other one has ended.
#![cfg(target_os = "linux")]

mod support;

use std::time::{Duration, Instant};

use webstack_store::{Cached, Created, Store as _};
use webstack_store_redis::RedisStore;
use webstack_test_servers::staleness::{self, Forwarder, Pair};
use webstack_test_servers::{Redis, or_skip};

use support::{Monitor, RUNTIME, block_on, builder, entry, id};

/// Not a test by itself: one of the processes.
#[test]
fn worker() {
    staleness::worker(&RUNTIME, |url| RedisStore::builder(url).build().expect("a store"));
}

/// Not a test by itself: a process between a client and a server.
#[test]
fn forwarder() {
    staleness::forwarder();
}

#[test]
fn a_logout_in_one_process_is_known_in_the_other() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let staleness = Duration::from_millis(200);
    let rounds = Pair::start(&server.url(), &server.url(), staleness).rounds();
    rounds.judge("told of changes");
    assert!(rounds.median() < staleness / 2, "it is told, and does not have to wait");
}

#[test]
fn a_logout_in_one_process_is_known_in_the_other_in_time_though_nothing_is_told() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let forwarder = Forwarder::start(server.port());
    // So short that all rounds, each longer than that, fit in about a minute.
    let staleness = Duration::from_millis(40);
    let watch = format!("redis://127.0.0.1:{}", forwarder.port());
    let mut pair = Pair::start(&server.url(), &watch, staleness);
    let rounds = pair.rounds_in_silence(|| forwarder.freeze(), || forwarder.thaw());
    rounds.judge("told of nothing");
    assert!(rounds.median() > staleness / 4, "it knew only because it heard nothing for too long");
}

#[test]
fn reading_costs_no_round_trip_as_long_as_there_are_signs_of_life() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let staleness = Duration::from_secs(1);
    let store = Cached::new(builder(&server.url()).build().expect("a store")).with_staleness(staleness);
    RUNTIME.spawn(store.listen());
    std::thread::sleep(staleness / 2);
    let read_all = || {
        for number in 0..50 {
            assert!(block_on(store.load(&id(number))).expect("an answer").is_some());
        }
    };
    for number in 0..50 {
        assert!(matches!(block_on(store.create(&id(number), entry("text", None, None))), Ok(Created::New(_))));
    }
    // What it is told of its own changes makes it forget them, to be on the safe side.
    std::thread::sleep(staleness / 2);
    read_all();
    let mut monitor = Monitor::of(&server);
    let (mut reads, seconds) = (0, 4);
    let commands = monitor.watch(|| {
        let began = Instant::now();
        while began.elapsed() < seconds * staleness {
            read_all();
            reads += 50;
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let signs = commands.iter().filter(|command| *command == "PING").count();
    eprintln!("{reads} reads in {seconds} seconds cost {} requests, {signs} signs of life", commands.len());
    assert!(commands.iter().all(|command| command == "PING" || command == "HELLO"), "{commands:?}");
    assert!(signs >= 3 && commands.len() <= 6 * seconds as usize + 4, "{commands:?}");
    assert!(reads > 1_000, "{reads}");
}
