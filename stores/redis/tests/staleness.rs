//! Two processes, each with a cache: how long one of them goes on answering a session that the other one has ended.
#![cfg(target_os = "linux")]

#[path = "support/process.rs"]
mod process;
mod support;
#[path = "support/through.rs"]
mod through;

use std::io::BufRead as _;
use std::time::{Duration, Instant};

use webstack_store::{Cached, Created, Removed, Store as _};
use webstack_store_redis::RedisStore;
use webstack_test_servers::{Redis, or_skip};

use process::{Process, answer, monotonic};
use support::{Monitor, RUNTIME, block_on, builder, entry, id};
use through::Through;

const STORE: &str = "WEBSTACK_STALENESS_STORE";
const WATCH: &str = "WEBSTACK_STALENESS_WATCH";
const MILLIS: &str = "WEBSTACK_STALENESS_MILLIS";
const FORWARD: &str = "WEBSTACK_STALENESS_FORWARD";

const ROUNDS: u64 = 1_000;

/// Longer than any round takes that ends at all.
const GIVE_UP: Duration = Duration::from_secs(20);

/// Not a test by itself: a process with a cache that listens. It does what it is told.
#[test]
fn worker() {
    let variable = |name| std::env::var(name).ok();
    let (Some(url), Some(watch), Some(millis)) = (variable(STORE), variable(WATCH), variable(MILLIS)) else { return };
    let open = |url: &str| RedisStore::builder(url).build().expect("a store");
    let staleness = Duration::from_millis(millis.parse().expect("a number"));
    let store = Cached::new(Through { store: open(&url), watch: open(&watch) }).with_staleness(staleness);
    RUNTIME.spawn(store.listen());
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (what, number) = line.split_once(' ').expect("what, and which session");
        let id = id(number.parse().expect("a number"));
        match what {
            "create" => {
                assert!(matches!(block_on(store.create(&id, entry("text", None, None))), Ok(Created::New(_))));
                answer(&[]);
            }
            "load" => {
                assert!(block_on(store.load(&id)).expect("an answer").is_some());
                answer(&[]);
            }
            "remove" => {
                assert!(matches!(block_on(store.remove(&id)), Ok(Removed::Removed)));
                answer(&[monotonic()]);
            }
            "load-until-gone" => {
                let (mut last_found, asked) = (monotonic(), Instant::now());
                assert!(block_on(store.load(&id)).expect("an answer").is_some());
                answer(&[]);
                loop {
                    let began = monotonic();
                    if block_on(store.load(&id)).expect("an answer").is_none() {
                        break answer(&[last_found, monotonic()]);
                    }
                    last_found = began;
                    assert!(asked.elapsed() < GIVE_UP, "it is still answered");
                    std::thread::sleep(Duration::from_micros(20));
                }
            }
            other => panic!("{other}"),
        }
    }
}

/// Not a test by itself: a process that passes on what is between a client and a server.
#[test]
fn forwarder() {
    if let Ok(port) = std::env::var(FORWARD) {
        through::forward(port.parse().expect("a port"), |port| answer(&[port.into()]));
    }
}

struct Pair {
    staleness: Duration,
    a: Process,
    b: Process,
}

impl Pair {
    /// Two processes that both have all sessions, and have had them for so long that they answer them only because they are told of
    /// changes.
    fn start(server: &Redis, watch: &str, staleness: Duration) -> Pair {
        let (url, millis) = (server.url(), staleness.as_millis().to_string());
        let start = |watch: &str| Process::start("worker", &[(STORE, &url), (WATCH, watch), (MILLIS, &millis)]);
        let mut pair = Pair { staleness, a: start(&url), b: start(watch) };
        for number in 0..ROUNDS {
            pair.a.ask(&format!("create {number}"));
        }
        std::thread::sleep(Duration::from_millis(500));
        for number in 0..ROUNDS {
            pair.a.ask(&format!("load {number}"));
            pair.b.ask(&format!("load {number}"));
        }
        std::thread::sleep(2 * staleness);
        pair
    }

    /// A ends a session while B is asked for it again and again.
    fn round(&mut self, number: u64) -> Round {
        self.b.ask(&format!("load-until-gone {number}"));
        let ended = self.a.ask(&format!("remove {number}"))[0];
        let [last_found, gone] = self.b.hear()[..] else { panic!("two moments") };
        Round { until_gone: gone - ended, last_found: last_found - ended }
    }

    /// Asserts that no question was answered with the session that began later than it may.
    ///
    /// There is no allowance, and none is needed: what is measured is not how long an answer takes but when its question began, by the
    /// clock that both processes and both of their caches read. A process that is held up answers later, or asks the store.
    fn judge(&self, what: &str, rounds: &[Round]) {
        let staleness = i64::try_from(self.staleness.as_nanos()).expect("a moment");
        let mut delays: Vec<i64> = rounds.iter().map(|round| round.until_gone).collect();
        delays.sort_unstable();
        let millis = |nanos: i64| nanos as f64 / 1e6;
        let at = |share: f64| millis(delays[((delays.len() - 1) as f64 * share).round() as usize]);
        let latest = rounds.iter().map(|round| round.last_found).max().expect("a round");
        eprintln!(
            "{what}: {} rounds, staleness {:?}: until the other process knows of a logout, in milliseconds: \
             min {:.3}, median {:.3}, 95% {:.3}, 99% {:.3}, max {:.3}; \
             the latest question that was answered with the session began {:.3} after the logout",
            rounds.len(),
            self.staleness,
            at(0.0),
            at(0.5),
            at(0.95),
            at(0.99),
            at(1.0),
            millis(latest),
        );
        let stale = rounds.iter().filter(|round| round.last_found > staleness).count();
        assert_eq!(stale, 0, "answers that are staler than {:?}", self.staleness);
    }
}

/// In nanoseconds from the moment at which the logout was answered.
struct Round {
    /// The first answer that there is no session.
    until_gone: i64,
    /// The beginning of the last question that was answered with the session.
    last_found: i64,
}

fn median(rounds: &[Round]) -> Duration {
    let mut delays: Vec<i64> = rounds.iter().map(|round| round.until_gone).collect();
    delays.sort_unstable();
    Duration::from_nanos(delays[delays.len() / 2].try_into().unwrap_or(0))
}

#[test]
fn a_logout_in_one_process_is_known_in_the_other() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let mut pair = Pair::start(&server, &server.url(), Duration::from_millis(200));
    let rounds: Vec<Round> = (0..ROUNDS).map(|number| pair.round(number)).collect();
    pair.judge("told of changes", &rounds);
    assert!(median(&rounds) < pair.staleness / 2, "it is told, and does not have to wait");
}

#[test]
fn a_logout_in_one_process_is_known_in_the_other_in_time_though_nothing_is_told() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let mut forwarder = Process::start("forwarder", &[(FORWARD, &server.port().to_string())]);
    let port = forwarder.hear()[0];
    // So short that all rounds, each longer than that, fit in about a minute.
    let mut pair = Pair::start(&server, &format!("redis://127.0.0.1:{port}"), Duration::from_millis(40));
    let mut rounds = Vec::new();
    for number in 0..ROUNDS {
        forwarder.freeze();
        rounds.push(pair.round(number));
        forwarder.thaw();
        // Until there was a sign of life, and what is older than the staleness is answered again.
        std::thread::sleep(pair.staleness / 2);
    }
    pair.judge("told of nothing", &rounds);
    assert!(median(&rounds) > pair.staleness / 4, "it knew only because it heard nothing for too long");
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
