//! Making a directory.

use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use super::{Access, OpenError};

/// Makes the directory, but not the one that it is in; for its user alone until it belongs to the group. One that is there
/// is left as it is; true if there was none.
///
/// # Errors
///
/// [`OpenError::Missing`] if the directory that it is to be in is not there, or [`OpenError::Refused`].
pub fn make(path: &Path, access: &Access) -> Result<bool, OpenError> {
    try_to_make(path, access).map_err(|errno| match errno {
        Errno::NOENT => OpenError::Missing { path: path.into() },
        errno => OpenError::Refused { path: path.into(), doing: "make", source: errno.into() },
    })
}

fn try_to_make(path: &Path, access: &Access) -> Result<bool, Errno> {
    match rustix::fs::mkdirat(CWD, path, Mode::RWXU) {
        Err(Errno::EXIST) => return Ok(false),
        made => made?,
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
    let shared = match access {
        Access::Private => Ok(()),
        Access::Group { id, .. } => rustix::fs::fchown(&directory, None, Some(*id)),
    };
    // A directory that is half made would be in the way of the next attempt.
    shared.and_then(|()| rustix::fs::fchmod(&directory, access.directory_mode())).inspect_err(|_| {
        let _ = rustix::fs::unlinkat(CWD, path, AtFlags::REMOVEDIR);
    })?;
    Ok(true)
}
