//! What is kept, and whether it may still be answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::{Changes, SessionId, Stored};

/// Entries, and what is known about changes of them.
#[derive(Debug)]
pub(super) struct Shelf {
    entries: Cache<SessionId, Kept, Bytes>,
    /// How often something was seen or done, for ids that begin alike. What is to be kept was asked for at a count, and only
    /// if that still stands it is known to be no older than anything that was seen since.
    changes: Vec<Mutex<u64>>,
    staleness: Duration,
    /// Odd while changes are told of; another number each time that begins anew.
    watch: AtomicU64,
    /// Up to when all changes have been told of, in nanoseconds since `base`.
    complete_until: AtomicU64,
    base: Instant,
}

#[derive(Clone, Debug)]
struct Kept {
    stored: Stored,
    asked: Asked,
}

/// What was known when the store was asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    changes: u64,
    watch: u64,
    at: Instant,
}

/// Requests that meet in one of them keep nothing, so there are many more than requests at a time.
const BUCKETS: usize = 4096;

#[derive(Clone, Debug)]
struct Bytes;

impl Weighter<SessionId, Kept> for Bytes {
    fn weight(&self, _: &SessionId, kept: &Kept) -> u64 {
        const BESIDE: u64 = 160;
        BESIDE + kept.stored.entry.bytes.len() as u64
    }
}

impl Shelf {
    pub(super) fn new(staleness: Duration, bytes: u64) -> Self {
        const RECORD: u64 = 512;
        let items = usize::try_from(bytes / RECORD).unwrap_or(usize::MAX).max(1);
        Shelf {
            entries: Cache::with_weighter(items, bytes, Bytes),
            changes: (0..BUCKETS).map(|_| Mutex::default()).collect(),
            staleness,
            watch: AtomicU64::new(0),
            complete_until: AtomicU64::new(0),
            base: Instant::now(),
        }
    }

    pub(super) fn staleness(&self) -> Duration {
        self.staleness
    }

    pub(super) fn size(&self) -> u64 {
        self.entries.capacity()
    }

    /// What may be answered without asking the store.
    pub(super) fn take(&self, id: &SessionId) -> Option<Stored> {
        // Before the entry is looked for: told of a change and of its completeness in between, this would find the entry as
        // it was before the one and believe it because of the other.
        let complete_until = self.base + Duration::from_nanos(self.complete_until.load(Ordering::Acquire));
        let watch = self.watch.load(Ordering::Acquire);
        let kept = self.entries.get(id)?;
        let now = Instant::now();
        let within = |moment| now.saturating_duration_since(moment) <= self.staleness;
        // Every change since it was asked for, but for those of the last moments, would have been told of.
        let is_watched = watch % 2 == 1 && kept.asked.watch == watch && within(complete_until);
        (is_watched || within(kept.asked.at)).then_some(kept.stored)
    }

    /// To be called before the store is asked.
    pub(super) fn ask(&self, id: &SessionId) -> Asked {
        let watch = self.watch.load(Ordering::Acquire);
        Asked { changes: *self.count(id), watch, at: Instant::now() }
    }

    /// Keeps what the store answered, unless something else was seen or done since it was asked: then it is not known which
    /// of both is newer, and nothing is kept.
    pub(super) fn put(&self, id: &SessionId, stored: Stored, asked: Asked) {
        let mut count = self.count(id);
        if *count == asked.changes {
            self.entries.insert(*id, Kept { stored, asked });
        } else {
            self.entries.remove(id);
        }
        *count += 1;
    }

    /// Begins a change made here.
    pub(super) fn change<'a>(&'a self, id: &'a SessionId) -> Change<'a> {
        Change { shelf: self, id, asked: Some(self.ask(id)) }
    }

    /// Keeps nothing, nor what was asked for until now.
    pub(super) fn forget(&self, id: &SessionId) {
        let mut count = self.count(id);
        *count += 1;
        self.entries.remove(id);
    }

