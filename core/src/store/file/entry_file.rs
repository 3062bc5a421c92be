//! One session's file: opened, locked, read, replaced.
//!
//! Whoever changes what stands under a session's name holds the lock of the file that stands there. That one rule
//! is what makes logout final: a writer finds its file removed, a purge finds its file renewed.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::buffer::spare_capacity;
use rustix::fs::{FlockOperation, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use super::fault::{Doing as _, Fault};
use super::format::{self, MAX_FILE};
use super::root::{Base, Root, entry_path, is_file, same_file, set_mode};
use super::temporary::Temporary;
use crate::SessionId;
use crate::store::Stored;

/// What a file holds. A file that is neither is a [`Fault::Malformed`].
#[derive(Debug)]
pub(super) enum Content {
    /// Nothing: a creation that did not get further. It counts as absent.
    Empty,
    /// A whole entry.
    Whole(Stored),
}

/// How often a file that was replaced between opening and locking is opened again.
const ATTEMPTS: usize = 16;

/// What stands under an id, expired or not, without waiting for anybody.
///
/// A creation is the one writing that can be seen half done. So what does not verify is read again under a shared
/// lock: if that is to be had nobody is writing, and what is there is all there will be.
pub(super) fn peek(root: &Root, id: &SessionId) -> Result<Option<Stored>, Fault> {
    let path = entry_path(id);
    let opened = root.find(|base| match base.open_quietly(&path) {
        Err(Errno::NOENT) => Ok(None),
        opened => opened.map_err(opening).map(Some),
    })?;
    let content = match opened {
        None => return Ok(None),
        Some(fd) => match read(&fd) {
            Err(Fault::Malformed(_)) => match Locked::acquire(root, id, FlockOperation::NonBlockingLockShared)? {
                None => return Ok(None),
                Some(locked) => locked.read()?,
            },
            read => read?,
        },
    };
    match content {
        Content::Empty => Ok(None),
        Content::Whole(stored) => Ok(Some(stored)),
    }
}

/// A session's file under a lock, known to stand under the session's name.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) base: Arc<Base>,
    pub(super) stat: Stat,
    fd: OwnedFd,
    path: String,
}

impl Locked {
    /// Locks the file; `None` if there is none.
    pub(super) fn acquire(root: &Root, id: &SessionId, lock: FlockOperation) -> Result<Option<Self>, Fault> {
        let path = entry_path(id);
        for _ in 0..ATTEMPTS {
            let opened = root.find(|base| match base.open_quietly(&path) {
                Err(Errno::NOENT) => Ok(None),
                opened => opened.map_err(opening).map(|fd| Some((Arc::clone(base), fd))),
            })?;
            let Some((base, fd)) = opened else { return Ok(None) };
            if let Some(locked) = Locked::opened(base, fd, path.clone(), lock)? {
                return Ok(Some(locked));
            }
        }
        Err(Fault::Held)
    }

    /// Locks a file that was opened; `None` if it no longer stands under its name.
    pub(super) fn opened(
        base: Arc<Base>,
        fd: OwnedFd,
        path: String,
        lock: FlockOperation,
    ) -> Result<Option<Self>, Fault> {
        take_lock(&fd, lock)?;
        let stat = rustix::fs::fstat(&fd).doing("look at a session file")?;
        if !is_file(&stat) {
            return Err(Fault::Malformed("it is not a regular file"));
        }
        // Whoever held the lock until now may have removed or replaced the file.
        if stat.st_nlink == 0 || !base.look_at(&path)?.is_some_and(|named| same_file(&named, &stat)) {
            return Ok(None);
        }
        Ok(Some(Locked { base, stat, fd, path }))
    }

    /// Reads the file that was locked; to be called once, since it reads from where the file stands.
    pub(super) fn read(&self) -> Result<Content, Fault> {
        read(&self.fd)
    }

    /// Fills a file that is empty.
    pub(super) fn fill(&self, bytes: &[u8]) -> Result<(), Fault> {
        set_mode(&self.fd, &self.stat, &self.base.access)?;
        write_all(&self.fd, bytes)
    }

    /// Puts another file in the place of this one. The new file is locked before it has the name, and as long as
    /// this lives.
    pub(super) fn replace(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let temporary = Temporary::create(&self.base, &self.path[..2])?;
        write_all(temporary.fd(), bytes)?;
        take_lock(temporary.fd(), FlockOperation::NonBlockingLockExclusive)?;
        self.fd = temporary.rename_to(&self.path)?;
        Ok(())
    }

    pub(super) fn unlink(&self) -> Result<(), Fault> {
        self.base.unlink(&self.path).doing("remove a session file")?;
        Ok(())
    }
}

pub(super) fn take_lock(fd: &OwnedFd, lock: FlockOperation) -> Result<(), Fault> {
    match retry_on_intr(|| rustix::fs::flock(fd, lock)) {
        Err(Errno::WOULDBLOCK) => Err(Fault::Held),
        locked => locked.doing("lock a file"),
    }
}

