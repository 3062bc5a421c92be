//! What goes wrong with files, and what that means to the engine.

use std::io;

use rustix::io::Errno;

use crate::store::StoreError;
use webstack_store::directory::OpenError;

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("another process holds the lock")]
    Held,
    #[error("not a session file: {0}")]
    Malformed(&'static str),
    #[error("an entry larger than a session file may be")]
    TooLarge,
    #[error("cannot {doing}")]
    Io {
        doing: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("the session directory is gone or not what it was")]
    Directory(#[source] OpenError),
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Held => StoreError::Busy,
            Fault::Malformed(_) => StoreError::corrupt(fault),
            Fault::Io { source, .. } if passes(source) => StoreError::unavailable(fault),
            Fault::TooLarge | Fault::Io { .. } | Fault::Directory(_) => StoreError::broken(fault),
        }
    }
}

/// What it means that a session's file cannot be opened.
pub(super) fn opening(errno: Errno) -> Fault {
    match errno {
        Errno::LOOP | Errno::NOTDIR | Errno::ISDIR | Errno::NXIO => Fault::Malformed("it is not a regular file"),
        errno => Fault::Io { doing: "open a session file", source: errno.into() },
    }
}

/// Whether a system call may succeed if it is tried again: too many open files, no memory, interrupted.
fn passes(error: &io::Error) -> bool {
    let passing = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS, Errno::INTR, Errno::AGAIN];
    Errno::from_io_error(error).is_some_and(|errno| passing.contains(&errno))
}

/// Says what failed, and keeps the cause.
pub(super) trait Doing<T> {
    fn doing(self, what: &'static str) -> Result<T, Fault>;
}

impl<T> Doing<T> for Result<T, Errno> {
    fn doing(self, what: &'static str) -> Result<T, Fault> {
        self.map_err(|errno| Fault::Io { doing: what, source: errno.into() })
    }
}

/// Turns one expected error into `None`.
pub(super) trait Unless<T> {
    fn unless(self, expected: Errno) -> Result<Option<T>, Errno>;
}

impl<T> Unless<T> for Result<T, Errno> {
    fn unless(self, expected: Errno) -> Result<Option<T>, Errno> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(errno) if errno == expected => Ok(None),
            Err(errno) => Err(errno),
        }
    }
}
