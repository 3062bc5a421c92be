//! From a path to a store that works: everything that can be wrong with a directory is found out here.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use webstack_store::directory::{self, Access, Demands, OpenError};

use super::durability::Durability;
use super::fault::{Doing as _, Fault};
use super::own_names::is_own;
use super::root::Root;
use super::temporary::{Temporary, random_name};
use super::{FileStore, calls};
use crate::{Clock, SystemClock};

/// How long a file is spared by a purge unread, if nobody says otherwise.
const DEFAULT_SPARED: Duration = Duration::from_secs(30 * 60);

/// Says how a directory is used for sessions; made by [`FileStore::builder`].
///
/// ```
/// use std::time::Duration;
/// use webstack_core::store::FileStore;
///
/// # let place = tempfile::tempdir()?;
/// # let directory = place.path().join("WebStack-sessions");
/// let store = FileStore::builder(&directory).purge_spares(Duration::from_secs(3600)).open()?;
/// assert!(directory.join(".gitignore").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is opened before `open`"]
pub struct FileStoreBuilder {
    path: PathBuf,
    group: Option<String>,
    clock: Arc<dyn Clock>,
    spared: Duration,
    durability: Durability,
    allow_network_fs: bool,
    create: bool,
    probe: bool,
}

impl FileStoreBuilder {
    pub(super) fn new(path: PathBuf) -> Self {
        let clock = Arc::new(SystemClock);
        // Without a slash or a dot at its end, by which a link would be followed and not seen.
        let path = path.components().collect();
        let (spared, durability) = (DEFAULT_SPARED, Durability::default());
        let (allow_network_fs, create, probe) = (false, true, true);
        FileStoreBuilder { path, group: None, clock, spared, durability, allow_network_fs, create, probe }
    }

    /// Shares the sessions with all members of a group: directories get mode 2770 and files 0660.
    ///
    /// # Security
    ///
    /// Every member of the group can read, change and end every session.
    pub fn group(self, name: impl Into<String>) -> Self {
        FileStoreBuilder { group: Some(name.into()), ..self }
    }