    fn count(&self, id: &SessionId) -> MutexGuard<'_, u64> {
        let [one, two, ..] = *id.as_bytes();
        self.changes[usize::from(u16::from_be_bytes([one, two])) % BUCKETS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change under way; dropped, it is one of unknown outcome.
pub(super) struct Change<'a> {
    shelf: &'a Shelf,
    id: &'a SessionId,
    asked: Option<Asked>,
}

impl Change<'_> {
    /// Keeps what stands in the store after it.
    pub(super) fn put(mut self, stored: Stored) {
        if let Some(asked) = self.asked.take() {
            self.shelf.put(self.id, stored, asked);
        }
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        if self.asked.is_some() {
            self.shelf.forget(self.id);
        }
    }
}

impl Changes for Shelf {
    fn begun(&self) {
        self.complete_until.store(0, Ordering::Release);
        let next = |watch: u64| Some((watch + 1) | 1);
        let _ = self.watch.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
    }

    fn changed(&self, id: &SessionId) {
        self.forget(id);
    }

    fn complete_until(&self, moment: Instant) {
        let nanos = moment.saturating_duration_since(self.base).as_nanos();
        self.complete_until.fetch_max(u64::try_from(nanos).unwrap_or(u64::MAX), Ordering::AcqRel);
    }

    fn lost(&self) {
        let next = |watch: u64| watch.is_multiple_of(2).then_some(watch).or(Some(watch + 1));
        let _ = self.watch.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
    }

    fn every(&self) -> Duration {
        self.staleness / 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entry, Version};

    const STALENESS: Duration = Duration::from_secs(60);

    fn id() -> SessionId {
        SessionId::from_bytes([1; 16])
    }

    /// A shelf with an entry that was asked for so long ago.
    fn kept(shelf: &Shelf, age: Duration) -> bool {
        let entry = Entry { bytes: "{}".into(), expires: None, owner: None };
        let mut asked = shelf.ask(&id());
        asked.at = asked.at.checked_sub(age).expect("the machine is up for longer");
        shelf.put(&id(), Stored { entry, version: Version::new(1) }, asked);
        shelf.take(&id()).is_some()
    }

    fn old_shelf() -> Shelf {
        let base = Instant::now().checked_sub(2 * STALENESS).expect("the machine is up for longer");
        Shelf { base, ..Shelf::new(STALENESS, 1 << 20) }
    }

    #[test]
    fn what_is_young_is_answered_and_what_is_old_is_not() {
        assert!(kept(&old_shelf(), Duration::ZERO));
        assert!(kept(&old_shelf(), STALENESS / 2));
        assert!(!kept(&old_shelf(), 2 * STALENESS));
    }

    #[test]
    fn what_is_old_is_answered_while_all_changes_are_told_of() {
        let shelf = old_shelf();
        shelf.begun();
        assert!(!kept(&shelf, 2 * STALENESS), "there was no sign of life yet");
        shelf.complete_until(Instant::now());
        assert!(shelf.take(&id()).is_some());
        shelf.changed(&id());
        assert!(shelf.take(&id()).is_none());
    }

    #[test]
    fn it_stands_aside_without_a_sign_of_life() {
        let shelf = old_shelf();
        shelf.begun();
        shelf.complete_until(shelf.base + STALENESS / 2);
        assert!(!kept(&shelf, 2 * STALENESS));
    }

    #[test]
    fn what_was_asked_before_the_connection_was_lost_is_not_trusted_after() {
        let shelf = old_shelf();
        shelf.begun();
        shelf.complete_until(Instant::now());
        assert!(kept(&shelf, 2 * STALENESS));
        shelf.lost();
        assert!(shelf.take(&id()).is_none());
        shelf.begun();
        shelf.complete_until(Instant::now());
        assert!(shelf.take(&id()).is_none(), "changes may have been missed in between");
    }

    #[test]
    fn it_holds_no_more_than_its_size() {
        let shelf = Shelf::new(STALENESS, 100_000);
        for number in 0..1_000_u32 {
            let mut bytes = [0; 16];
            bytes[12..].copy_from_slice(&number.to_be_bytes());
            let id = SessionId::from_bytes(bytes);
            let entry = Entry { bytes: vec![0; 1000].into(), expires: None, owner: None };
            shelf.put(&id, Stored { entry, version: Version::new(1) }, shelf.ask(&id));
        }
        assert!(shelf.entries.weight() <= 100_000 && shelf.entries.len() > 40, "{:?}", shelf.entries.len());
    }
}
