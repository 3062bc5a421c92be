//! Who may write: one process at a time, and none that has ended.
//!
//! LMDB has a lock of its own, and waits for it without a bound. A process that was stopped while it held that one would
//! hold up all others for good, so nobody asks for it who has not passed this gate.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use webstack_store::directory::Access;

use crate::fault::Fault;

/// How long a batch of writes waits for another process. Longer than a write with a sync takes on a slow disk, and short
/// enough that the engine, which asks again, keeps its own limit.
const PATIENCE: Duration = Duration::from_secs(1);

const FIRST_PAUSE: Duration = Duration::from_micros(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(crate) struct Gate {
    file: OwnedFd,
    path: PathBuf,
}

impl Gate {
    pub(crate) fn open(directory: &OwnedFd, path: &Path, access: &Access) -> Result<Self, Fault> {
        let failed = |errno: Errno| Fault::Io { doing: "open the gate of the store", source: errno.into() };
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(directory, NAME, flags, access.file_mode()).map_err(failed)?;
        let stat = rustix::fs::fstat(&file).map_err(failed)?;
        if stat.st_uid == rustix::process::geteuid().as_raw() && Mode::from_raw_mode(stat.st_mode) != access.file_mode()
        {
            rustix::fs::fchmod(&file, access.file_mode()).map_err(failed)?;
        }
        Ok(Gate { file, path: path.join(NAME) })
    }

    /// Lets this process in, and shuts out all others until the answer is dropped.
    pub(crate) fn enter(&self) -> Result<Inside<'_>, Fault> {
        let (begun, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            match rustix::fs::flock(&self.file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::WOULDBLOCK) if begun.elapsed() < PATIENCE => std::thread::sleep(pause),
                Err(Errno::WOULDBLOCK) => return Err(Fault::Held),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(Fault::Io { doing: "lock the gate of the store", source: errno.into() }),
            }
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
        let inside = Inside(self);
        self.check_place()?;
        Ok(inside)
    }

    /// Others open what stands under the path; if that is no longer this file, they and we would not see each other.
    fn check_place(&self) -> Result<(), Fault> {
        let ours = rustix::fs::fstat(&self.file);
        let named = rustix::fs::lstat(&self.path);
        match (ours, named) {
            (Ok(ours), Ok(named)) if (ours.st_dev, ours.st_ino) == (named.st_dev, named.st_ino) => Ok(()),
            _ => Err(Fault::Replaced),
        }
    }
}

/// A stay behind the gate.
pub(crate) struct Inside<'a>(&'a Gate);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // If it cannot be unlocked now, it is when the process ends.
        let _ = rustix::fs::flock(&self.0.file, FlockOperation::Unlock);
    }
}

const NAME: &str = "gate";