/// What it means that a session's file cannot be opened.
pub(super) fn opening(errno: Errno) -> Fault {
    match errno {
        Errno::LOOP | Errno::NOTDIR | Errno::ISDIR | Errno::NXIO => Fault::Malformed("it is not a regular file"),
        errno => Fault::Io { doing: "open a session file", source: errno.into() },
    }
}

/// Reads a whole file. A short read is the end of a regular file, so an ordinary session takes one call.
fn read(fd: &OwnedFd) -> Result<Content, Fault> {
    const ORDINARY: usize = 4096;
    let mut bytes = Vec::with_capacity(ORDINARY);
    loop {
        match retry_on_intr(|| rustix::io::read(fd, spare_capacity(&mut bytes))) {
            Err(Errno::ISDIR | Errno::AGAIN) => return Err(Fault::Malformed("it is not a regular file")),
            count => count.doing("read a session file")?,
        };
        if bytes.len() < bytes.capacity() {
            break;
        }
        if bytes.len() > MAX_FILE {
            return Err(Fault::Malformed("it is larger than a session file may be"));
        }
        bytes.reserve(bytes.len());
    }
    if !bytes.is_empty() {
        return format::decode(bytes).map(Content::Whole);
    }
    match is_file(&rustix::fs::fstat(fd).doing("look at a session file")?) {
        true => Ok(Content::Empty),
        false => Err(Fault::Malformed("it is not a regular file")),
    }
}

fn write_all(fd: &OwnedFd, mut bytes: &[u8]) -> Result<(), Fault> {
    while !bytes.is_empty() {
        let count = retry_on_intr(|| rustix::io::write(fd, bytes)).doing("write a session file")?;
        bytes = &bytes[count..];
    }
    Ok(())
}

/// Opens the empty file of a session that is being created: a new one, or one that a creation cut short left behind.
///
/// `None` if an entry, or the beginning of one, stands there.
pub(super) fn open_new(base: &Arc<Base>, id: &SessionId) -> Result<Option<Locked>, Fault> {
    let path = entry_path(id);
    for _ in 0..ATTEMPTS {
        let fd = match base.open(&path, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => {
                base.make_directory(&path[..2]).doing("make a directory for session files")?;
                continue;
            }
            Err(Errno::EXIST) => match base.open(&path, OFlags::RDWR) {
                Ok(fd) if rustix::fs::fstat(&fd).is_ok_and(|stat| stat.st_size == 0 && is_file(&stat)) => fd,
                Err(Errno::NOENT) => continue,
                _ => return Ok(None),
            },
            Err(errno) => return Err(opening(errno)),
        };
        let lock = FlockOperation::NonBlockingLockExclusive;
        if let Some(locked) = Locked::opened(Arc::clone(base), fd, path.clone(), lock)? {
            return Ok(if locked.stat.st_size == 0 { Some(locked) } else { None });
        }
    }
    Err(Fault::Held)
}

#[cfg(test)]
mod tests {
    use rustix::fs::{AtFlags, Mode, renameat};

    use super::*;
    use webstack_store::directory::Access;
    use webstack_store::directory::Demands;

    const LOCK: FlockOperation = FlockOperation::NonBlockingLockExclusive;

    fn root() -> (tempfile::TempDir, Root) {
        let place = tempfile::tempdir().expect("a temporary directory");
        let demands = Demands { access: Access::Private, allow_network_fs: true };
        let root = Root::open(place.path().to_owned(), demands).expect("a fit directory");
        rustix::fs::mkdirat(&root.base().fd, "00", Mode::RWXU).expect("a shard");
        (place, root)
    }

    fn make(base: &Base, path: &str) -> OwnedFd {
        base.open(path, OFlags::RDWR | OFlags::CREATE).expect("a file")
    }

    /// Between opening and locking anything may happen to a file; these are the moments no race reliably meets.
    #[test]
    fn a_lock_counts_only_if_the_file_still_has_its_name() {
        let (_place, root) = root();
        let base = root.base();
        let locked = |fd| Locked::opened(Arc::clone(&base), fd, "00/file".into(), LOCK).expect("no fault");

        assert!(locked(make(&base, "00/file")).is_some());

        let removed = make(&base, "00/file");
        rustix::fs::unlinkat(&base.fd, "00/file", AtFlags::empty()).expect("it is there");
        assert!(locked(removed).is_none(), "removed");

        let moved = make(&base, "00/file");
        renameat(&base.fd, "00/file", &base.fd, "00/elsewhere").expect("it is there");
        assert!(locked(moved).is_none(), "moved away, and nothing in its place");

        let moved = make(&base, "00/file");
        renameat(&base.fd, "00/file", &base.fd, "00/elsewhere").expect("it is there");
        make(&base, "00/file");
        assert!(locked(moved).is_none(), "moved away, and another in its place");
    }
}
