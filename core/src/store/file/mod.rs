//! Sessions in a directory: a file for each, no server to run, any number of processes.
//!
//! ```text
//! WebStack-sessions/
//!   .gitignore  .htaccess
//!   3f/3f0a…                  a session; the directory is the first two digits of its id
//!   3f/.webstack-….tmp        a larger file for a session that has grown, until it is renamed
//!   owners/a1/a1c4…/3f0a…     an empty marker: this owner has this session
//! ```
//!
//! `slot` says how an entry is written and `pair` how two slots make a file, `entry_file` how one is locked, read, written
//! and replaced, `write` what the store's operations do under the lock, `owners`, `listing`, `purge` and `inspect` how many are gone
//! through, `own_names` what in the directory is the store's, `calls` what is asked of the system.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{
    Capabilities, Created, Entry, Findings, Listed, OwnerKey, PurgeStep, Purged, Removed, Repair, Reserved, Store,
    StoreAnswer, StoreError, Stored, Touched, Updated, Version,
};
use crate::{Clock, SessionId, Timestamp, runtime};

mod builder;
#[cfg(not(test))]
mod calls;
#[cfg(test)]
mod crash;
mod durability;
mod entry_file;
mod fault;
mod inspect;
mod listing;
mod own_names;
mod owners;
mod pair;
mod purge;
mod root;
mod settled;
mod slot;
mod temporary;
mod write;

pub use builder::FileStoreBuilder;
pub use durability::Durability;
pub use webstack_store::directory::OpenError;

/// The same calls, where a test may stand between.
#[cfg(test)]
use crash::calls;
use fault::Fault;
use root::Root;

/// Keeps sessions in a directory, a file for each.
///
/// Any number of processes may use the same directory, and any of them may be killed at any moment: a file holds
/// the old entry or the new one, and a lock ends with its process. What a power failure may take is said by
/// [`Durability`].
///
/// Files are read inline, on the thread that asks, and written there unless it is the disk that is waited for.
///
/// # Security
///
/// The directory is for its user alone, or for a named group, and is refused if others can write to it. Links are not
/// followed, and files that are not sessions are left alone. If the directory vanishes while the store is in use it is
/// not made again (a volume may just be unmounted): operations fail until it is back. If it was only moved, what is in it
/// can still be read and updated through the open directory.
///
/// ```
/// use webstack_core::store::{Created, Entry, FileStore, Store};
/// # let place = tempfile::tempdir()?;
/// # let directory = place.path().join("WebStack-sessions");
///
/// let store = FileStore::open(&directory)?;
/// # webstack_core::runtime::block_on(async {
/// let id = "00112233445566778899aabbccddeeff".parse().unwrap();
/// let entry = Entry { bytes: "{}".into(), expires: None, owner: None };
/// assert!(matches!(store.create(&id, entry.clone()).await?, Created::New(_)));
///
/// let other_process = FileStore::open(&directory).unwrap();
/// assert_eq!(other_process.load(&id).await?.unwrap().entry, entry);
/// # Ok::<(), webstack_core::store::StoreError>(()) }).unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FileStore {
    root: Arc<Root>,
    clock: Arc<dyn Clock>,
    spared: Duration,
}

impl FileStore {
    /// Opens a directory for the user of this process, and makes it if it is not there.
    ///
    /// # Errors
    ///
    /// As [`FileStoreBuilder::open`].
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, OpenError> {
        FileStore::builder(directory).open()
    }

    /// Begins to say how a directory is used.
    pub fn builder(directory: impl Into<PathBuf>) -> FileStoreBuilder {
        FileStoreBuilder::new(directory.into())
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        self.root.path()
    }

