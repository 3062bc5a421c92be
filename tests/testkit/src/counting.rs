//! A store that counts how often it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use webstack_core::store::{
    Capabilities, Created, Entry, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved, Store, StoreAnswer,
    StoreError, Stored, Touched, Updated, Version,
};
use webstack_core::{SessionId, Timestamp};

use crate::Operation;

/// Passes everything on to another store, and counts it.
///
/// ```
/// use webstack_core::store::{MemoryStore, Store};
/// use webstack_testkit::{CountingStore, Operation};
///
/// let store = CountingStore::new(MemoryStore::new());
/// let counts = store.counts();
/// let id = "00112233445566778899aabbccddeeff".parse().unwrap();
/// webstack_core::runtime::block_on(store.load(&id)).unwrap();
/// assert_eq!((counts.of(Operation::Load), counts.total()), (1, 1));
/// ```
#[derive(Debug)]
pub struct CountingStore<S> {
    inner: S,
    counts: Counts,
}

/// How often a [`CountingStore`] was asked; to be kept when the store itself is given away.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<[AtomicU64; Operation::ALL.len()]>);

impl Counts {
    /// How often an operation was called.
    pub fn of(&self, operation: Operation) -> u64 {
        self.0[operation as usize].load(Ordering::SeqCst)
    }

    /// How often any operation was called.
    pub fn total(&self) -> u64 {
        Operation::ALL.into_iter().map(|operation| self.of(operation)).sum()
    }

    /// Begins to count anew.
    pub fn reset(&self) {
        self.0.iter().for_each(|count| count.store(0, Ordering::SeqCst));
    }

    fn count(&self, operation: Operation) {
        self.0[operation as usize].fetch_add(1, Ordering::SeqCst);
    }
}

impl<S: Store> CountingStore<S> {
    /// Counts what is asked of this store.
    pub fn new(inner: S) -> Self {
        CountingStore { inner, counts: Counts::default() }
    }

    /// The counts, as they are at any time from now on.
    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for CountingStore<S> {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        self.counts.count(Operation::Load);
        self.inner.load(id)
    }

    fn load_at_once(&self, id: &SessionId) -> Option<Result<Option<Stored>, StoreError>> {
        // Whoever gets no answer asks again.
        let answer = self.inner.load_at_once(id)?;
        self.counts.count(Operation::Load);
        Some(answer)
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        self.counts.count(Operation::Create);
        self.inner.create(id, entry)
    }

    fn create_at_once(&self, id: &SessionId, entry: Entry) -> Result<Result<Created, StoreError>, Entry> {
        // Whoever gets the entry back asks again.
        let answer = self.inner.create_at_once(id, entry)?;
        self.counts.count(Operation::Create);
        Ok(answer)
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        self.counts.count(Operation::Update);
        self.inner.update(id, seen, entry)
    }

    fn update_at_once(
        &self,
        id: &SessionId,
        seen: Version,
        entry: Entry,
    ) -> Result<Result<Updated, StoreError>, Entry> {
        let answer = self.inner.update_at_once(id, seen, entry)?;
        self.counts.count(Operation::Update);
        Ok(answer)
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        self.counts.count(Operation::Touch);
        self.inner.touch(id, seen, expires)
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        self.counts.count(Operation::Remove);
        self.inner.remove(id)
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        self.counts.count(Operation::Purge);
        self.inner.purge(step)
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        self.counts.count(Operation::List);
        self.inner.list(after, limit)
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        self.counts.count(Operation::OwnedBy);
        self.inner.owned_by(owner, after, limit)
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        self.counts.count(Operation::Reserve);
        self.inner.reserve(owner, id, limit)
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}
