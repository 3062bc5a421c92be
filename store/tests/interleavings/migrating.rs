//! Every way in which several requests can meet while a session moves.

use std::future::Future as _;
use std::sync::Arc;
use std::time::Duration;

use crate::schedule::{Outcome, Stepped, explore, run};
use webstack_store::{
    Clock as _, Created, Entry, GRACE, MemoryStore, Migrating, OwnerKey, PurgeStep, Removed, SessionId, Store,
    StoreError, Stored, Updated,
};
use webstack_testkit::HeldClock;

type Move = Migrating<Stepped<MemoryStore>, Stepped<MemoryStore>>;

fn id() -> SessionId {
    SessionId::from_bytes([7; 16])
}

fn owner() -> OwnerKey {
    OwnerKey::derive("test", "alice")
}

fn entry(text: &'static str) -> Entry {
    Entry { bytes: text.into(), expires: None, owner: Some(owner()) }
}

/// Two stores, with the session in the old one.
fn begun() -> Arc<Move> {
    let old = MemoryStore::new();
    assert!(matches!(run(old.create(&id(), entry("old"))), Ok(Created::New(_))));
    Arc::new(Migrating::new(Stepped(old), Stepped(MemoryStore::new())))
}

/// What a request saw, or did.
#[derive(Clone, Debug, PartialEq)]
enum Did {
    Saw(Option<&'static str>),
    Wrote(bool),
    Ended,
    Listed(usize),
    /// It was told to try again.
    Waited,
}

fn text(found: Option<Stored>) -> Option<&'static str> {
    found.map(|found| match &*found.entry.bytes {
        b"old" => "old",
        b"new" => "new",
        other => panic!("nobody wrote {other:?}"),
    })
}

fn unless_busy(did: Result<Did, StoreError>) -> Did {
    match did {
        Ok(did) => did,
        Err(StoreError::Busy) => Did::Waited,
        Err(error) => panic!("{error:?}"),
    }
}

async fn reads(store: Arc<Move>) -> Did {
    unless_busy(store.load(&id()).await.map(|found| Did::Saw(text(found))))
}

async fn writes(store: Arc<Move>) -> Did {
    let write = async {
        let Some(found) = store.load(&id()).await? else { return Ok(Did::Saw(None)) };
        let mut version = found.version;
        loop {
            match store.update(&id(), version, entry("new")).await? {
                Updated::Applied(_) => return Ok(Did::Wrote(true)),
                Updated::Conflict(found) => version = found.version,
                Updated::Gone => return Ok(Did::Wrote(false)),
            }
        }
    };
    unless_busy(write.await)
}

async fn ends(store: Arc<Move>) -> Did {
    unless_busy(store.remove(&id()).await.map(|_: Removed| Did::Ended))
}

async fn lists(store: Arc<Move>) -> Did {
    unless_busy(store.owned_by(&owner(), None, 10).await.map(|page| Did::Listed(page.len())))
}

/// What must hold whoever came when, and whoever was killed.
fn check(store: &Move, outcomes: &[Outcome<Did>], end_was_asked: bool) {
    let done: Vec<&Did> = outcomes.iter().filter_map(Outcome::done).collect();
    let ended = done.contains(&&Did::Ended);
    let wrote = done.contains(&&Did::Wrote(true));
    let someone_was_killed = done.len() < outcomes.len();
    let now = text(run(store.load(&id())).expect("nobody is in the way"));
    if ended {
        assert_eq!(now, None, "a logout was undone");
    }
    if !end_was_asked {
        assert!(now.is_some(), "a session was lost");
        assert!(!done.contains(&&Did::Saw(None)), "a living session was not found");
        assert!(!done.contains(&&Did::Wrote(false)), "a living session was told to be gone");
        assert!(!done.contains(&&Did::Listed(0)), "a living session was not listed");
        if wrote {
            assert_eq!(now, Some("new"), "an update was lost");
        } else if !someone_was_killed {
            assert_ne!(now, Some("new"), "nobody wrote");
        }
    }
    assert!(!done.contains(&&Did::Listed(2)), "a session was listed twice");
    // A second look sees the same, and the old store is empty.
    assert_eq!(text(run(store.load(&id())).expect("nobody is in the way")), now);
    let listed = run(store.owned_by(&owner(), None, 10)).expect("memory");
    assert_eq!(listed.len(), usize::from(now.is_some()));
    if now.is_some() && !someone_was_killed {
        assert_eq!(run(store.from().load(&id())).expect("memory"), None, "something was left behind");
    }
}

#[test]
fn two_readers_find_the_session_whoever_is_killed() {
    let explored = explore(
        begun,
        |store| vec![Box::pin(reads(Arc::clone(store))), Box::pin(reads(Arc::clone(store)))],
        usize::MAX,
        1,
        |store, outcomes| check(store, outcomes, false),
    );
    assert!(explored > 10_000, "{explored}");
}

