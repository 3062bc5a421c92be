//! The store.

use std::fmt;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use heed::{RoTxn, RwTxn};
use webstack_store::{
    Capabilities, Clock, Created, Entry, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved, SessionId, Store,
    StoreAnswer, StoreError, Stored, Timestamp, Touched, Updated, Version,
};

use crate::fault::Fault;
use crate::opened::Opened;
use crate::tables::{Tables, session_id};
use crate::{owners, purge};

/// Keeps sessions in one memory-mapped file. See the [crate] for how it works and when to choose it.
pub struct LmdbStore {
    opened: Opened,
    clock: Arc<dyn Clock>,
}

impl LmdbStore {
    pub(crate) fn new(opened: Opened, clock: Arc<dyn Clock>) -> Self {
        LmdbStore { opened, clock }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.opened.path()
    }

    fn read<'a, T: Send + 'a>(
        &'a self,
        reading: impl Fn(&RoTxn, &Tables, Timestamp) -> Result<T, Fault>,
    ) -> StoreAnswer<'a, T> {
        StoreAnswer::ready(self.look(reading))
    }

    fn look<T>(&self, reading: impl Fn(&RoTxn, &Tables, Timestamp) -> Result<T, Fault>) -> Result<T, StoreError> {
        let now = self.clock.now();
        self.opened.environment().read(|txn, tables| reading(txn, tables, now)).map_err(StoreError::from)
    }

    fn living(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        self.look(|txn, tables, now| Ok(tables.get(txn, id)?.filter(|stored| !stored.entry.is_expired(now))))
    }

    /// Has anything written.
    #[cfg(test)]
    pub(crate) fn spoil(
        &self,
        spoiling: impl FnMut(&mut RwTxn, &Tables) -> Result<(), Fault> + Send + 'static,
    ) -> StoreAnswer<'_, ()> {
        self.opened.write(spoiling)
    }

    /// Has something written, at the moment at which it is done.
    fn write<T: Send + 'static>(
        &self,
        mut writing: impl FnMut(&mut RwTxn, &Tables, Timestamp) -> Result<T, Fault> + Send + 'static,
    ) -> StoreAnswer<'_, T> {
        let clock = Arc::clone(&self.clock);
        self.opened.write(move |txn, tables| writing(txn, tables, clock.now()))
    }
}

impl Store for LmdbStore {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        StoreAnswer::ready(self.living(id))
    }

    fn load_at_once(&self, id: &SessionId) -> Option<Result<Option<Stored>, StoreError>> {
        Some(self.living(id))
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        let id = *id;
        self.write(move |txn, tables, _| {
            if tables.entries.get(txn, id.as_bytes())?.is_some() {
                return Ok(Created::Exists);
            }
            let version = version(txn);
            tables.put(txn, &id, None, entry.clone(), version)?;
            Ok(Created::New(version))
        })
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        let id = *id;
        self.write(move |txn, tables, now| match tables.get(txn, &id)? {
            Some(stored) if stored.entry.is_purgeable(now) => Ok(Updated::Gone),
            Some(stored) if stored.version != seen => Ok(Updated::Conflict(stored)),
            Some(stored) => {
                let version = version(txn);
                tables.put(txn, &id, Some(&stored.entry), entry.clone(), version)?;
                Ok(Updated::Applied(version))
            }
            None => Ok(Updated::Gone),
        })
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        let id = *id;
        self.write(move |txn, tables, now| match tables.get(txn, &id)? {
            Some(stored) if stored.entry.is_purgeable(now) => Ok(Touched::Gone),
            Some(stored) if stored.version != seen => Ok(Touched::Stale),
            Some(Stored { entry, version }) => {
                let later = entry.expires.zip(expires).map(|(old, new)| old.max(new));
                if later != entry.expires {
                    let extended = Entry { expires: later, ..entry.clone() };
                    tables.put(txn, &id, Some(&entry), extended, version)?;
                }
                Ok(Touched::Extended)
            }
            None => Ok(Touched::Gone),
        })
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        let id = *id;
        self.write(move |txn, tables, now| {
            // Ending a session is unconditional: what cannot be read is removed too.
            let (was_alive, entry) = match tables.get(txn, &id) {
                Ok(stored) => {
                    let entry = stored.map(|stored| stored.entry);
                    (entry.as_ref().is_some_and(|entry| !entry.is_expired(now)), entry)
                }
                Err(Fault::Malformed(_)) => (true, None),
                Err(fault) => return Err(fault),
            };
            let removed = tables.remove(txn, &id, entry.as_ref())?;
            Ok(if removed && was_alive { Removed::Removed } else { Removed::Absent })
        })
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        StoreAnswer::later(async move {
            self.opened.environment().clear_stale_readers()?;
            let entries = step.entries.max(1);
            self.write(move |txn, tables, now| purge::purge(txn, tables, entries, now)).await
        })
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        self.read(move |txn, tables, now| {
            let begin = after.map_or(Bound::Unbounded, |id| Bound::Excluded(&id.as_bytes()[..]));
            let mut living = Vec::new();
            for pair in tables.entries.range(txn, &(begin, Bound::Unbounded))? {
                if living.len() == limit {
                    break;
                }
                let (key, value) = pair?;
                if let (Ok(id), Ok(stored)) = (session_id(key), crate::entry::decode(value))
                    && !stored.entry.is_expired(now)
                {
                    living.push(Listed { id, stored });
                }
            }
            Ok(living)
        })
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        self.read(move |txn, tables, now| owners::living(txn, tables, owner, after, limit, now))
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        let (owner, id) = (*owner, *id);
        self.write(move |txn, tables, now| owners::reserve(txn, tables, &owner, &id, limit, now))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().with_multi_process(true).with_persistent(true).with_own_clock(true)
    }
}

/// The version of what a transaction writes: its own number, which no other one has. A state that another write of the same
/// transaction replaces is seen by nobody.
fn version(txn: &RwTxn) -> Version {
    Version::new(txn.id() as u64)
}

impl fmt::Debug for LmdbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LmdbStore").field("path", &self.path()).finish_non_exhaustive()
    }
}
