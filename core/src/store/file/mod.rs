//! Sessions in a directory: a file for each, no server to run, any number of processes.
//!
//! ```text
//! WebStack-sessions/
//!   .gitignore  .htaccess
//!   3f/3f0a…                  a session; the directory is the first two digits of its id
//!   3f/.webstack-….tmp        a session's next state, until it is renamed
//!   owners/a1/a1c4…/3f0a…     an empty marker: this owner has this session
//! ```
//!
//! `format` says what is in a file, `entry_file` how one is locked, read and replaced, `write` what the store's
//! operations do under the lock, `owners`, `listing` and `purge` how many are gone through.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{
    Capabilities, Created, Entry, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved, Store, StoreResult, Stored,
    Touched, Updated, Version,
};
use crate::{Clock, SessionId, Timestamp};

mod builder;
mod entry_file;
mod fault;
mod format;
mod listing;
mod owners;
mod purge;
mod root;
mod temporary;
mod write;

pub use builder::FileStoreBuilder;
pub use webstack_store::directory::OpenError;

use fault::Fault;
use root::Root;

/// Keeps sessions in a directory, a file for each.
///
/// Any number of processes may use the same directory, and any of them may be killed at any moment: a file holds
/// the old entry or the new one, and a lock ends with its process. Nothing is synced to the disk: after a power
/// failure the last few writes may be missing.
///
/// Files are read and written inline, on the thread that asks.
///
/// # Security
///
/// The directory is for its user alone, or for a named group, and is refused if others can write to it. Links are not
/// followed, and files that are not sessions are left alone. If the directory vanishes while the store is in use it is
/// not made again (a volume may just be unmounted): operations fail until it is back.
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
    root: Root,
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

    /// Runs an operation where it is awaited.
    fn inline<'a, T: Send>(
        &'a self,
        operation: impl FnOnce(&Root, Timestamp) -> Result<T, Fault> + Send + 'a,
    ) -> StoreResult<'a, T> {
        Box::pin(async move { Ok(operation(&self.root, self.clock.now())?) })
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("directory", &self.directory()).finish_non_exhaustive()
    }
}

impl Store for FileStore {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreResult<'a, Option<Stored>> {
        self.inline(|root, now| Ok(entry_file::peek(root, id)?.filter(|stored| !stored.entry.is_expired(now))))
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreResult<'a, Created> {
        self.inline(move |root, now| write::create(root, id, &entry, now))
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreResult<'a, Updated> {
        self.inline(move |root, now| write::update(root, id, seen, &entry, now))
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreResult<'a, Touched> {
        self.inline(move |root, now| write::touch(root, id, seen, expires, now))
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreResult<'a, Removed> {
        self.inline(|root, now| write::remove(root, id, now))
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreResult<'a, Purged> {
        self.inline(move |root, now| purge::purge(root, step, self.spared, now))
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreResult<'a, Vec<Listed>> {
        self.inline(move |root, now| listing::list(root, after, limit, now))
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreResult<'a, Vec<Listed>> {
        self.inline(move |root, now| listing::owned_by(root, owner, after, limit, now))
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreResult<'a, Reserved> {
        self.inline(move |root, now| owners::reserve(root, owner, id, limit, now))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().with_multi_process(true).with_persistent(true).with_own_clock(true)
    }
}
