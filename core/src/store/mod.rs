//! Where sessions are kept: the contract of all stores, and the ones that come with the engine.
//!
//! [`Store`] is the contract (crate `webstack-store`, which is all that the author of another store needs).

#[cfg(unix)]
mod file;
mod findings;
mod scheme;

#[cfg(unix)]
pub use file::{Durability, FileStore, FileStoreBuilder, OpenError};
pub use findings::{Findings, Repair};
pub(crate) use scheme::{Inspect, OpenContext, Opened, Probe, are_same, open_directory, open_url};
pub use webstack_store::{
    BoxFuture, Cached, Capabilities, Changes, Created, Entry, GRACE, Listed, MemoryStore, Migrating, Moved, OwnerKey,
    PurgeStep, Purged, Removed, Reserved, Store, StoreAnswer, StoreError, Stored, Touched, Updated, Version, Watch,
};
/// Sessions in one memory-mapped file.
#[cfg(all(unix, feature = "lmdb"))]
pub use webstack_store_lmdb as lmdb;
/// Sessions in Redis.
#[cfg(feature = "redis")]
pub use webstack_store_redis as redis;
/// Sessions in a SQL database.
#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite"))]
pub use webstack_store_sql as sql;
