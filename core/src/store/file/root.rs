//! The session directory: opened once, looked at again when something in it is missing.
//!
//! Everything is done relative to the open directory, so what takes its place under the same name later (an
//! unmounted volume's mount point, a stranger's directory in `/tmp`) is not used before it was examined.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use webstack_store::directory::{Access, Demands, OpenError, examine};

use super::calls;
use super::durability::Durability;
use super::fault::{Doing as _, Fault, Unless as _, opening};
use super::purge::Bookmark;
use super::settled::Settled;
use crate::SessionId;

/// Reads must not write: a note of the last access would be written after every change.
#[cfg(target_os = "linux")]
const QUIETLY: OFlags = OFlags::NOATIME;
#[cfg(not(target_os = "linux"))]
const QUIETLY: OFlags = OFlags::empty();

#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    demands: Demands,
    pub(super) durability: Durability,
    /// How far a purge has come.
    pub(super) bookmark: Bookmark,
    base: RwLock<Arc<Base>>,
}

impl Root {
    pub(super) fn open(path: PathBuf, demands: Demands, durability: Durability) -> Result<Self, OpenError> {
        let base = RwLock::new(Arc::new(Base::examined(&path, &demands, durability, true)?));
        Ok(Root { path, demands, durability, bookmark: Bookmark::default(), base })
    }

    /// Remembers that files are made with the right permissions: nobody need set them.
    pub(super) fn trust_umask(&mut self) {
        let base = self.base.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(base) = Arc::get_mut(base) {
            base.must_set_mode = false;
        }
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
                let examined = Base::examined(&self.path, &self.demands, self.durability, base.must_set_mode);
                let base = Arc::new(examined.map_err(Fault::Directory)?);
                *self.base.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&base);
                Ok(base)
            }
        }
    }

    /// Opens a session's file, if there is one: in the directory that is open, else in the one that stands under the path now.
    pub(super) fn open_file(&self, path: &str, flags: OFlags) -> Result<Option<(Arc<Base>, OwnedFd)>, Fault> {
        let base = self.base();
        if let Some(fd) = base.open_quietly(path, flags)? {
            return Ok(Some((base, fd)));
        }
        let present = self.present_base()?;
        if Arc::ptr_eq(&base, &present) {
            return Ok(None);
        }
        Ok(present.open_quietly(path, flags)?.map(|fd| (present, fd)))
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
    pub(super) durability: Durability,
    stat: Stat,
    /// Where this process has seen to it that the names of directories are on the disk.
    pub(super) settled: Settled,
    /// The umask of this process takes away permissions that files are to have.
    must_set_mode: bool,
}

impl Base {
    fn examined(
        path: &Path,
        demands: &Demands,
        durability: Durability,
        must_set_mode: bool,
    ) -> Result<Self, OpenError> {
        let (fd, stat) = examine(path, demands)?;
        let (access, settled) = (demands.access.clone(), Settled::new(durability));
        Ok(Base { fd, stat, access, durability, settled, must_set_mode })
    }

    /// Opens something below the directory, or makes a file.
    pub(super) fn open(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let mode = if flags.contains(OFlags::CREATE) { self.access.file_mode() } else { Mode::empty() };
        calls::open(&self.fd, path, flags, mode)
    }

    /// Opens a session's file, without its reading being noted in the inode where that is allowed; `None` if there is none.
    pub(super) fn open_quietly(&self, path: &str, flags: OFlags) -> Result<Option<OwnedFd>, Fault> {
        let opened = match self.open(path, flags | QUIETLY) {
            Err(Errno::PERM) if !QUIETLY.is_empty() => self.open(path, flags),
            opened => opened,
        };
        opened.unless(Errno::NOENT).map_err(opening)
    }

    /// Gives a file that was just made the permissions it shall have, if it has not got them.
    pub(super) fn settle_mode(&self, fd: &OwnedFd) -> Result<(), Fault> {
        match self.must_set_mode {
            true => calls::chmod(fd, self.access.file_mode()).doing("set a file's permissions"),
            false => Ok(()),
        }
    }

    /// Waits until a file's bytes are on the disk, if that is asked for.
    pub(super) fn sync_data(&self, fd: &OwnedFd) -> Result<(), Fault> {
        match self.durability {
            Durability::None => Ok(()),
            Durability::Data | Durability::Full => calls::sync_data(fd).doing("sync a session file"),
        }
    }

    /// Waits until the names in a directory are on the disk, if that is asked for.
    pub(super) fn sync_names(&self, path: &str) -> Result<(), Fault> {
        if self.durability != Durability::Full {
            return Ok(());
        }
        let directory = self.open(path, OFlags::RDONLY | OFlags::DIRECTORY).doing("open a directory")?;
        calls::sync_directory(&directory).doing("sync a directory")
    }

    /// What stands under a name; `None` if nothing does.
    pub(super) fn look_at(&self, path: &str) -> Result<Option<Stat>, Fault> {
        look_at(&self.fd, path)
    }

    /// Removes a file. That it is gone already is as good.
    pub(super) fn unlink(&self, path: &str) -> Result<bool, Errno> {
        Ok(calls::unlink(&self.fd, path, AtFlags::empty()).unless(Errno::NOENT)?.is_some())
    }

    /// Makes a directory, if it is not there yet.
    pub(super) fn make_directory(&self, path: &str) -> Result<(), Errno> {
        let mode = self.access.directory_mode();
        match calls::mkdir(&self.fd, path, mode) {
            Err(Errno::EXIST) => return Ok(()),
            made => made?,
        }
        // The umask may have taken away what the group needs.
        match self.open(path, OFlags::RDONLY | OFlags::DIRECTORY) {
            Ok(directory) => calls::chmod(&directory, mode),
            // A purge found it empty. Whoever needs it tries again.
            Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    /// Shows the names in a directory, and answers the directory; `None` if there is none. Links are not followed.
    pub(super) fn names(&self, path: &str, show: &mut dyn FnMut(&str)) -> Result<Option<OwnedFd>, Fault> {
        let directory = match self.open(path, OFlags::RDONLY | OFlags::DIRECTORY) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
            opened => opened.doing("open a directory")?,
        };
        calls::names(&directory, show).doing("read a directory")?;
        Ok(Some(directory))
    }
}

/// What stands under a name below a directory; `None` if nothing does.
pub(super) fn look_at(directory: &OwnedFd, path: &str) -> Result<Option<Stat>, Fault> {
    calls::stat(directory, path).unless(Errno::NOENT).doing("look at a file in the session directory")
}

pub(super) fn is_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

/// Where a session's file is, below the session directory.
pub(super) fn entry_path(id: &SessionId) -> String {
    let mut digits = [0; NAME];
    let name = entry_name(id, &mut digits);
    [&name[..2], "/", name].concat()
}

/// The length of the name of a session's file.
pub(super) const NAME: usize = 32;

/// The name of a session's file, in its directory. Every operation needs it, so nothing is formatted.
pub(super) fn entry_name<'a>(id: &SessionId, digits: &'a mut [u8; NAME]) -> &'a str {
    base16ct::lower::encode_str(id.as_bytes(), digits).expect("two digits for each of 16 bytes")
}

pub(super) fn same_file(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}
