//! Why a directory cannot be used.

use std::io;
use std::path::PathBuf;

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
    /// There is no room for what a session store needs. It may be had again.
    #[error("cannot {doing} {} ({source}): free space there; `webstack purge` frees what has expired", .path.display())]
    Full {
        /// The directory.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
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
