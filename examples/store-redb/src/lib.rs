//! A store of one's own: sessions in [redb](https://docs.rs/redb), an embedded database, for one process.
//!
//! `docs/write-a-store.md` goes through it. The suite in `tests/suite.rs` is the one that webstack's own stores pass.

mod tables;

use std::path::Path;
use std::sync::Arc;

use redb::{Database, ReadableDatabase as _, WriteTransaction};
use webstack_store::{
    Capabilities, Clock, Created, Entry, GRACE, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved, SessionId,
    Store, StoreAnswer, StoreError, Stored, SystemClock, Timestamp, Touched, Updated, Version,
};

use tables::{Tables, View};

/// Sessions in redb.
#[derive(Debug)]
pub struct RedbStore {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl RedbStore {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    ///
    /// What redb says.
    pub fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let store = RedbStore { database: Database::create(file).map_err(broken)?, clock: Arc::new(SystemClock) };
        // Once, so that readers find the tables.
        store.write(|_, _| Ok(()))?;
        Ok(store)
    }

    /// Says who tells the time.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        RedbStore { clock, ..self }
    }

    /// Runs a whole operation in one transaction: all of it is done, or nothing.
    fn write<T>(
        &self,
        operation: impl FnOnce(&mut Tables<'_>, Timestamp) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let transaction: WriteTransaction = self.database.begin_write().map_err(broken)?;
        let answer = operation(&mut Tables::open(&transaction)?, self.clock.now())?;
        transaction.commit().map_err(broken)?;
        Ok(answer)
    }

    /// Reads at one moment.
    fn read<T>(&self, operation: impl FnOnce(&View, Timestamp) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        operation(&View::open(&transaction)?, self.clock.now())
    }

    fn living(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        self.read(|view, now| Ok(view.get(id)?.filter(|stored| !stored.entry.is_expired(now))))
    }
}

impl Store for RedbStore {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        StoreAnswer::ready(self.living(id))
    }

    fn load_at_once(&self, id: &SessionId) -> Option<Result<Option<Stored>, StoreError>> {
        Some(self.living(id))
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        StoreAnswer::ready(self.write(|tables, _| match tables.get(id)? {
            Some(_) => Ok(Created::Exists),
            None => Ok(Created::New(tables.put(id, None, entry)?)),
        }))
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        StoreAnswer::ready(self.write(|tables, now| match tables.get(id)? {
            Some(stored) if stored.entry.is_purgeable(now) => Ok(Updated::Gone),
            Some(stored) if stored.version != seen => Ok(Updated::Conflict(stored)),
            Some(stored) => Ok(Updated::Applied(tables.put(id, Some(&stored.entry), entry)?)),
            None => Ok(Updated::Gone),
        }))
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        StoreAnswer::ready(self.write(|tables, now| match tables.get(id)? {
            Some(stored) if stored.entry.is_purgeable(now) => Ok(Touched::Gone),
            Some(stored) if stored.version != seen => Ok(Touched::Stale),
            Some(Stored { entry, version }) => {
                // Never shorter: somebody else may have extended it further.
                let expires = entry.expires.zip(expires).map(|(old, new)| old.max(new));
                tables.put_as(id, Some(&entry), Entry { expires, ..entry.clone() }, version)?;
                Ok(Touched::Extended)
            }
            None => Ok(Touched::Gone),
        }))
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        StoreAnswer::ready(self.write(|tables, now| {
            let Some(stored) = tables.get(id)? else { return Ok(Removed::Absent) };
            tables.remove(id, &stored.entry)?;
            Ok(if stored.entry.is_expired(now) { Removed::Absent } else { Removed::Removed })
        }))
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        StoreAnswer::ready(self.write(|tables, now| {
            let due = tables.due(now, step.entries.max(1))?;
            for id in &due {
                if let Some(stored) = tables.get(id)? {
                    tables.remove(id, &stored.entry)?;
                }
            }
            let next = due.last().copied().filter(|_| due.len() == step.entries.max(1));
            if next.is_none() {
                tables.forget_old_places(now)?;
            }
            Ok(Purged { removed: due.len() as u64, remaining: 0, next })
        }))
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        StoreAnswer::ready(self.read(|view, now| view.list(after, limit, now)))
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        StoreAnswer::ready(self.read(|view, now| view.owned_by(owner, after, limit, now)))
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        StoreAnswer::ready(self.write(|tables, now| {
            let living = tables.living_of(owner, now)?;
            if living.contains(id) {
                return Ok(Reserved::Granted);
            }
            tables.forget_old_places(now)?;
            let kept = tables.places_of(owner)?;
            let others = kept.iter().filter(|place| *place != id && !living.contains(place)).count();
            if living.len() + others >= limit && !kept.contains(id) {
                return Ok(Reserved::Full(living));
            }
            tables.keep_place(owner, id, now + GRACE)?;
            Ok(Reserved::Granted)
        }))
    }

    fn capabilities(&self) -> Capabilities {
        // redb locks its file for one process.
        Capabilities::new().with_persistent(true).with_own_clock(true)
    }
}

/// Whatever redb says is for somebody to look after; that what was read is no entry is said where it is read.
fn broken(error: impl Into<redb::Error>) -> StoreError {
    StoreError::broken(error.into())
}
