//! What a store is: the contract that memory, files and every database behind a session keep.
//!
//! A store keeps opaque [`Entry`]s under [`SessionId`]s. It knows neither sessions nor JSON nor tokens: all decisions
//! are the engine's. What a store owes are a few atomic operations, written down at [`Store`] and tested by
//! the published conformance kit (`webstack_testkit::store_suite!`).

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

use crate::{SessionId, Timestamp};

mod error;
#[cfg(unix)]
mod file;
mod memory;
mod owner;
mod scheme;

pub use error::StoreError;
#[cfg(unix)]
pub use file::{FileStore, FileStoreBuilder, OpenError};
pub use memory::MemoryStore;
pub use owner::OwnerKey;
pub(crate) use scheme::{OpenContext, Opened, open_directory, open_url};

/// A boxed future, as the methods of an object-safe asynchronous trait return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the operations of a [`Store`] answer.
pub type StoreResult<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// How long an entry that has expired may still be updated or touched, and is spared by a purge.
///
/// A request that loaded a session alive shall not fail because its deadline passed while the request was running.
pub const GRACE: std::time::Duration = std::time::Duration::from_secs(60);

/// What a store keeps for a session.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The record: opaque to the store, returned byte by byte as it was given.
    pub bytes: Bytes,
    /// The moment from which on the entry is absent; `None`: never.
    pub expires: Option<Timestamp>,
    /// Whose session it is, for [`Store::owned_by`]; `None`: nobody's.
    pub owner: Option<OwnerKey>,
}

impl Entry {
    /// True if the entry is absent for readers at this moment: its deadline has come.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|deadline| deadline <= now)
    }

    /// True if the entry is absent for everybody at this moment: its deadline passed longer ago than [`GRACE`].
    pub fn is_purgeable(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|deadline| deadline + GRACE <= now)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("bytes", &format_args!("{} bytes", self.bytes.len()))
            .field("expires", &self.expires)
            .field("owned", &self.owner.is_some())
            .finish()
    }
}

/// Tells one state of an entry from every other state of the same entry: the store's own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version(u64);

impl Version {
    /// A version with this number.
    pub const fn new(number: u64) -> Self {
        Version(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// An entry as a store holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The entry.
    pub entry: Entry,
    /// Its version, to be shown when it is updated.
    pub version: Version,
}

/// The answer to [`Store::create`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Created {
    /// The entry is there now, with this version.
    New(Version),
    /// The id is taken; nothing was changed.
    Exists,
}

/// The answer to [`Store::update`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Updated {
    /// The entry was replaced and has this version now.
    Applied(Version),
    /// Somebody else was faster; this is what stands there, and nothing was changed.
    Conflict(Stored),
    /// There is no such entry; nothing was changed.
    Gone,
}

/// The answer to [`Store::touch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Touched {
    /// The entry lives at least until the moment asked for.
    Extended,
    /// The entry has another version: whoever wrote it saw to its deadline. Nothing was changed.
    Stale,
    /// There is no such entry; nothing was changed.
    Gone,
}

/// The answer to [`Store::remove`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Removed {
    /// This call removed it.
    Removed,
    /// There was nothing to remove.
    Absent,
}

/// The answer to [`Store::reserve`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Reserved {
    /// The place is kept for the session, for [`GRACE`] or until an entry takes it.
    Granted,
    /// The owner has as many sessions as allowed; these are they.
    Full(Vec<SessionId>),
}

/// A session in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The session's id.
    pub id: SessionId,
    /// What is stored for it.
    pub stored: Stored,
}

/// One step of a purge: where to begin, and how many entries to look at.
///
/// ```
/// use webstack_core::store::PurgeStep;
///
/// let step = PurgeStep::new(1_000);
/// assert_eq!((step.after, step.entries), (None, 1_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PurgeStep {
    /// Begin behind this id; `None`: at the beginning.
    pub after: Option<SessionId>,
    /// Look at about this many entries, then return.
    pub entries: usize,
}

impl PurgeStep {
    /// A first step over this many entries.
    pub const fn new(entries: usize) -> Self {
        PurgeStep { after: None, entries }
    }

    /// The step that begins where another one ended.
    #[must_use]
    pub const fn after(self, id: Option<SessionId>) -> Self {
        PurgeStep { after: id, ..self }
    }
}

/// The answer to [`Store::purge`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Purged {
    /// Entries and leftovers that were removed.
    pub removed: u64,
    /// Entries that were looked at and left.
    pub remaining: u64,
    /// Where the next step begins; `None`: this one reached the end.
    pub next: Option<SessionId>,
}

/// What a store can and cannot do, so that an unsuitable one is refused at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Several processes may use it at the same time.
    pub multi_process: bool,
    /// Sessions survive the end of the process.
    pub persistent: bool,
    /// It needs the timers and sockets of an asynchronous runtime.
    pub needs_runtime: bool,
    /// It asks a [`Clock`](crate::Clock) that can be held, rather than a server's.
    pub own_clock: bool,
}

impl Capabilities {
    /// Nothing: one process, forgotten at its end, no runtime needed, time told by a server.
    pub const fn new() -> Self {
        Capabilities { multi_process: false, persistent: false, needs_runtime: false, own_clock: false }
    }