#[test]
fn a_logout_wins_over_a_reader_whoever_is_killed() {
    let explored = explore(
        begun,
        |store| vec![Box::pin(reads(Arc::clone(store))), Box::pin(ends(Arc::clone(store)))],
        usize::MAX,
        1,
        |store, outcomes| check(store, outcomes, true),
    );
    assert!(explored > 100, "{explored}");
}

#[test]
fn a_logout_wins_over_two_requests_whoever_is_killed() {
    let explored = explore(
        begun,
        |store| {
            let [one, two, three] = [0; 3].map(|_| Arc::clone(store));
            vec![Box::pin(reads(one)), Box::pin(writes(two)), Box::pin(ends(three))]
        },
        3,
        1,
        |store, outcomes| check(store, outcomes, true),
    );
    assert!(explored > 10_000, "{explored}");
}

#[test]
fn updates_and_listings_lose_nothing_whoever_is_killed() {
    let explored = explore(
        begun,
        |store| {
            let [one, two, three] = [0; 3].map(|_| Arc::clone(store));
            vec![Box::pin(writes(one)), Box::pin(lists(two)), Box::pin(reads(three))]
        },
        3,
        1,
        |store, outcomes| check(store, outcomes, false),
    );
    assert!(explored > 10_000, "{explored}");
}

/// However much later that is: the session has a day left.
#[test]
fn a_session_whose_mover_was_killed_is_found_by_whoever_asks_next() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    for steps in 0.. {
        let clock = HeldClock::new();
        let time = Arc::new(clock.clone());
        let [old, new] = [0; 2].map(|_| MemoryStore::new().with_clock(time.clone()));
        let given = Entry { expires: Some(clock.now() + DAY), ..entry("old") };
        assert!(matches!(run(old.create(&id(), given.clone())), Ok(Created::New(_))));
        let store: Move = Migrating::new(Stepped(old), Stepped(new)).with_clock(time);
        let mut moving = Box::pin(store.move_some(None, 10));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let is_killed = (0..steps).all(|_| moving.as_mut().poll(&mut context).is_pending());
        drop(moving);
        clock.advance(DAY / 2);
        let found = run(store.load(&id())).expect("nobody is in the way");
        assert_eq!(found.map(|found| found.entry), Some(given), "killed at step {steps}");
        if !is_killed {
            return;
        }
    }
}

/// From the claim on, through a whole life of the session that others brought to its end, which was not a logout.
#[test]
fn a_mover_that_slept_brings_back_nothing_of_a_session_that_has_ended() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    for steps in 0..20 {
        // The other mover is killed at some point, too, so a marker may stand when the first one goes on.
        for others_steps in 0..20 {
            let clock = HeldClock::new();
            let time = Arc::new(clock.clone());
            let [old, new] = [0; 2].map(|_| MemoryStore::new().with_clock(time.clone()));
            let given = Entry { expires: Some(clock.now() + DAY), ..entry("old") };
            assert!(matches!(run(old.create(&id(), given)), Ok(Created::New(_))));
            let store: Move = Migrating::new(Stepped(old), Stepped(new)).with_clock(time);
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let mut sleeping = Box::pin(store.move_some(None, 10));
            let is_asleep = (0..steps).all(|_| sleeping.as_mut().poll(&mut context).is_pending());
            let mut other = Box::pin(store.move_some(None, 10));
            let _ = (0..others_steps).all(|_| other.as_mut().poll(&mut context).is_pending());
            drop(other);
            // Emptied, it lives for a minute.
            if let Some(found) = run(store.to().load(&id())).expect("memory")
                && &*found.entry.bytes == b"old"
            {
                let emptied = Entry { expires: Some(clock.now() + GRACE), ..entry("new") };
                assert!(matches!(run(store.update(&id(), found.version, emptied)), Ok(Updated::Applied(_))));
                clock.advance(3 * GRACE);
                let purged = run(store.to().purge(PurgeStep::new(10))).expect("memory");
                assert_eq!(purged.removed, 1);
                if is_asleep {
                    let _ = run(sleeping).expect("nobody is in the way");
                }
                let found = run(store.load(&id())).expect("nobody is in the way");
                assert_eq!(text(found), None, "asleep at step {steps}, the other one killed at step {others_steps}");
                let listed = run(store.list(None, 10)).expect("memory");
                assert_eq!(listed.len(), 0, "asleep at step {steps}, the other one killed at step {others_steps}");
            }
        }
    }
}

#[test]
fn what_a_killed_mover_left_behind_is_tidied_up_by_the_next() {
    for steps in 0..20 {
        let store = begun();
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let mut moving = Box::pin(store.move_some(None, 10));
        let _ = (0..steps).all(|_| moving.as_mut().poll(&mut context).is_pending());
        drop(moving);
        let _ = run(store.move_some(None, 10)).expect("nobody is in the way");
        assert_eq!(run(store.move_some(None, 10)).expect("nobody is in the way").moved, 0, "killed at step {steps}");
        assert_eq!(run(store.from().list(None, 10)).expect("memory").len(), 0, "killed at step {steps}");
        assert_eq!(text(run(store.load(&id())).expect("nobody is in the way")), Some("old"));
    }
}
