//! From a path to a store that works.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use webstack_store::directory::{self, Access, Demands, OpenError as DirectoryError};
use webstack_store::{Clock, SystemClock};

use crate::LmdbStore;
use crate::durability::Durability;
use crate::environment::{Environment, Sizes};
use crate::fault::Fault;
use crate::opened::Opened;

/// The directory cannot be used for an LMDB store. The message says how to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The directory is not fit for sessions.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The files in it cannot be used.
    #[error("the LMDB store in {} cannot be opened ({}): {}", .path.display(), chain(.source.as_ref()), mend(.source.as_ref()))]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn chain(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

fn mend(error: &(dyn std::error::Error + Send + Sync + 'static)) -> &'static str {
    match error.downcast_ref::<Fault>() {
        Some(Fault::Held) => "let the process that holds it go on, or end it",
        Some(Fault::Lmdb(heed::Error::Mdb(_))) => "move its files away, or name another directory",
        _ => "give the user of this process the right to, or name another directory",
    }
}

/// Says how a directory is used; made by [`LmdbStore::builder`].
///
/// ```
/// use webstack_store_lmdb::{Durability, LmdbStore};
///
/// # let place = tempfile::tempdir()?;
/// # let directory = place.path().join("sessions");
/// let store = LmdbStore::builder(&directory).durability(Durability::Synced).size_limit(8 << 30).open()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is opened before `open`"]
pub struct LmdbStoreBuilder {
    path: PathBuf,
    group: Option<String>,
    clock: Arc<dyn Clock>,
    durability: Durability,
    first_size: usize,
    size_limit: usize,
    allow_network_fs: bool,
    create: bool,
}

/// What is mapped at first, and at most. Mapping takes no memory and no disk, only addresses.
const FIRST_SIZE: usize = 256 << 20;
const SIZE_LIMIT: usize = if usize::BITS >= 64 { 64 << 30 } else { 1 << 30 };

/// The files that LMDB makes, and the one that its opening waits for.
const OWN_NAMES: [&str; 3] = ["data.mdb", "lock.mdb", "gate"];

/// Sizes are multiples of this: no system has larger pages by default.
const PAGE: usize = 64 << 10;

impl LmdbStore {
    /// Begins to say how a directory is used.
    pub fn builder(path: impl AsRef<Path>) -> LmdbStoreBuilder {
        LmdbStoreBuilder::new(path.as_ref())
    }
}

impl LmdbStoreBuilder {
    pub(crate) fn new(path: &Path) -> Self {
        LmdbStoreBuilder {
            // Without a slash or a dot at its end, by which a link would be followed and not seen.
            path: path.components().collect(),
            group: None,
            clock: Arc::new(SystemClock),
            durability: Durability::default(),
            first_size: FIRST_SIZE,
            size_limit: SIZE_LIMIT,
            allow_network_fs: false,
            create: true,
        }
    }

    /// Shares the sessions with all members of a group: the directory gets mode 2770 and files 0660.
    ///
    /// # Security
    ///
    /// Every member of the group can read, change and end every session.
    pub fn group(self, name: impl Into<String>) -> Self {
        LmdbStoreBuilder { group: Some(name.into()), ..self }
    }

    /// Says who tells the time. All processes that use the directory shall agree about it.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        LmdbStoreBuilder { clock, ..self }
    }

    /// Says what a power failure may take away. All processes that use the directory shall agree about it.
    pub fn durability(self, durability: Durability) -> Self {
        LmdbStoreBuilder { durability, ..self }
    }

    /// How many bytes are mapped at first; the map doubles when they are full. It is 256 MiB until said otherwise.
    pub fn first_size(self, bytes: usize) -> Self {
        LmdbStoreBuilder { first_size: bytes, ..self }
    }

    /// How many bytes the file may have: 64 GiB until said otherwise. When it is full, what would need more is answered with
    /// [`StoreError::Unavailable`](webstack_store::StoreError::Unavailable).
    pub fn size_limit(self, bytes: usize) -> Self {
        LmdbStoreBuilder { size_limit: bytes, ..self }
    }

    /// Says whether the directory may be on a network file system.
    ///
    /// # Security
    ///
    /// LMDB does not work there: sessions are lost, and the file is damaged, as soon as two machines use it.
    pub fn insecure_allow_network_fs(self, allow: bool) -> Self {
        LmdbStoreBuilder { allow_network_fs: allow, ..self }
    }

    /// Says whether a directory that is not there is made, as it is by default.
    pub fn create(self, create: bool) -> Self {
        LmdbStoreBuilder { create, ..self }
    }

    /// Opens the directory; makes it if it is not there, but not the one that it is in.
    ///
    /// Where this process has it open already, that is used, with its durability and sizes.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the directory cannot keep sessions, or cannot keep them safe. Its message says the mend.
    pub fn open(self) -> Result<LmdbStore, OpenError> {
        let access = Access::of(self.group.as_deref())?;
        if self.create {
            directory::make(&self.path, &access)?;
        } else if !self.path.exists() {
            return Err(DirectoryError::Absent { path: self.path }.into());
        }
        let demands = Demands { access, allow_network_fs: self.allow_network_fs };
        let (fd, _) = directory::examine(&self.path, &demands)?;
        let unusable = |fault: Fault| OpenError::Unusable { path: self.path.clone(), source: fault.into() };
        directory::furnish(&fd, &self.path, &demands.access, |name| OWN_NAMES.contains(&name))
            .map_err(|source| unusable(Fault::Io { doing: "write .gitignore and .htaccess", source }))?;
        let whole =
            |bytes: usize| bytes.max(PAGE).checked_next_multiple_of(PAGE).unwrap_or(usize::MAX - usize::MAX % PAGE);
        let limit = whole(self.size_limit);
        let sizes = Sizes { first: whole(self.first_size).min(limit), limit };
        let opened =
            Opened::new(&self.path, |path| Environment::open(&fd, path, &demands.access, &sizes, self.durability))
                .map_err(unusable)?;
        Ok(LmdbStore::new(opened, self.clock))
    }
}
