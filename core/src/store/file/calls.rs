//! The system calls that the store makes on what is in its directory: all of them, and where it gets numbers at random, so
//! that a test can stand between the store and the system and stop it anywhere (`crash`).

use std::hash::{BuildHasher as _, RandomState};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, Stat, Timestamps};
use rustix::io::{Errno, retry_on_intr};

/// Opens what stands behind a path below a directory: never through a link, never waiting, never inherited by a child.
pub(super) fn open(directory: &OwnedFd, path: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    // Linux can refuse links on the whole way, not only in the last step.
    #[cfg(target_os = "linux")]
    match rustix::fs::openat2(directory, path, flags, mode, rustix::fs::ResolveFlags::NO_SYMLINKS) {
        // An old kernel does not know the call; some sandboxes forbid what they do not know.
        Err(Errno::NOSYS) => {}
        Err(Errno::PERM) if !flags.contains(OFlags::NOATIME) => {}
        opened => return opened,
    }
    rustix::fs::openat(directory, path, flags, mode)
}

/// Shows the names in an open directory, in no order.
pub(super) fn names(directory: &OwnedFd, show: &mut dyn FnMut(&str)) -> Result<(), Errno> {
    #[cfg(target_os = "linux")]
    {
        // A purge shows millions of them: none is copied.
        let mut room = [const { MaybeUninit::uninit() }; NAMES_AT_ONCE];
        let mut entries = rustix::fs::RawDir::new(directory, &mut room);
        while let Some(entry) = entries.next() {
            let entry = match entry {
                // It was removed, which only an empty one can be.
                Err(Errno::NOENT) => break,
                entry => entry?,
            };
            entry.file_name().to_str().into_iter().for_each(&mut *show);
        }
    }
    #[cfg(not(target_os = "linux"))]
    for entry in rustix::fs::Dir::read_from(directory)? {
        entry?.file_name().to_str().into_iter().for_each(&mut *show);
    }
    Ok(())
}

/// How many bytes of names the system is asked for at once.
#[cfg(target_os = "linux")]
const NAMES_AT_ONCE: usize = 32 << 10;

/// Locks a file, or says at once that somebody else has.
pub(super) fn flock(fd: &OwnedFd, lock: FlockOperation) -> Result<(), Errno> {
    retry_on_intr(|| rustix::fs::flock(fd, lock))
}

/// Reads a file's beginning, so many bytes at most, in one call.
pub(super) fn pread_some<const ROOM: usize, T>(fd: &OwnedFd, take: impl FnOnce(&[u8]) -> T) -> Result<T, Errno> {
    // Filled by the system alone: most files are much smaller.
    let mut room = [const { MaybeUninit::uninit() }; ROOM];
    loop {
        match rustix::io::pread(fd, &mut room, 0) {
            Err(Errno::INTR) => {}
            read => return read.map(|(bytes, _)| take(bytes)),
        }
    }
}

/// Reads from the beginning of a file, in one call; answers how many bytes.
pub(super) fn pread(fd: &OwnedFd, buffer: &mut [u8]) -> Result<usize, Errno> {
    retry_on_intr(|| rustix::io::pread(fd, &mut *buffer, 0))
}

/// Writes at an offset; answers how many bytes.
pub(super) fn pwrite(fd: &OwnedFd, bytes: &[u8], offset: u64) -> Result<usize, Errno> {
    retry_on_intr(|| rustix::io::pwrite(fd, bytes, offset))
}

/// What kind of file it is, how large, and how many names it has.
pub(super) fn fstat(fd: &OwnedFd) -> Result<Stat, Errno> {
    rustix::fs::fstat(fd)
}

/// What stands under a name; links are not followed.
pub(super) fn stat(directory: &OwnedFd, path: &str) -> Result<Stat, Errno> {
    rustix::fs::statat(directory, path, AtFlags::SYMLINK_NOFOLLOW)
}

/// Removes a name.
pub(super) fn unlink(directory: &OwnedFd, path: &str, flags: AtFlags) -> Result<(), Errno> {
    rustix::fs::unlinkat(directory, path, flags)
}

/// Gives a file another name, in the place of what stood there.
pub(super) fn rename(directory: &OwnedFd, from: &str, to: &str) -> Result<(), Errno> {
    rustix::fs::renameat(directory, from, directory, to)
}

/// Gives a file another name, under which nothing stands.
pub(super) fn rename_new(directory: &OwnedFd, from: &str, to: &str) -> Result<(), Errno> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    match rustix::fs::renameat_with(directory, from, directory, to, rustix::fs::RenameFlags::NOREPLACE) {
        // Not every file system and kernel can.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        renamed => return renamed,
    }
    rustix::fs::linkat(directory, from, directory, to, AtFlags::empty())?;
    rustix::fs::unlinkat(directory, from, AtFlags::empty())
}

/// Makes a directory.
pub(super) fn mkdir(directory: &OwnedFd, path: &str, mode: Mode) -> Result<(), Errno> {
    rustix::fs::mkdirat(directory, path, mode)
}

/// Sets the permissions of an open file.
pub(super) fn chmod(fd: &OwnedFd, mode: Mode) -> Result<(), Errno> {
    rustix::fs::fchmod(fd, mode)
}

/// Dates an open file.
pub(super) fn utimens(fd: &OwnedFd, times: &Timestamps) -> Result<(), Errno> {
    rustix::fs::futimens(fd, times)
}

/// Waits until a file's bytes, and what is needed to find them, are on the disk.
pub(super) fn sync_data(fd: &OwnedFd) -> Result<(), Errno> {
    #[cfg(not(target_vendor = "apple"))]
    let synced = retry_on_intr(|| rustix::fs::fdatasync(fd));
    // What is called fsync there does not reach the disk.
    #[cfg(target_vendor = "apple")]
    let synced = retry_on_intr(|| rustix::fs::fcntl_fullfsync(fd));
    synced
}

/// Waits until a directory's names are on the disk.
pub(super) fn sync_directory(fd: &OwnedFd) -> Result<(), Errno> {
    retry_on_intr(|| rustix::fs::fsync(fd))
}

/// A number that hardly anybody else comes upon: the hasher's keys are random in each process and others each time, and cost
/// no system call.
pub(super) fn random() -> u64 {
    RandomState::new().hash_one(())
}
