//! The session directory: opened once, looked at again when something in it is missing.
//!
//! Everything is done relative to the open directory, so what takes its place under the same name later (an
//! unmounted volume's mount point, a stranger's directory in `/tmp`) is not used before it was examined.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::fault::{Doing as _, Fault, Unless as _};
use crate::SessionId;
use webstack_store::directory::Access;
use webstack_store::directory::{Demands, OpenError, examine};

#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    demands: Demands,
    base: RwLock<Arc<Base>>,
}

impl Root {
    pub(super) fn open(path: PathBuf, demands: Demands) -> Result<Self, OpenError> {
        let base = RwLock::new(Arc::new(Base::examined(&path, &demands)?));
        Ok(Root { path, demands, base })
    }

    /// The directory as it was when last looked at.
    pub(super) fn base(&self) -> Arc<Base> {
        Arc::clone(&self.base.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The directory that stands under the path now.
    pub(super) fn present_base(&self) -> Result<Arc<Base>, Fault> {
        let base = self.base();
        match rustix::fs::statat(CWD, &self.path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if same_file(&stat, &base.stat) => Ok(base),
            _ => {
                let base = Arc::new(Base::examined(&self.path, &self.demands).map_err(Fault::Directory)?);
                *self.base.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&base);
                Ok(base)
            }
        }
    }

    /// Does something to the directory; and again, if it found nothing because the directory is another one now.
    pub(super) fn find<T>(&self, search: impl Fn(&Arc<Base>) -> Result<Option<T>, Fault>) -> Result<Option<T>, Fault> {
        let base = self.base();
        if let Some(found) = search(&base)? {
            return Ok(Some(found));
        }
        let present = self.present_base()?;
        if Arc::ptr_eq(&base, &present) { Ok(None) } else { search(&present) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// An open session directory.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) fd: OwnedFd,
    pub(super) access: Access,
    stat: Stat,
}

impl Base {
    fn examined(path: &Path, demands: &Demands) -> Result<Self, OpenError> {
        let (fd, stat) = examine(path, demands)?;
        Ok(Base { fd, stat, access: demands.access.clone() })
    }

    /// Opens something below the directory: never through a link, never waiting, never inherited by a child process.
    pub(super) fn open(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let mode = if flags.contains(OFlags::CREATE) { self.access.file_mode() } else { Mode::empty() };
        // Linux can refuse links on the whole way, not only in the last step.
        #[cfg(target_os = "linux")]
        match rustix::fs::openat2(&self.fd, path, flags, mode, rustix::fs::ResolveFlags::NO_SYMLINKS) {
            // An old kernel does not know the call; some sandboxes forbid what they do not know.
            Err(Errno::NOSYS) => {}
            Err(Errno::PERM) if !flags.contains(OFlags::NOATIME) => {}
            opened => return opened,
        }
        rustix::fs::openat(&self.fd, path, flags, mode)
    }

    /// Opens a file for reading, without the reading being noted in the inode where that is allowed.
    pub(super) fn open_quietly(&self, path: &str) -> Result<OwnedFd, Errno> {
        #[cfg(target_os = "linux")]
        match self.open(path, OFlags::RDONLY | OFlags::NOATIME) {
            Err(Errno::PERM) => {}
            opened => return opened,
        }
        self.open(path, OFlags::RDONLY)
    }

    /// What stands under a name; `None` if nothing does.
    pub(super) fn look_at(&self, path: &str) -> Result<Option<Stat>, Fault> {
        rustix::fs::statat(&self.fd, path, AtFlags::SYMLINK_NOFOLLOW)
            .unless(Errno::NOENT)
            .doing("look at a file in the session directory")
    }

    /// Removes a file. That it is gone already is as good.
    pub(super) fn unlink(&self, path: &str) -> Result<bool, Errno> {
        Ok(rustix::fs::unlinkat(&self.fd, path, AtFlags::empty()).unless(Errno::NOENT)?.is_some())
    }

    /// Makes a directory, if it is not there yet.
    pub(super) fn make_directory(&self, path: &str) -> Result<(), Errno> {
        let mode = self.access.directory_mode();
        match rustix::fs::mkdirat(&self.fd, path, mode) {
            Err(Errno::EXIST) => return Ok(()),
            made => made?,
        }
        // The umask may have taken away what the group needs.
        match self.open(path, OFlags::RDONLY | OFlags::DIRECTORY) {
            Ok(directory) => rustix::fs::fchmod(directory, mode),
            // A purge found it empty. Whoever needs it tries again.
            Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    /// The names in a directory; none if there is no such directory. Links are not followed.
    pub(super) fn names(&self, path: &str) -> Result<Vec<String>, Fault> {
        let directory = match self.open(path, OFlags::RDONLY | OFlags::DIRECTORY) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(Vec::new()),
            opened => opened.doing("open a directory")?,
        };
        let mut names = Vec::new();
        for entry in Dir::new(directory).doing("read a directory")? {
            let entry = entry.doing("read a directory")?;
            names.extend(entry.file_name().to_str().ok().map(str::to_owned));
        }
        Ok(names)
    }
}

/// Gives a file that was just made the permissions it shall have, whatever the umask is.
pub(super) fn set_mode(fd: &OwnedFd, stat: &Stat, access: &Access) -> Result<(), Fault> {
    let mode = access.file_mode();
    if Mode::from_raw_mode(stat.st_mode) == mode {
        return Ok(());
    }
    rustix::fs::fchmod(fd, mode).doing("set a file's permissions")
}

pub(super) fn is_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

/// Where a session's file is, below the session directory.
pub(super) fn entry_path(id: &SessionId) -> String {
    format!("{:02x}/{id}", id.as_bytes()[0])
}

pub(super) fn same_file(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}