    /// Says who tells the time. All processes that use the directory shall agree about it.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        FileStoreBuilder { clock, ..self }
    }

    /// Lets a purge pass over files that were written this recently, without reading them.
    ///
    /// A good value is the idle timeout: a session cannot have expired before. It only saves work; a session with a
    /// shorter life is absent when its deadline comes, and purged a little later.
    pub fn purge_spares(self, younger_than: Duration) -> Self {
        FileStoreBuilder { spared: younger_than, ..self }
    }

    /// Says what has reached the disk when a write is answered. What has to wait for the disk is done on a thread of tokio's
    /// for such work, where there is one, and else inline.
    pub fn durability(self, durability: Durability) -> Self {
        FileStoreBuilder { durability, ..self }
    }

    /// Says whether the directory may be on a network file system.
    ///
    /// # Security
    ///
    /// Where locks do not hold between machines, updates are lost and a logout can be undone by a slow request.
    pub fn insecure_allow_network_fs(self, allow: bool) -> Self {
        FileStoreBuilder { allow_network_fs: allow, ..self }
    }

    /// Says whether a directory that is not there is made, as it is by default. Tools that look at the sessions of others say
    /// no.
    pub fn create(self, create: bool) -> Self {
        FileStoreBuilder { create, ..self }
    }

    /// Says whether it is tried out that a directory which is there already can be written to, as it is by default. A process that
    /// serves one request finds out soon enough, and trying costs it more than the session does. That the disk is full is a warning
    /// and no error.
    pub fn probe(self, probe: bool) -> Self {
        FileStoreBuilder { probe, ..self }
    }

    /// Opens the directory; makes it if it is not there, but not the one that it is in. It gets a `.gitignore` and an `.htaccess`,
    /// unless there are other things in it than sessions.
    ///
    /// On a disk that is full it is opened with a warning, as who has it open goes on, too: sessions that are there are read, and
    /// what is written fails until there is space. What could not be written at this start is written at the next one.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the directory cannot keep sessions, or cannot keep them safe. Its message says the mend.
    pub fn open(self) -> Result<FileStore, OpenError> {
        let refused = |doing, source: io::Error| OpenError::Refused { path: self.path.clone(), doing, source };
        let path = std::path::absolute(&self.path).map_err(|error| refused("find", error))?;
        let access = Access::of(self.group.as_deref())?;
        let demands = Demands { access, allow_network_fs: self.allow_network_fs };
        // Nearly every process that does not try the directory out finds it there and fit. What is wrong is found out below.
        if !self.probe
            && let Ok(root) = Root::open(path.clone(), demands.clone(), self.durability)
        {
            return Ok(self.of(root));
        }
        let is_new = match self.create {
            true => directory::make(&path, &demands.access)?,
            false if path.exists() => false,
            false => return Err(OpenError::Absent { path }),
        };
        if self.durability == Durability::Full && (is_new || self.probe) {
            sync_name(&path).map_err(|errno| refused("sync the name of", errno.into()))?;
        }
        let mut root = Root::open(path, demands, self.durability)?;
        if is_new || self.probe {
            match self.prepare(&mut root) {
                // Who runs already goes on serving, and so does who starts now.
                Err(OpenError::Full { path, doing, source }) => {
                    let cause = &source as &dyn std::error::Error;
                    let path = path.display();
                    tracing::warn!(%path, cause, "cannot {doing} it: what is new fails until there is space");
                }
                prepared => prepared?,
            }
        }
        Ok(self.of(root))
    }

    fn prepare(&self, root: &mut Root) -> Result<(), OpenError> {
        // Who does not make a directory only looks at it, and it may be somebody else's.
        if self.create {
            let base = root.base();
            directory::furnish(&base.fd, root.path(), &base.access, |name| is_own(&base, name))
                .map_err(|error| unwritten(root, "write .gitignore and .htaccess in", error))?;
        }
        if probe(root)? {
            root.trust_umask();
        }
        Ok(())
    }

    fn of(self, root: Root) -> FileStore {
        FileStore { root: Arc::new(root), clock: self.clock, spared: self.spared }
    }
}

/// Waits until the directory's own name is on the disk; who made it may have been killed before it was.
fn sync_name(path: &Path) -> Result<(), Errno> {
    let above = path.parent().unwrap_or(path);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    calls::sync_directory(&rustix::fs::openat(CWD, above, flags, Mode::empty())?)
}

/// Does once what every request will do, so that it does not fail there first; true if files are made with the permissions
/// that they are to have.
pub(super) fn probe(root: &Root) -> Result<bool, OpenError> {
    try_out(root).map_err(|fault| unwritten(root, "write, rename and remove files in", source_of(fault)))
}

/// A disk that is full is no matter of rights.
fn unwritten(root: &Root, doing: &'static str, source: io::Error) -> OpenError {
    let path = root.path().to_owned();
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::Full { path, doing, source },
        _ => OpenError::Refused { path, doing, source },
    }
}

fn try_out(root: &Root) -> Result<bool, Fault> {
    let base = root.base();
    let path = random_name();
    let file = base.open(&path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL).doing("probe the session directory")?;
    let stat = calls::fstat(&file).doing("probe the session directory")?;
    let _ = base.unlink(&path);
    let temporary = Temporary::create(&base, ".")?;
    calls::pwrite(temporary.fd(), b"probe", 0).doing("probe the session directory")?;
    let renamed = random_name();
    drop(temporary.rename_to(&renamed)?);
    base.unlink(&renamed).doing("probe the session directory")?;
    Ok(Mode::from_raw_mode(stat.st_mode) == base.access.file_mode())
}

fn source_of(fault: Fault) -> io::Error {
    match fault {
        Fault::Io { source, .. } => source,
        fault => io::Error::other(fault),
    }
}
