//! The system calls of the store of files for loading a session and saving it, and nothing else. What is written is what was
//! read, so that the session stays as it is.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// A file up to this size is read in one call, and the store has this much room for it.
const ROOM: usize = 8193;

/// Makes the calls; the path is relative, as it is to the store.
pub(crate) fn load_and_save(file: &Path) -> Result<(), Errno> {
    let mut room = [const { MaybeUninit::uninit() }; ROOM];
    let loaded = open(file, OFlags::RDONLY)?;
    rustix::io::pread(&loaded, &mut room, 0)?;
    drop(loaded);
    let locked = open(file, OFlags::RDWR)?;
    rustix::fs::flock(&locked, FlockOperation::NonBlockingLockExclusive)?;
    let (bytes, _) = rustix::io::pread(&locked, &mut room, 0)?;
    rustix::fs::fstat(&locked)?;
    rustix::fs::statat(CWD, file, AtFlags::SYMLINK_NOFOLLOW)?;
    let slot = bytes.len() / 2;
    rustix::io::pwrite(&locked, &bytes[slot..], slot as u64)?;
    Ok(())
}

fn open(file: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOATIME;
    rustix::fs::openat2(CWD, file, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
}
