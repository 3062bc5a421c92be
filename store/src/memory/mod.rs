//! Sessions in the memory of one process: for development, tests, and servers that may forget at a restart.

mod state;

use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    Capabilities, Clock, Created, Entry, GRACE, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved, SessionId,
    Store, StoreAnswer, StoreError, Stored, SystemClock, Timestamp, Touched, Updated, Version,
};
use state::{State, behind};

/// Keeps sessions in memory, up to a number of them.
///
/// Entries are held by value. When it is full of living sessions, further ones are refused: dropping a
/// living session would log somebody out to let a stranger in.
///
/// ```
/// use webstack_store::{Created, Entry, MemoryStore, Store, StoreError};
/// # webstack_core::runtime::block_on(async {
/// let store = MemoryStore::new().with_capacity(1);
/// let entry = Entry { bytes: "{}".into(), expires: None, owner: None };
///
/// let first = "00112233445566778899aabbccddeeff".parse().unwrap();
/// assert!(matches!(store.create(&first, entry.clone()).await, Ok(Created::New(_))));
/// let second = "ffeeddccbbaa99887766554433221100".parse().unwrap();
/// assert!(matches!(store.create(&second, entry).await, Err(StoreError::Unavailable(_))));
/// # });
/// ```
pub struct MemoryStore {
    state: Mutex<State>,
    capacity: usize,
    clock: Arc<dyn Clock>,
}

/// How many sessions a store holds if nobody says otherwise.
const DEFAULT_CAPACITY: usize = 100_000;

impl MemoryStore {
    /// An empty store for 100,000 sessions, told the time by the operating system.
    pub fn new() -> Self {
        MemoryStore { state: Mutex::default(), capacity: DEFAULT_CAPACITY, clock: Arc::new(SystemClock) }
    }

    /// Says how many sessions it holds at most.
    #[must_use]
    pub fn with_capacity(self, sessions: usize) -> Self {
        MemoryStore { capacity: sessions, ..self }
    }

    /// Says who tells the time.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        MemoryStore { clock, ..self }
    }

    /// Runs a whole operation, at one moment, under the lock.
    fn at_once<'a, T>(
        &'a self,
        operation: impl FnOnce(&mut State, Timestamp) -> Result<T, StoreError>,
    ) -> StoreAnswer<'a, T> {
        let mut state = self.state();
        StoreAnswer::ready(operation(&mut state, self.clock.now()))
    }

    fn living(&self, id: &SessionId) -> Option<Stored> {
        let (now, state) = (self.clock.now(), self.state());
        state.get(id).filter(|stored| !stored.entry.is_expired(now)).cloned()
    }

    fn begin(&self, id: &SessionId, entry: Entry) -> Result<Created, StoreError> {
        let (now, mut state) = (self.clock.now(), self.state());
        if state.entries.contains_key(id) {
            return Ok(Created::Exists);
        }
        if state.entries.len() >= self.capacity && !state.remove_one_purgeable(now) {
            return Err(StoreError::unavailable(Full { capacity: self.capacity }));
        }
        Ok(Created::New(state.add(id, entry)))
    }

    fn replace(&self, id: &SessionId, seen: Version, entry: Entry) -> Updated {
        let (now, mut state) = (self.clock.now(), self.state());
        state.replace(id, seen, entry, now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        MemoryStore::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        StoreAnswer::ready(Ok(self.living(id)))
    }

    fn load_at_once(&self, id: &SessionId) -> Option<Result<Option<Stored>, StoreError>> {
        Some(Ok(self.living(id)))
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        StoreAnswer::ready(self.begin(id, entry))
    }

    fn create_at_once(&self, id: &SessionId, entry: Entry) -> Result<Result<Created, StoreError>, Entry> {
        Ok(self.begin(id, entry))
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        StoreAnswer::ready(Ok(self.replace(id, seen, entry)))
    }

    fn update_at_once(
        &self,
        id: &SessionId,
        seen: Version,
        entry: Entry,
    ) -> Result<Result<Updated, StoreError>, Entry> {
        Ok(Ok(self.replace(id, seen, entry)))
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        self.at_once(move |state, now| match state.entries.get_mut(id).map(|kept| &mut kept.stored) {
            Some(stored) if stored.entry.is_purgeable(now) => Ok(Touched::Gone),
            Some(stored) if stored.version != seen => Ok(Touched::Stale),
            Some(stored) => {
                stored.entry.expires = stored.entry.expires.zip(expires).map(|(old, new)| old.max(new));
                Ok(Touched::Extended)
            }
            None => Ok(Touched::Gone),
        })
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        self.at_once(|state, now| match state.take(id) {
            Some(stored) if !stored.entry.is_expired(now) => Ok(Removed::Removed),
            _ => Ok(Removed::Absent),
        })
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        self.at_once(move |state, now| {
            let looked_at: Vec<(SessionId, bool)> = state
                .entries
                .range((behind(step.after.as_ref()), Bound::Unbounded))
                .take(step.entries.max(1))
                .map(|(id, kept)| (*id, kept.stored.entry.is_purgeable(now)))
                .collect();
            let mut purged = Purged::default();
            for (id, purgeable) in &looked_at {
                match purgeable {
                    true => purged.removed += u64::from(state.take(id).is_some()),
                    false => purged.remaining += 1,
                }
            }
            if looked_at.len() == step.entries.max(1) {
                purged.next = looked_at.last().map(|(id, _)| *id);
            } else {
                state.forget_old_places(now);
            }
            Ok(purged)
        })
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        self.at_once(move |state, now| {
            let entries = state.entries.range((behind(after), Bound::Unbounded));
            let living = entries.filter(|(_, kept)| !kept.stored.entry.is_expired(now));
            Ok(living.take(limit).map(|(id, kept)| Listed { id: *id, stored: kept.stored.clone() }).collect())
        })
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        self.at_once(move |state, now| Ok(state.living_of(owner, after, now).take(limit).collect()))
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        self.at_once(move |state, now| {
            let living: Vec<SessionId> = state.living_of(owner, None, now).map(|listed| listed.id).collect();
            if living.contains(id) {
                return Ok(Reserved::Granted);
            }
            let places = state.places.entry(*owner).or_default();
            places.retain(|_, until| now < *until);
            let kept_for_others = places.keys().filter(|other| *other != id && !living.contains(other)).count();
            if living.len() + kept_for_others >= limit && !places.contains_key(id) {
                return Ok(Reserved::Full(living));
            }
            places.insert(*id, now + GRACE);
            Ok(Reserved::Granted)
        })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().with_own_clock(true)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the memory store is full: all of its {capacity} places hold living sessions")]
struct Full {
    capacity: usize,
}
