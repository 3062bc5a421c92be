//! From one store to another while the application runs.

mod listing;
mod mark;
mod moving;

use std::sync::Arc;

use crate::{
    Capabilities, Clock, Created, Entry, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved, SessionId, Store,
    StoreAnswer, StoreError, Stored, SystemClock, Timestamp, Touched, Updated, Version,
};

/// Moves sessions from one store to another, each when it is asked for, while any number of processes use both.
///
/// New sessions begin in the new store. A session that is found in the old one moves before it is answered, so every later
/// operation costs what it costs in the new store. [`move_some`](Migrating::move_some) brings over what nobody asks for; when it
/// has come to the end, the new store is all that is needed.
///
/// Nothing is lost and no logout is undone, whoever is killed at whatever moment: see the table in the source, `moving.rs`.
/// What is lost is the entry's [`Version`]: whoever is between load and update while a process *without* this
/// wrapper is still running sees a conflict or an ended session. So all processes change to `Migrating` first, and to the
/// new store alone when the move is over.
///
/// | operation | round trips once the session has moved | before |
/// |---|---|---|
/// | load | 1 to the new store | 2 to the new store, 1 to the old one, and 5 for the move |
/// | load of a session that does not exist | 2 to the new store, 1 to the old one | |
/// | create, update, touch | 1 to the new store | |
/// | remove | 1 to each | |
///
/// An owner's sessions all move before a place is reserved for another one, so limits stay exact.
///
/// ```
/// use webstack_store::{Created, Entry, MemoryStore, Migrating, Store};
/// # webstack_core::runtime::block_on(async {
/// let (old, new) = (MemoryStore::new(), MemoryStore::new());
/// let id = "00112233445566778899aabbccddeeff".parse().unwrap();
/// let entry = Entry { bytes: "{}".into(), expires: None, owner: None };
/// assert!(matches!(old.create(&id, entry.clone()).await?, Created::New(_)));
///
/// let store = Migrating::new(old, new);
/// assert_eq!(store.load(&id).await?.unwrap().entry, entry);
/// assert!(store.from().load(&id).await?.is_none(), "it has moved");
/// # Ok::<(), webstack_store::StoreError>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Migrating<From, To> {
    from: From,
    to: To,
    clock: Arc<dyn Clock>,
}

/// The answer to [`Migrating::move_some`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Moved {
    /// Sessions that were brought to the new store, or were found to be on the way there.
    pub moved: u64,
    /// Where the next step begins; `None`: this one reached the end.
    pub next: Option<SessionId>,
}

impl<From: Store, To: Store> Migrating<From, To> {
    /// From this store to that one.
    pub fn new(from: From, to: To) -> Self {
        Migrating { from, to, clock: Arc::new(SystemClock) }
    }

    /// Says who tells the time: the clock of both stores.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Migrating { clock, ..self }
    }

    /// The store that is left.
    pub fn from(&self) -> &From {
        &self.from
    }

    /// The store that is moved to.
    pub fn to(&self) -> &To {
        &self.to
    }

    /// Moves about so many sessions that nobody asked for, beginning behind `after`.
    ///
    /// When one call after the other has come to the end without moving anything, the old store can be left.
    ///
    /// # Errors
    ///
    /// What the stores say. What was moved is moved, and another call goes on. [`StoreError::Broken`] if both are the same
    /// store, by whatever names: it would never be left.
    pub async fn move_some(&self, after: Option<&SessionId>, sessions: usize) -> Result<Moved, StoreError> {
        let page = self.from.list(after, sessions.max(1)).await?;
        let mut moved = Moved::default();
        for (index, listed) in page.iter().enumerate() {
            let is_moved = self.bring(&listed.id).await?.is_some();
            // Once for each page is enough.
            if index == 0 && is_moved && self.is_left_behind(&listed.id).await? {
                return Err(StoreError::broken("what has moved is still there: both are the same store"));
            }
            // The mover was killed before it could tidy up.
            if matches!(mark::read_old(listed.stored.clone()), mark::Old::Marker(_)) {
                let _ = self.from.remove(&listed.id).await?;
            }
            moved.moved += u64::from(is_moved);
        }
        if page.len() == sessions.max(1) {
            moved.next = page.last().map(|listed| listed.id);
        }
        Ok(moved)
    }

    /// True if a session that was brought to the new store is still whole in the old one.
    async fn is_left_behind(&self, id: &SessionId) -> Result<bool, StoreError> {
        let found = self.from.load(id).await?;
        Ok(found.is_some_and(|stored| matches!(mark::read_old(stored), mark::Old::Whole(_))))
    }
}

