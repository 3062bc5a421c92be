//! What a session store is: the contract that memory, files and every database behind a session keep.
//!
//! A store keeps opaque [`Entry`]s under [`SessionId`]s. It knows neither sessions nor JSON nor tokens: all decisions
//! are the engine's (`webstack-core`). What a store owes are a few atomic operations, written down at [`Store`] and tested
//! by the published conformance kit (`webstack_testkit::store_suite!`).
//!
//! This crate is all that the author of a store depends on. Applications find it as `webstack::store`.

mod answer;
mod answers;
mod cached;
mod capabilities;
mod clock;
mod contract;
#[cfg(all(unix, feature = "directory"))]
#[doc(hidden)]
pub mod directory;
mod entry;
mod error;
mod id;
mod memory;
mod migrating;
mod owner;
mod purge;
mod watch;

pub use answer::StoreAnswer;
pub use answers::{Created, Removed, Reserved, Touched, Updated};
pub use cached::Cached;
pub use capabilities::Capabilities;
pub use clock::{Clock, SystemClock, Timestamp};
pub use contract::{BoxFuture, Store};
pub use entry::{Entry, GRACE, Listed, Stored, Version};
pub use error::StoreError;
pub use id::{MalformedId, SessionId};
pub use memory::MemoryStore;
pub use migrating::{Migrating, Moved};
pub use owner::OwnerKey;
pub use purge::{PurgeStep, Purged};
pub use watch::{Changes, Watch};