    /// Tries out that sessions can be written, as opening does unless [it is told not to](FileStoreBuilder::probe). Opening passes
    /// over a disk that is full; this does not.
    ///
    /// # Errors
    ///
    /// [`OpenError::Full`] if there is no room, or [`OpenError::Refused`].
    ///
    /// ```
    /// use webstack_core::store::FileStore;
    ///
    /// # let place = tempfile::tempdir()?;
    /// # let directory = place.path().join("WebStack-sessions");
    /// # let _ = FileStore::open(&directory)?;
    /// let store = FileStore::builder(&directory).probe(false).open()?;
    /// assert!(store.probe().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn probe(&self) -> Result<(), OpenError> {
        builder::probe(&self.root).map(drop)
    }

    /// Looks at every file, on this thread: for an operator, who wants to know what is wrong.
    ///
    /// A session may lack its owner's marker in a copy of a directory that was in use; nothing that this store does leaves one
    /// without.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] if somebody holds a file for longer than a second, or what the file system says.
    ///
    /// ```
    /// use webstack_core::store::{FileStore, Findings, Repair};
    ///
    /// # let place = tempfile::tempdir()?;
    /// # let directory = place.path().join("WebStack-sessions");
    /// let store = FileStore::open(&directory)?;
    /// assert_eq!(store.inspect(Repair::Nothing)?, Findings::default(), "nothing is wrong");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn inspect(&self, repair: Repair) -> Result<Findings, StoreError> {
        Ok(inspect::inspect(&self.root, repair, self.clock.now())?)
    }

    fn living(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        let now = self.clock.now();
        Ok(entry_file::peek(&self.root, id)?.filter(|stored| !stored.entry.is_expired(now)))
    }

    /// Runs an operation where it is called.
    fn inline<'a, T>(&'a self, operation: impl FnOnce(&Root, Timestamp) -> Result<T, Fault>) -> StoreAnswer<'a, T> {
        StoreAnswer::ready(operation(&self.root, self.clock.now()).map_err(StoreError::from))
    }

    /// Runs an operation that may have to wait for the disk.
    fn writing<'a, T: Send + 'static>(
        &'a self,
        operation: impl FnOnce(&Root, Timestamp) -> Result<T, Fault> + Send + 'static,
    ) -> StoreAnswer<'a, T> {
        if self.root.durability == Durability::None {
            return self.inline(operation);
        }
        let (root, now) = (Arc::clone(&self.root), self.clock.now());
        StoreAnswer::later(async move { Ok(runtime::off_thread(move || operation(&root, now)).await?) })
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("directory", &self.directory()).finish_non_exhaustive()
    }
}

impl Store for FileStore {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        StoreAnswer::ready(self.living(id))
    }

    fn load_at_once(&self, id: &SessionId) -> Option<Result<Option<Stored>, StoreError>> {
        Some(self.living(id))
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        let id = *id;
        self.writing(move |root, now| write::create(root, &id, &entry, now))
    }

    fn create_at_once(&self, id: &SessionId, entry: Entry) -> Result<Result<Created, StoreError>, Entry> {
        if self.root.durability != Durability::None {
            return Err(entry);
        }
        Ok(write::create(&self.root, id, &entry, self.clock.now()).map_err(StoreError::from))
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        let id = *id;
        self.writing(move |root, now| write::update(root, &id, seen, &entry, now))
    }

    fn update_at_once(
        &self,
        id: &SessionId,
        seen: Version,
        entry: Entry,
    ) -> Result<Result<Updated, StoreError>, Entry> {
        if self.root.durability != Durability::None {
            return Err(entry);
        }
        Ok(write::update(&self.root, id, seen, &entry, self.clock.now()).map_err(StoreError::from))
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        let id = *id;
        self.writing(move |root, now| write::touch(root, &id, seen, expires, now))
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        let id = *id;
        self.writing(move |root, now| write::remove(root, &id, now))
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        let spared = self.spared;
        self.writing(move |root, now| purge::purge(root, step, spared, now))
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        self.inline(move |root, now| listing::list(root, after, limit, now))
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        self.inline(move |root, now| listing::owned_by(root, owner, after, limit, now))
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        let (owner, id) = (*owner, *id);
        self.writing(move |root, now| owners::reserve(root, &owner, &id, limit, now))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().with_multi_process(true).with_persistent(true).with_own_clock(true)
    }
}