#[deny(clippy::missing_trait_methods, reason = "a method that is forgotten would go past one of the stores")]
impl<From: Store, To: Store> Store for Migrating<From, To> {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        StoreAnswer::later(self.bring(id))
    }

    fn load_at_once(&self, _: &SessionId) -> Option<Result<Option<Stored>, StoreError>> {
        // It may have to be brought first.
        None
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        // No id is ever chosen twice, so the old store need not be asked.
        self.to.create(id, entry)
    }

    fn create_at_once(&self, id: &SessionId, entry: Entry) -> Result<Result<Created, StoreError>, Entry> {
        self.to.create_at_once(id, entry)
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        StoreAnswer::later(async move {
            // What was seen was in the new store: a load answers nothing else.
            match self.to.update(id, seen, entry).await? {
                // It had arrived, so what is pending now was inserted by somebody too late: it was ended.
                Updated::Conflict(found) if matches!(mark::read_new(&found), mark::New::Pending(_)) => {
                    Ok(Updated::Gone)
                }
                updated => Ok(updated),
            }
        })
    }

    fn update_at_once(&self, _: &SessionId, _: Version, entry: Entry) -> Result<Result<Updated, StoreError>, Entry> {
        // What is pending in the new store is to be told from what has arrived.
        Err(entry)
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        self.to.touch(id, seen, expires)
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        StoreAnswer::later(async move {
            // In this order: what is pending in the new store counts only as long as the old one vouches for it.
            let old = self.from.remove(id).await?;
            let new = self.to.remove(id).await?;
            Ok(if (old, new) == (Removed::Absent, Removed::Absent) { Removed::Absent } else { Removed::Removed })
        })
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        StoreAnswer::later(async move {
            let old = self.from.purge(step).await?;
            let new = self.to.purge(step).await?;
            // Whoever is further waits for the other one.
            let next = match (old.next, new.next) {
                (Some(old), Some(new)) => Some(old.min(new)),
                (old, new) => old.or(new),
            };
            Ok(Purged { removed: old.removed + new.removed, remaining: old.remaining + new.remaining, next })
        })
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        StoreAnswer::later(self.merged(after, limit, |store, after, limit| store.list(after, limit)))
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        StoreAnswer::later(self.merged(after, limit, move |store, after, limit| {
            let (owner, after) = (*owner, after.copied());
            StoreAnswer::later(async move { store.owned_by(&owner, after.as_ref(), limit).await })
        }))
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        StoreAnswer::later(async move {
            // Counting is exact within one store only.
            let mut after = None;
            loop {
                let page = self.from.owned_by(owner, after.as_ref(), PAGE).await?;
                for listed in &page {
                    self.bring(&listed.id).await?;
                }
                after = page.last().map(|listed| listed.id);
                if page.len() < PAGE {
                    return self.to.reserve(owner, id, limit).await;
                }
            }
        })
    }

    fn capabilities(&self) -> Capabilities {
        let (from, to) = (self.from.capabilities(), self.to.capabilities());
        Capabilities::new()
            .with_multi_process(from.multi_process && to.multi_process)
            .with_persistent(from.persistent && to.persistent)
            .with_needs_runtime(from.needs_runtime || to.needs_runtime)
            .with_own_clock(from.own_clock && to.own_clock)
    }
}

/// How many of an owner's sessions are asked for at a time.
const PAGE: usize = 100;
