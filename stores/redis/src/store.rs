//! The store: each operation within its time limit.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use webstack_store::{
    Capabilities, Clock, Created, Entry, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved, SessionId, Store,
    StoreAnswer, Stored, Timestamp, Touched, Updated, Version,
};

use crate::address::Address;
use crate::fault::Fault;
use crate::keys::Keys;
use crate::link::Link;

/// Keeps sessions in Redis, on one server or on a Redis Cluster.
///
/// Clones of an `Arc` of it, and any number of processes, use the same sessions. The [crate] says what is promised.
///
/// ```no_run
/// use webstack_store::{Created, Entry, Store};
/// use webstack_store_redis::RedisStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisStore::builder("redis://localhost/?namespace=shop").build()?;
///
/// let id = "00112233445566778899aabbccddeeff".parse()?;
/// let entry = Entry { bytes: "{}".into(), expires: None, owner: None };
/// let Created::New(version) = store.create(&id, entry.clone()).await? else { panic!("it is new") };
/// assert_eq!(store.load(&id).await?.map(|stored| stored.version), Some(version));
/// # Ok(()) }
/// ```
pub struct RedisStore {
    pub(crate) link: Link,
    pub(crate) keys: Keys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) timeout: Duration,
    pub(crate) address: Address,
}

impl RedisStore {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs an operation within the time limit.
    fn bounded<'a, T: Send + 'a>(
        &'a self,
        operation: impl Future<Output = Result<T, Fault>> + Send + 'a,
    ) -> StoreAnswer<'a, T> {
        StoreAnswer::later(async move {
            Handle::try_current().map_err(|_| Fault::NoRuntime)?;
            match tokio::time::timeout(self.timeout, operation).await {
                Ok(answer) => Ok(answer?),
                Err(_) => {
                    self.link.doubt();
                    Err(Fault::Timeout(self.timeout).into())
                }
            }
        })
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without passwords.
        let servers: Vec<String> = self.address.servers.iter().map(|server| server.addr().to_string()).collect();
        f.debug_struct("RedisStore")
            .field("kind", &self.link.kind())
            .field("servers", &servers)
            .field("namespace", &self.keys.namespace())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl Store for RedisStore {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        self.bounded(self.load_entry(id))
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        self.bounded(self.create_entry(id, entry))
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        self.bounded(self.update_entry(id, seen, entry))
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        self.bounded(self.touch_entry(id, seen, expires))
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        self.bounded(self.remove_entry(id))
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        self.bounded(self.purge_step(step))
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        self.bounded(self.list_page(after, limit))
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        self.bounded(self.page_of_owner(owner, after, limit))
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        self.bounded(self.reserve_place(owner, id, limit))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().with_multi_process(true).with_persistent(true).with_needs_runtime(true).with_own_clock(true)
    }
}