    /// Says whether several processes may use the store at the same time.
    #[must_use]
    pub const fn with_multi_process(self, multi_process: bool) -> Self {
        Capabilities { multi_process, ..self }
    }

    /// Says whether sessions survive the end of the process.
    #[must_use]
    pub const fn with_persistent(self, persistent: bool) -> Self {
        Capabilities { persistent, ..self }
    }

    /// Says whether an asynchronous runtime is needed.
    #[must_use]
    pub const fn with_needs_runtime(self, needs_runtime: bool) -> Self {
        Capabilities { needs_runtime, ..self }
    }

    /// Says whether the store asks a [`Clock`](crate::Clock) that can be held.
    #[must_use]
    pub const fn with_own_clock(self, own_clock: bool) -> Self {
        Capabilities { own_clock, ..self }
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Capabilities::new()
    }
}

/// Keeps sessions. Implement it to bring a store of your own; test it with `webstack_testkit::store_suite!`.
///
/// # The contract
///
/// * **Every operation is atomic** with regard to every other one on the same id, from any thread, and from any
///   process if [`Capabilities::multi_process`] is true. A reader sees an entry whole, old or new.
/// * **Expired is absent** for [`load`](Store::load), [`list`](Store::list) and [`owned_by`](Store::owned_by), though
///   no purge ever ran. [`update`](Store::update) and [`touch`](Store::touch) still find it for [`GRACE`] after its deadline.
/// * **Absent is a value**, not an error. Errors are for systems that failed; [`StoreError`] says what can be done next.
/// * **Nothing but `create` brings an entry into being.** An update, a touch or a purge under way while the entry is
///   removed leaves it removed. An id is never created twice by the engine, so an entry that is gone stays gone.
/// * **No waiting for others.** An operation that finds the entry held by somebody else answers
///   [`StoreError::Busy`] soon, and the engine tries again within its own time limit.
/// * **Bounded.** An operation that talks to a server has a time limit and answers [`StoreError::Unavailable`] after it.
/// * A future that is dropped before it is ready has either done the whole operation or nothing.
///
/// # Security
///
/// Entries hold no credential, but they hold people's data: a store keeps them from other users of the machine.
///
/// ```
/// use webstack_core::store::{Created, Entry, MemoryStore, Store, Updated};
/// # webstack_core::runtime::block_on(async {
/// let store = MemoryStore::new();
/// let id = "00112233445566778899aabbccddeeff".parse().unwrap();
/// let entry = |text: &'static str| Entry { bytes: text.into(), expires: None, owner: None };
///
/// let Created::New(version) = store.create(&id, entry("one")).await? else { panic!("it is new") };
/// assert!(matches!(store.update(&id, version, entry("two")).await?, Updated::Applied(_)));
/// let Updated::Conflict(found) = store.update(&id, version, entry("three")).await? else { panic!("seen before") };
/// assert_eq!(found.entry.bytes, "two");
/// # Ok::<(), webstack_core::store::StoreError>(()) }).unwrap();
/// ```
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// The entry, if there is one and it has not expired.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] if something stands there that this store did not write whole.
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreResult<'a, Option<Stored>>;

    /// Keeps a new entry. Only if there is none under this id, expired ones included: nothing is replaced.
    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreResult<'a, Created>;

    /// Replaces the entry, only if it still is the one that was `seen`. It never creates.
    ///
    /// A conflict brings the entry that stands there along, so that the caller needs no further round trip.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] as for [`load`](Store::load); what stands there is left alone.
    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreResult<'a, Updated>;

    /// Moves the deadline to `expires` or leaves it where it is, whichever is later; only if the entry still is the
    /// one that was `seen`. Neither bytes nor version change. It never revives.
    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreResult<'a, Touched>;

    /// Removes the entry, whatever its version and even if what stands there is corrupt: logout is unconditional.
    ///
    /// An entry that has expired counts as absent in the answer, and is removed all the same.
    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreResult<'a, Removed>;

    /// Removes entries that expired longer than [`GRACE`] ago, and what crashes left behind; one bounded step of it.
    ///
    /// An entry that vanishes meanwhile is no error. A single entry that cannot be dealt with does not stop the step.
    fn purge<'a>(&'a self, step: PurgeStep) -> StoreResult<'a, Purged>;

    /// A page of what is alive: at most `limit` sessions, in the order of their ids, behind `after`.
    ///
    /// A session that is there from the first page to the last is listed exactly once. A page shorter than `limit` is
    /// the last. Corrupt entries are left out.
    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreResult<'a, Vec<Listed>>;

    /// As [`list`](Store::list), only the sessions of one owner. It never lists an ended one and never misses a living one.
    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreResult<'a, Vec<Listed>>;

    /// Keeps a place for a session among at most `limit` of its owner's.
    ///
    /// Counting and keeping are one atomic step per owner: of any number of parallel calls, only so many are granted
    /// that living sessions and kept places together stay within the limit. A session that already counts is granted
    /// again. The place is taken by writing an entry with this id and owner, and given back by itself after [`GRACE`].
    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreResult<'a, Reserved>;

    /// What this store can and cannot do.
    fn capabilities(&self) -> Capabilities;
}
