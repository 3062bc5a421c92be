//! What the promises have in common: handles to the store that wait out a `Busy`, ids, entries, threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use bytes::Bytes;
use webstack_core::store::{
    Created, Entry, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved, Store, StoreAnswer, StoreError, Stored,
    Touched, Updated, Version,
};
use webstack_core::{SessionId, Timestamp};

use crate::{HeldClock, StoreUnderTest};

/// How long an entry may be busy before that counts as held for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// A handle to the store, for one thread; it asks again while the answer is `Busy`. Every other time it loads or updates at once,
/// if the store can.
pub(super) struct Handle<'a> {
    subject: &'a StoreUnderTest,
    takes_turns: AtomicBool,
    pub(super) store: Arc<dyn Store>,
}

/// The store's handle, and another one on the same data if it can be opened twice.
pub(super) fn handles(subject: &StoreUnderTest) -> [Handle<'_>; 2] {
    let multi_process = subject.store().capabilities().multi_process;
    let second = subject.second_handle();
    assert!(second.is_some() || !multi_process, "the store says it is for several processes: `with_second_handle`");
    [subject.store(), second.unwrap_or_else(|| subject.store())].map(|store| Handle {
        subject,
        takes_turns: AtomicBool::default(),
        store,
    })
}

pub(super) fn handle(subject: &StoreUnderTest) -> Handle<'_> {
    Handle { subject, takes_turns: AtomicBool::default(), store: subject.store() }
}

/// The clock; or `None`, said aloud, if the store's time is told by somebody else.
pub(super) fn clock<'a>(subject: &'a StoreUnderTest, promise: &str) -> Option<&'a HeldClock> {
    if !subject.store().capabilities().own_clock {
        skipped(promise, "the store's clock cannot be held");
        return None;
    }
    Some(subject.clock().expect("the store says that its clock can be held: `with_clock`"))
}

#[allow(clippy::print_stderr)]
pub(super) fn skipped(promise: &str, why: &str) {
    eprintln!("skipped: {promise}, because {why}");
}

impl Handle<'_> {
    pub(super) fn load(&self, id: &SessionId) -> Option<Stored> {
        self.ask(|| match self.tries_at_once().then(|| self.store.load_at_once(id)).flatten() {
            Some(answer) => StoreAnswer::ready(answer),
            None => self.store.load(id),
        })
    }

    pub(super) fn create(&self, id: &SessionId, entry: &Entry) -> Created {
        self.ask(|| {
            if self.tries_at_once()
                && let Ok(answer) = self.store.create_at_once(id, entry.clone())
            {
                return StoreAnswer::ready(answer);
            }
            self.store.create(id, entry.clone())
        })
    }

    /// Creates an entry that cannot be there yet.
    pub(super) fn put(&self, id: &SessionId, entry: &Entry) -> Version {
        match self.create(id, entry) {
            Created::New(version) => version,
            Created::Exists => panic!("{id} exists already"),
        }
    }

    pub(super) fn update(&self, id: &SessionId, seen: Version, entry: &Entry) -> Updated {
        self.ask(|| {
            if self.tries_at_once()
                && let Ok(answer) = self.store.update_at_once(id, seen, entry.clone())
            {
                return StoreAnswer::ready(answer);
            }
            self.store.update(id, seen, entry.clone())
        })
    }

    fn tries_at_once(&self) -> bool {
        self.takes_turns.fetch_not(Ordering::Relaxed)
    }

    pub(super) fn touch(&self, id: &SessionId, seen: Version, expires: Option<Timestamp>) -> Touched {
        self.ask(|| self.store.touch(id, seen, expires))
    }

    pub(super) fn remove(&self, id: &SessionId) -> Removed {
        self.ask(|| self.store.remove(id))
    }

    pub(super) fn purge(&self, step: PurgeStep) -> Purged {
        self.ask(|| self.store.purge(step))
    }

    /// Purges from the beginning to the end; answers how many entries were removed.
    pub(super) fn purge_all(&self) -> u64 {
        let (mut step, mut removed) = (PurgeStep::new(1000), 0);
        loop {
            let purged = self.purge(step);
            removed += purged.removed;
            match purged.next {
                None => return removed,
                next => step = step.after(next),
            }
        }
    }

    pub(super) fn list(&self, after: Option<&SessionId>, limit: usize) -> Vec<Listed> {
        self.ask(|| self.store.list(after, limit))
    }

    pub(super) fn owned_by(&self, owner: &OwnerKey, after: Option<&SessionId>, limit: usize) -> Vec<Listed> {
        self.ask(|| self.store.owned_by(owner, after, limit))
    }

    pub(super) fn reserve(&self, owner: &OwnerKey, id: &SessionId, limit: usize) -> Reserved {
        self.ask(|| self.store.reserve(owner, id, limit))
    }

    /// The ids of all of an owner's sessions.
    pub(super) fn ids_of(&self, owner: &OwnerKey) -> Vec<SessionId> {
        self.owned_by(owner, None, 1000).into_iter().map(|listed| listed.id).collect()
    }

    fn ask<'s, T: Send + 's>(&'s self, call: impl Fn() -> StoreAnswer<'s, T>) -> T {
        let began = Instant::now();
        loop {
            match self.subject.block_on(call()) {
                Ok(answer) => return answer,
                Err(StoreError::Busy) => {
                    assert!(began.elapsed() < PATIENCE, "busy for ever");
                    std::thread::yield_now();
                }
                Err(error) => panic!("the store failed: {error:?}"),
            }
        }
    }
}

/// One of many ids that differ, spread evenly.
pub(super) fn id(number: u64) -> SessionId {
    // splitmix64, a bijection: different numbers have different ids.
    let mix = |mut x: u64| {
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    };
    let high = mix(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    SessionId::from_bytes(((u128::from(high) << 64) | u128::from(mix(high))).to_be_bytes())
}

/// Ids in order.
pub(super) fn ids(numbers: std::ops::Range<u64>) -> Vec<SessionId> {
    let mut ids: Vec<SessionId> = numbers.map(id).collect();
    ids.sort_unstable();
    ids
}

/// An entry that lives for ever and is nobody's.
pub(super) fn entry(text: impl Into<Bytes>) -> Entry {
    Entry { bytes: text.into(), expires: None, owner: None }
}

pub(super) fn expiring(text: &'static str, deadline: Timestamp) -> Entry {
    Entry { expires: Some(deadline), ..entry(text) }
}

pub(super) fn owned(text: &'static str, owner: OwnerKey) -> Entry {
    Entry { owner: Some(owner), ..entry(text) }
}

pub(super) fn owner(name: &str) -> OwnerKey {
    OwnerKey::derive("store_suite", name)
}

/// Runs two things at the same moment, and answers both results.
pub(super) fn at_once<A: Send, B: Send>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
    let start = Barrier::new(2);
    std::thread::scope(|threads| {
        let one = threads.spawn(|| {
            start.wait();
            one()
        });
        start.wait();
        let other = other();
        (one.join().expect("a thread that does not panic"), other)
    })
}
