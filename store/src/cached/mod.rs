//! What was read a moment ago, kept in the process.

mod shelf;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use shelf::Shelf;

use crate::{
    BoxFuture, Capabilities, Changes, Clock, Created, Entry, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved,
    SessionId, Store, StoreAnswer, StoreError, Stored, SystemClock, Timestamp, Touched, Updated, Version, Watch,
};

/// Keeps what was read in the process for a moment, so that reading it again costs no round trip.
///
/// Writes go to the store as ever, and are compared with what stands there: no update is lost, and nothing that has ended
/// comes back. What changes is what *readers* see.
///
/// An entry is answered from the process
///
/// * within the [staleness](Cached::with_staleness) after it was read, or
/// * for longer, if the store [watches](Watch) over changes, none was told of, and the store has shown within the staleness that
///   it is still telling.
///
/// # Security
///
/// "Logout always wins" becomes "logout wins within the staleness": for so long another process may still answer as if the
/// session had not ended, its user had not changed, or its token had not been renewed. The process that ends a session
/// forgets it at once.
///
/// ```
/// use std::time::Duration;
/// use webstack_store::{Cached, Created, Entry, MemoryStore, Store};
/// # webstack_core::runtime::block_on(async {
/// let store = Cached::new(MemoryStore::new()).with_staleness(Duration::from_millis(500));
/// let id = "00112233445566778899aabbccddeeff".parse().unwrap();
/// let entry = Entry { bytes: "{}".into(), expires: None, owner: None };
/// assert!(matches!(store.create(&id, entry.clone()).await?, Created::New(_)));
/// assert_eq!(store.load(&id).await?.unwrap().entry, entry);
/// # Ok::<(), webstack_store::StoreError>(()) }).unwrap();
/// ```
pub struct Cached<S> {
    store: S,
    shelf: Arc<Shelf>,
    clock: Arc<dyn Clock>,
}

const STALENESS: Duration = Duration::from_secs(1);
const SIZE: u64 = 64 << 20;

impl<S: Store> Cached<S> {
    /// In front of this store: 64 MiB at most, and a second.
    pub fn new(store: S) -> Self {
        Cached { store, shelf: Arc::new(Shelf::new(STALENESS, SIZE)), clock: Arc::new(SystemClock) }
    }

    /// How far what is answered may be behind the store.
    #[must_use]
    pub fn with_staleness(self, staleness: Duration) -> Self {
        Cached { shelf: Arc::new(Shelf::new(staleness, self.shelf.size())), ..self }
    }

    /// How many bytes of entries are kept at most. What is not asked for gives way.
    #[must_use]
    pub fn with_size(self, bytes: u64) -> Self {
        Cached { shelf: Arc::new(Shelf::new(self.shelf.staleness(), bytes)), ..self }
    }

    /// Says who tells the time: the clock of the store.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Cached { clock, ..self }
    }

    /// The store behind.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// What is kept of a session. Of one that has expired the store is asked: others may have seen to it that it lives on.
    fn kept(&self, id: &SessionId) -> Option<Stored> {
        self.shelf.take(id).filter(|stored| !stored.entry.is_expired(self.clock.now()))
    }
}

impl<S: Watch> Cached<S> {
    /// Listens to the store's changes while somebody runs the future; it ends when the cache is gone.
    ///
    /// Nothing is wrong if nobody runs it: entries are read again when they are older than the staleness.
    pub fn listen(&self) -> BoxFuture<'static, ()> {
        let shelf: Arc<dyn Changes> = Arc::clone(&self.shelf) as Arc<dyn Changes>;
        self.store.watch(Arc::downgrade(&shelf))
    }
}

#[deny(clippy::missing_trait_methods, reason = "a method that is forgotten would go past the cache")]
impl<S: Store> Store for Cached<S> {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        if let Some(stored) = self.kept(id) {
            return StoreAnswer::ready(Ok(Some(stored)));
        }
        StoreAnswer::later(async move {
            let asked = self.shelf.ask(id);
            let found = self.store.load(id).await?;
            match &found {
                Some(stored) => self.shelf.put(id, stored.clone(), asked),
                None => self.shelf.forget(id),
            }
            Ok(found)
        })
    }

    fn load_at_once(&self, id: &SessionId) -> Option<Result<Option<Stored>, StoreError>> {
        self.kept(id).map(|stored| Ok(Some(stored)))
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        StoreAnswer::later(async move {
            let change = self.shelf.change(id);
            let created = self.store.create(id, entry.clone()).await?;
            if let Created::New(version) = created {
                change.put(Stored { entry, version });
            }
            Ok(created)
        })
    }

    fn create_at_once(&self, _: &SessionId, entry: Entry) -> Result<Result<Created, StoreError>, Entry> {
        // The shelf has to be told before and after.
        Err(entry)
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        StoreAnswer::later(async move {
            let change = self.shelf.change(id);
            let updated = self.store.update(id, seen, entry.clone()).await?;
            match &updated {
                Updated::Applied(version) => change.put(Stored { entry, version: *version }),
                Updated::Conflict(found) => change.put(found.clone()),
                Updated::Gone => {}
            }
            Ok(updated)
        })
    }

    fn update_at_once(&self, _: &SessionId, _: Version, entry: Entry) -> Result<Result<Updated, StoreError>, Entry> {
        // As above.
        Err(entry)
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        StoreAnswer::later(async move {
            let _change = self.shelf.change(id);
            self.store.touch(id, seen, expires).await
        })
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        StoreAnswer::later(async move {
            let _change = self.shelf.change(id);
            self.store.remove(id).await
        })
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        self.store.purge(step)
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        self.store.list(after, limit)
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        self.store.owned_by(owner, after, limit)
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        self.store.reserve(owner, id, limit)
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }
}

impl<S: fmt::Debug> fmt::Debug for Cached<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").field("store", &self.store).field("shelf", &self.shelf).finish_non_exhaustive()
    }
}
