//! How often the server is asked, counted by the server.

mod support;

use std::time::Duration;

use webstack_store::{
    Clock as _, Created, Entry, GRACE, PurgeStep, Removed, Reserved, Store as _, Touched, Updated, Version,
};
use webstack_store_redis::RedisStore;
use webstack_test_servers::{Redis, or_skip};
use webstack_testkit::HeldClock;

use support::{Monitor, block_on, builder, entry, id, owner};

struct Counted {
    clock: HeldClock,
    store: RedisStore,
    monitor: Monitor,
    _server: Redis,
}

impl Counted {
    /// A store that has connected, on a server that knows all scripts.
    fn new() -> Option<Counted> {
        let server = or_skip(Redis::start())?;
        let clock = HeldClock::new();
        let store = builder(&server.url()).clock(std::sync::Arc::new(clock.clone())).build().expect("a store");
        let mut counted = Counted { clock, store, monitor: Monitor::of(&server), _server: server };
        let over = entry("", Some(counted.clock.now()), Some(owner("warm")));
        counted.put(800_000_000, over);
        counted.clock.advance(GRACE);
        let before = counted.count(|store| block_on(every_operation(store, 900_000_000)));
        assert!(before.len() > 10);
        Some(counted)
    }

    fn count(&mut self, what: impl FnOnce(&RedisStore)) -> Vec<String> {
        let store = &self.store;
        self.monitor.watch(|| what(store))
    }

    fn put(&mut self, number: u64, given: Entry) -> Version {
        put(&self.store, number, given)
    }
}

fn put(store: &RedisStore, number: u64, given: Entry) -> Version {
    match block_on(store.create(&id(number), given)).expect("an answer") {
        Created::New(version) => version,
        Created::Exists => panic!("{number} is new"),
    }
}

async fn every_operation(store: &RedisStore, number: u64) {
    let [one, other] = [id(number), id(number + 1)];
    let alice = owner("alice");
    assert_eq!(store.reserve(&alice, &one, 10).await.expect("an answer"), Reserved::Granted);
    for id in [one, other] {
        let Ok(Created::New(version)) = store.create(&id, entry("", None, Some(alice))).await else { panic!("new") };
        let Ok(Updated::Applied(version)) = store.update(&id, version, entry("", None, None)).await else {
            panic!("unchanged")
        };
        assert_eq!(store.touch(&id, version, None).await.expect("an answer"), Touched::Extended);
    }
    let _ = store.remove(&one).await.expect("an answer");
    let _ = store.purge(PurgeStep::new(10)).await.expect("an answer");
}

const SCRIPT: &str = "EVALSHA";

#[test]
fn an_operation_on_one_session_asks_once() {
    let Some(mut counted) = Counted::new() else { return };
    let deadline = counted.clock.now() + Duration::from_secs(1800);
    let given = || entry("text", Some(deadline), None);
    let mut version = Version::new(0);
    let created = counted.count(|store| version = put(store, 1, given()));
    assert_eq!(created, [SCRIPT], "create");
    let loaded = counted.count(|store| assert!(block_on(store.load(&id(1))).expect("an answer").is_some()));
    assert_eq!(loaded, ["GET"], "load");
    let conflict = counted.count(|store| {
        let answer = block_on(store.update(&id(1), Version::new(1), given()));
        assert!(matches!(answer, Ok(Updated::Conflict(_))));
    });
    assert_eq!(conflict, [SCRIPT], "a conflict brings the entry along");
    let touched = counted.count(|store| {
        let later = Some(deadline + Duration::from_secs(1));
        assert_eq!(block_on(store.touch(&id(1), version, later)).expect("an answer"), Touched::Extended);
    });
    assert_eq!(touched, [SCRIPT], "touch");
    let updated = counted.count(|store| {
        assert!(matches!(block_on(store.update(&id(1), version, given())), Ok(Updated::Applied(_))));
    });
    assert_eq!(updated, [SCRIPT], "update");
    let removed =
        counted.count(|store| assert_eq!(block_on(store.remove(&id(1))).expect("an answer"), Removed::Removed));
    assert_eq!(removed, [SCRIPT], "remove");
}

