//! Every way in which several requests can meet while a session moves.

use std::sync::Arc;

use crate::schedule::{Outcome, Stepped, explore, run};
use webstack_store::{
    Created, Entry, MemoryStore, Migrating, OwnerKey, Removed, SessionId, Store, StoreError, Stored, Updated,
};

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
