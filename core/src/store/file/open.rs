//! Whether a directory is fit to hold sessions. Found out before the first one is stored there.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::access::Access;
use super::filesystem;

/// A directory cannot be used for sessions. The message says how to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such directory, nor one to make it in.
    #[error("{} does not exist: create it, or the directory that it belongs in", .path.display())]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// The path is a symbolic link, which somebody could turn elsewhere.
    #[error("{} is a symbolic link: name the directory that it points to", .path.display())]
    Link {
        /// The directory.
        path: PathBuf,
    },
    /// Something else than a directory stands there.
    #[error("{} is not a directory: move it away or choose another path", .path.display())]
    NotADirectory {
        /// The directory.
        path: PathBuf,
    },
    /// The directory belongs to another user.
    #[error(
        "{} belongs to user {owner} and this process runs as user {user}: run it as {owner}, \
         or choose a directory of its own", .path.display()
    )]
    ForeignOwner {
        /// The directory.
        path: PathBuf,
        /// The user id that owns it.
        owner: u32,
        /// The user id of this process.
        user: u32,
    },
    /// Others may write into the directory.
    #[error(
        "{} may be written by other users (mode {mode:o}): chmod 700 it if it is for sessions alone; \
         if it is shared or a mounted volume's root, use a directory inside it", .path.display()
    )]
    WritableByOthers {
        /// The directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// There is no such directory, and it is not to be made.
    #[error("there is no directory {}: name the one that the application says it uses", .path.display())]
    Absent {
        /// The directory.
        path: PathBuf,
    },
    /// There is no group of this name, or groups cannot be looked up.
    #[error("there is no group {name:?} on this system: create it, or name another one")]
    UnknownGroup {
        /// The group's name.
        name: String,
        /// Why it could not be looked up, if it is not just absent.
        #[source]
        source: Option<io::Error>,
    },
    /// The directory is not open to the group.
    #[error("{0} is not shared with group {group}: chgrp {group} {0} && chmod 2770 {0}", .path.display())]
    NotShared {
        /// The directory.
        path: PathBuf,
        /// The group's name.
        group: String,
    },
    /// Locks are not reliable there.
    #[error(
        "{} is on a network file system ({kind}), where locks cannot be relied on: use a local directory \
         or a store on a server; or accept the risk with insecure_allow_network_fs", .path.display()
    )]
    NetworkFileSystem {
        /// The directory.
        path: PathBuf,
        /// The kind of file system.
        kind: &'static str,
    },
    /// The operating system refused something that a session store needs.
    #[error("cannot {doing} {} ({source}): give the user of this process the right to, or choose another directory", .path.display())]
    Refused {
        /// The directory.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// What is demanded of a directory.
#[derive(Clone, Debug)]
pub(super) struct Demands {
    pub(super) access: Access,
    pub(super) allow_network_fs: bool,
}

/// Opens a directory that stands there already, if it meets the demands.
pub(super) fn examine(path: &Path, demands: &Demands) -> Result<(OwnedFd, Stat), OpenError> {
    let refused = |doing, errno: Errno| OpenError::Refused { path: path.into(), doing, source: errno.into() };
    let named = match rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Err(OpenError::Missing { path: path.into() }),
        named => named.map_err(|errno| refused("look at", errno))?,
    };
    match FileType::from_raw_mode(named.st_mode) {
        FileType::Symlink => return Err(OpenError::Link { path: path.into() }),
        FileType::Directory => {}
        _ => return Err(OpenError::NotADirectory { path: path.into() }),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::openat(CWD, path, flags, Mode::empty()).map_err(|errno| refused("open", errno))?;
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

/// A private directory belongs to this user alone; a shared one to its group, whose members trust each other.
fn check_permissions(path: &Path, stat: &Stat, access: &Access) -> Result<(), OpenError> {
    let mode = Mode::from_raw_mode(stat.st_mode);
    let user = rustix::process::geteuid().as_raw();
    let writable = || OpenError::WritableByOthers { path: path.into(), mode: mode.bits() & 0o7777 };
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
