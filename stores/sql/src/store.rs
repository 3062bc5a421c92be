//! The store.

use std::fmt;
use std::sync::{Arc, Weak};

use webstack_store::{
    BoxFuture, Capabilities, Changes, Created, Entry, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved,
    SessionId, Store, StoreAnswer, StoreError, Stored, Timestamp, Touched, Updated, Version, Watch,
};

use crate::builder::SqlStoreBuilder;
use crate::dialect::Dialect;
use crate::engine::Engine;
use crate::operations;
use crate::pool::AnyPool;
use crate::tell::Tell;

/// Keeps sessions in PostgreSQL, MySQL, MariaDB or SQLite. See the [crate] for how, and for what each operation costs.
pub struct SqlStore {
    database: Box<dyn Database>,
}

impl SqlStore {
    /// Begins to say how the database at a URL is used.
    pub fn builder(url: impl Into<String>) -> SqlStoreBuilder {
        SqlStoreBuilder::for_url(url.into())
    }

    /// Begins to say how a pool of the application's is used. Its operations want to be awaited in the application's runtime.
    ///
    /// The limits of its connections (for statements, for locks, for idle ones) are the application's to set; the store's own
    /// [`timeout`](SqlStoreBuilder::timeout) bounds every operation all the same. Each statement has to be a transaction of its own, as
    /// it is by default: what a connection with `autocommit = 0` is told is lost when it ends.
    pub fn from_pool(pool: impl Into<AnyPool>) -> SqlStoreBuilder {
        SqlStoreBuilder::for_pool(pool.into())
    }

    pub(crate) fn new<D: Tell>(engine: Engine<D>) -> Self {
        SqlStore { database: Box::new(Opened(Arc::new(engine))) }
    }

    /// Makes the tables, or brings them up to date, however long that takes. Several may do so at the same moment.
    ///
    /// # Errors
    ///
    /// As the operations of the store.
    pub fn setup(&self) -> StoreAnswer<'_, ()> {
        self.database.set_up()
    }

    /// The statements by which the tables are made, for people who let somebody else do it.
    pub fn schema(&self) -> String {
        self.database.schema()
    }
}

/// A store of some database.
trait Database: Store {
    fn set_up(&self) -> StoreAnswer<'_, ()>;
    fn schema(&self) -> String;
    fn watch(&self, changes: Weak<dyn Changes>) -> Option<BoxFuture<'static, ()>>;
}

#[derive(Debug)]
struct Opened<D: Dialect>(Arc<Engine<D>>);

impl<D: Tell> Database for Opened<D> {
    fn set_up(&self) -> StoreAnswer<'_, ()> {
        self.0.set_up()
    }

    fn schema(&self) -> String {
        self.0.migrations().text()
    }

    fn watch(&self, changes: Weak<dyn Changes>) -> Option<BoxFuture<'static, ()>> {
        D::tell(&self.0, changes)
    }
}

impl<D: Dialect> Store for Opened<D> {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        self.0.run(operations::Load { id: *id })
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        match operations::Create::new(*id, entry) {
            Ok(create) => self.0.run(create),
            Err(fault) => StoreAnswer::ready(Err(fault.into())),
        }
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        match operations::Update::new(*id, seen, entry) {
            Ok(update) => self.0.run(update),
            Err(fault) => StoreAnswer::ready(Err(fault.into())),
        }
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        self.0.run(operations::Touch { id: *id, seen, expires })
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        self.0.run(operations::Remove { id: *id })
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        self.0.run(operations::Purge { entries: step.entries })
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        self.0.run(operations::List { owner: None, after: after.copied(), limit })
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        self.0.run(operations::List { owner: Some(*owner), after: after.copied(), limit })
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        self.0.run(operations::Reserve { owner: *owner, id: *id, limit })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
            .with_multi_process(true)
            .with_persistent(true)
            .with_own_clock(true)
            .with_needs_runtime(!self.0.has_own_runtime())
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for SqlStore {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        self.database.load(id)
    }

    fn load_at_once(&self, id: &SessionId) -> Option<Result<Option<Stored>, StoreError>> {
        self.database.load_at_once(id)
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        self.database.create(id, entry)
    }

    fn create_at_once(&self, id: &SessionId, entry: Entry) -> Result<Result<Created, StoreError>, Entry> {
        self.database.create_at_once(id, entry)
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        self.database.update(id, seen, entry)
    }

    fn update_at_once(
        &self,
        id: &SessionId,
        seen: Version,
        entry: Entry,
    ) -> Result<Result<Updated, StoreError>, Entry> {
        self.database.update_at_once(id, seen, entry)
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        self.database.touch(id, seen, expires)
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        self.database.remove(id)
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        self.database.purge(step)
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        self.database.list(after, limit)
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        self.database.owned_by(owner, after, limit)
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        self.database.reserve(owner, id, limit)
    }

    fn capabilities(&self) -> Capabilities {
        self.database.capabilities()
    }
}

/// PostgreSQL tells of changes; of the others nothing is heard, and the future ends at once.
impl Watch for SqlStore {
    fn watch(&self, changes: Weak<dyn Changes>) -> BoxFuture<'static, ()> {
        self.database.watch(changes).unwrap_or_else(|| Box::pin(std::future::ready(())))
    }
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.database.fmt(f)
    }
}
