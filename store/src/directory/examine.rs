//! Whether a directory is fit to hold sessions. Found out before the first one is stored there.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{Access, OpenError, filesystem};

/// What is demanded of a directory.
#[derive(Clone, Debug)]
pub struct Demands {
    /// Whom it is for.
    pub access: Access,
    /// Whether it may be on a network file system.
    pub allow_network_fs: bool,
}

/// Opens a directory that stands there already, if it meets the demands.
///
/// # Errors
///
/// [`OpenError`] says what is wrong and how to mend it.
pub fn examine(path: &Path, demands: &Demands) -> Result<(OwnedFd, Stat), OpenError> {
    let refused = |doing, errno: Errno| OpenError::Refused { path: path.into(), doing, source: errno.into() };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::openat(CWD, path, flags, Mode::empty()).map_err(|errno| unopened(path, errno))?;
    let stat = rustix::fs::fstat(&directory).map_err(|errno| refused("look at", errno))?;
    check_permissions(path, &stat, &demands.access)?;
    match filesystem::kind(&directory).map_err(|errno| refused("tell the file system of", errno))? {
        filesystem::Kind::Network(kind) if !demands.allow_network_fs => {
            return Err(OpenError::NetworkFileSystem { path: path.into(), kind });
        }
        filesystem::Kind::Network(kind) => {
            tracing::warn!(kind, path = %path.display(), "sessions are kept on a network file system");
        }
        filesystem::Kind::Passing(kind) => {
            tracing::warn!(kind, path = %path.display(), "sessions are kept where a restart may lose them");
        }
        filesystem::Kind::Local => {}
    }
    Ok((directory, stat))
}

/// Why it cannot be opened: what stands there says more than the number, which systems do not agree on.
fn unopened(path: &Path, errno: Errno) -> OpenError {
    let path = path.to_owned();
    let named = match rustix::fs::statat(CWD, &path, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return OpenError::Missing { path },
        Err(errno) => return OpenError::Refused { path, doing: "look at", source: errno.into() },
        Ok(named) => named,
    };
    match FileType::from_raw_mode(named.st_mode) {
        FileType::Symlink => OpenError::Link { path },
        FileType::Directory => OpenError::Refused { path, doing: "open", source: errno.into() },
        _ => OpenError::NotADirectory { path },
    }
}

/// A private directory belongs to this user alone; a shared one to its group, whose members trust each other.
fn check_permissions(path: &Path, stat: &Stat, access: &Access) -> Result<(), OpenError> {
    let mode = Mode::from_raw_mode(stat.st_mode);
    let user = rustix::process::geteuid().as_raw();
    #[allow(clippy::useless_conversion, reason = "permissions have 16 bits on macOS")]
    let writable = || OpenError::WritableByOthers { path: path.into(), mode: u32::from(mode.bits()) & 0o7777 };
    match access {
        _ if mode.contains(Mode::WOTH) => Err(writable()),
        Access::Private if stat.st_uid != user => {
            Err(OpenError::ForeignOwner { path: path.into(), owner: stat.st_uid, user })
        }
        Access::Private if mode.contains(Mode::WGRP) => Err(writable()),
        Access::Group { name, id } if stat.st_gid != id.as_raw() || !mode.contains(Mode::RWXG | Mode::SGID) => {
            Err(OpenError::NotShared { path: path.into(), group: name.clone() })
        }
        Access::Private | Access::Group { .. } => Ok(()),
    }
}