#[test]
fn an_owner_costs_one_more_where_it_comes_or_goes_and_nothing_in_between() {
    let Some(mut counted) = Counted::new() else { return };
    let (clock, alice) = (counted.clock.clone(), owner("alice"));
    let deadline = || Some(clock.now() + Duration::from_secs(1800));
    let given = || entry("text", deadline(), Some(alice));
    let mut version = Version::new(0);
    let created = counted.count(|store| version = put(store, 1, given()));
    assert_eq!(created, [SCRIPT; 2], "the marker, then the entry");
    // A session that is used every minute, for an hour.
    for _ in 0..60 {
        clock.advance(Duration::from_secs(60));
        let used = counted.count(|store| {
            assert_eq!(block_on(store.touch(&id(1), version, deadline())).expect("an answer"), Touched::Extended);
            let Ok(Updated::Applied(next)) = block_on(store.update(&id(1), version, given())) else { panic!("alone") };
            version = next;
        });
        assert_eq!(used, [SCRIPT; 2], "touch, update");
    }
    let handed_over = counted.count(|store| {
        let given = entry("text", deadline(), Some(owner("bob")));
        let Ok(Updated::Applied(next)) = block_on(store.update(&id(1), version, given)) else { panic!("alone") };
        version = next;
    });
    assert_eq!(handed_over, [SCRIPT; 4], "refused, bob's marker, the entry, alice's marker");
    let removed =
        counted.count(|store| assert_eq!(block_on(store.remove(&id(1))).expect("an answer"), Removed::Removed));
    assert_eq!(removed, [SCRIPT; 2], "the entry, its marker");
}

#[test]
fn owners_and_pages_are_read_in_a_few_strides() {
    let Some(mut counted) = Counted::new() else { return };
    let alice = owner("carol");
    for number in 0..5 {
        counted.put(number, entry("text", None, Some(alice)));
    }
    let listed = counted.count(|store| {
        assert_eq!(block_on(store.owned_by(&alice, None, 10)).expect("an answer").len(), 5);
    });
    assert_eq!(listed, ["HGETALL", "GET", "GET", "GET", "GET", "GET"]);
    let reserved = counted.count(|store| {
        assert_eq!(block_on(store.reserve(&alice, &id(77), 6)).expect("an answer"), Reserved::Granted);
    });
    assert_eq!(reserved.len(), 7, "the markers, the head of each session, the script: {reserved:?}");
}

#[test]
fn a_purge_costs_what_it_removes_however_many_sessions_there_are() {
    let Some(mut counted) = Counted::new() else { return };
    let (alice, start) = (owner("alice"), counted.clock.now());
    let mut costs = Vec::new();
    let mut living = 0;
    for (round, sessions) in [1_000, 100_000].into_iter().enumerate() {
        let deadline = Some(start + Duration::from_secs(365 * 24 * 3600));
        fill(&counted.store, living..sessions, deadline);
        living = sessions;
        let soon = Some(counted.clock.now() + Duration::from_secs(1));
        for number in 0..100 {
            let owner = (number < 10).then_some(alice);
            counted.put(1_000_000 * (round as u64 + 1) + number, entry("text", soon, owner));
        }
        counted.clock.advance(GRACE + Duration::from_secs(1));
        let mut purged = None;
        let commands = counted.count(|store| purged = Some(block_on(store.purge(PurgeStep::new(1_000)))));
        let purged = purged.expect("it ran").expect("an answer");
        assert_eq!((purged.removed, purged.remaining, purged.next), (100, 0, None));
        costs.push(commands.len());
    }
    let [few, many] = costs[..] else { panic!("two rounds") };
    // One question for each of the 4096 parts; a script for each part with something to remove; ten markers.
    assert!((4096..4096 + 100 + 10 + 1).contains(&few), "{few}");
    assert!(many.abs_diff(few) <= 10, "{few} commands among 1,000 sessions, {many} among 100,000");
}

fn fill(store: &RedisStore, numbers: std::ops::Range<u64>, deadline: Option<webstack_store::Timestamp>) {
    block_on(async {
        let numbers: Vec<u64> = numbers.collect();
        for part in numbers.chunks(500) {
            let ids: Vec<_> = part.iter().map(|number| id(*number)).collect();
            let created = ids.iter().map(|id| store.create(id, entry("text", deadline, None)));
            for created in futures_util::future::join_all(created).await {
                assert!(matches!(created, Ok(Created::New(_))));
            }
        }
    });
}
