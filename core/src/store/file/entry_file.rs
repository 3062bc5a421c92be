//! One session's file: opened, locked, read, written.
//!
//! Whoever changes what stands under a session's name holds the lock of the file that stands there. That one rule
//! is what makes logout final: a writer finds its file removed, a purge finds its file renewed.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{FlockOperation, OFlags, Stat};
use rustix::io::Errno;

use super::calls;
use super::durability::Durability;
use super::fault::{Doing as _, Fault};
use super::pair::{LARGEST_FILE, Pair, Spare};
use super::root::{Base, Root, entry_path, is_file, same_file};
use super::temporary::Temporary;
use crate::SessionId;
use crate::store::Stored;

/// How often a file that was replaced between opening and locking is opened again.
const ATTEMPTS: usize = 16;

/// How often a file that somebody writes meanwhile is read before it is locked.
const READS: usize = 3;

/// A file up to this size is read without asking for its size first. One byte more tells that it is larger.
const ORDINARY: usize = 8192 + 1;

/// What stands under an id, expired or not, without waiting for anybody.
///
/// What does not verify may be being written, so it is read again, and then under a shared lock: if that is to be had
/// nobody is writing, and what is there is all there will be.
pub(super) fn peek(root: &Root, id: &SessionId) -> Result<Option<Stored>, Fault> {
    let path = entry_path(id);
    let Some((_, fd)) = root.open_file(&path, OFlags::RDONLY)? else { return Ok(None) };
    for _ in 0..READS {
        let sound = read(&fd, |pair| match pair {
            None => Some(None),
            Some(Ok(pair)) if pair.is_sound => Some(Some(pair.newest.to_stored())),
            Some(_) => None,
        })?;
        if let Some(found) = sound {
            return Ok(found);
        }
    }
    drop(fd);
    let Some(file) = Locked::acquire(root, id, Purpose::Look)? else { return Ok(None) };
    file.read(|pair| Ok(pair.map(|pair| pair.newest.to_stored())))
}

/// What a file is locked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be read while nobody writes.
    Look,
    /// To be written.
    Write,
    /// To be removed.
    Remove,
}

impl Purpose {
    fn flags(self) -> OFlags {
        if self == Purpose::Write { OFlags::RDWR } else { OFlags::RDONLY }
    }

    fn lock(self) -> FlockOperation {
        match self {
            Purpose::Look => FlockOperation::NonBlockingLockShared,
            Purpose::Write | Purpose::Remove => FlockOperation::NonBlockingLockExclusive,
        }
    }
}

/// A session's file under a lock. It stood under the session's name when it was opened; [`stands`](Locked::stands) tells
/// whether it still does.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) base: Arc<Base>,
    fd: OwnedFd,
    path: String,
}

impl Locked {
    /// Locks the file; `None` if there is none.
    pub(super) fn acquire(root: &Root, id: &SessionId, purpose: Purpose) -> Result<Option<Self>, Fault> {
        let path = entry_path(id);
        let Some((base, fd)) = root.open_file(&path, purpose.flags())? else { return Ok(None) };
        take_lock(&fd, purpose.lock())?;
        Ok(Some(Locked { base, fd, path }))
    }

    /// Locks the file and does something with it; and again, if that answers `None` because the file was removed or
    /// replaced before it was locked.
    pub(super) fn with<T>(
        root: &Root,
        id: &SessionId,
        purpose: Purpose,
        absent: impl Fn() -> T,
        act: impl Fn(Locked) -> Result<Option<T>, Fault>,
    ) -> Result<T, Fault> {
        for _ in 0..ATTEMPTS {
            let Some(file) = Locked::acquire(root, id, purpose)? else { return Ok(absent()) };
            if let Some(done) = act(file)? {
                return Ok(done);
            }
        }
        Err(Fault::Held)
    }

    /// Looks at the file, if it still stands under its name: whoever held the lock until now may have removed or replaced it.
    /// Nobody will as long as the lock is held. To be asked before anything is changed.
    pub(super) fn stands(&self) -> Result<Option<Stat>, Fault> {
        let stat = calls::fstat(&self.fd).doing("look at a session file")?;
        if !is_file(&stat) {
            return Err(Fault::Malformed("it is not a regular file"));
        }
        let stands = stat.st_nlink != 0 && self.base.look_at(&self.path)?.is_some_and(|named| same_file(&named, &stat));
        Ok(stands.then_some(stat))
    }

    /// Reads the file, in which nobody writes while it is locked; `None` if it is empty.
    pub(super) fn read<T>(&self, take: impl FnOnce(Option<Pair<'_>>) -> Result<T, Fault>) -> Result<T, Fault> {
        read(&self.fd, |pair| take(pair.transpose()?))?
    }

    /// Writes a slot in its place. The other one holds the entry until this one is whole.
    pub(super) fn write(&self, slot: &[u8], spare: Spare) -> Result<(), Fault> {
        write_all(&self.fd, slot, spare.offset)?;
        self.base.sync_data(&self.fd)
    }

    /// Puts another file in the place of this one. It has the lock before it has the name, if others may not write it yet:
    /// before what `then` does is done, or before the name is on the disk.
    pub(super) fn replace(&self, bytes: &[u8], then: Option<impl FnOnce()>) -> Result<(), Fault> {
        let temporary = Temporary::create(&self.base, &self.path[..2])?;
        write_all(temporary.fd(), bytes, 0)?;
        self.base.sync_data(temporary.fd())?;
        if then.is_some() || self.base.durability == Durability::Full {
            take_lock(temporary.fd(), FlockOperation::NonBlockingLockExclusive)?;
        }
        let _locked = temporary.rename_to(&self.path)?;
        self.base.sync_names(&self.path[..2])?;
        if let Some(then) = then {
            then();
        }
        Ok(())
    }

    /// Removes the file.
    pub(super) fn unlink(&self) -> Result<(), Fault> {
        self.base.unlink(&self.path).doing("remove a session file")?;
        self.base.sync_names(&self.path[..2])
    }
}

/// Makes the file of a session that is being created; false if one stands there. It has its name when it is whole.
pub(super) fn create(base: &Arc<Base>, id: &SessionId, bytes: &[u8]) -> Result<bool, Fault> {
    let path = entry_path(id);
    for _ in 0..ATTEMPTS {
        let temporary = Temporary::create(base, &path[..2])?;
        write_all(temporary.fd(), bytes, 0)?;
        base.sync_data(temporary.fd())?;
        if temporary.name(&path)? {
            base.sync_names(&path[..2])?;
            return Ok(true);
        }
        if !clear(base, &path)? {
            return Ok(false);
        }
    }
    Err(Fault::Held)
}

/// Takes away an empty file, as power failures leave them; false if what stands there is something else.
fn clear(base: &Arc<Base>, path: &str) -> Result<bool, Fault> {
    let fd = match base.open(path, OFlags::RDONLY) {
        Err(Errno::NOENT) => return Ok(true),
        // Not a file.
        Err(_) => return Ok(false),
        Ok(fd) => fd,
    };
    let is_empty = |stat: &Stat| stat.st_size == 0 && is_file(stat);
    if !is_empty(&calls::fstat(&fd).doing("look at a session file")?) {
        return Ok(false);
    }
    take_lock(&fd, FlockOperation::NonBlockingLockExclusive)?;
    let file = Locked { base: Arc::clone(base), fd, path: path.to_owned() };
    if file.stands()?.is_some() {
        file.unlink()?;
    }
    Ok(true)
}

pub(super) fn take_lock(fd: &OwnedFd, lock: FlockOperation) -> Result<(), Fault> {
    match calls::flock(fd, lock) {
        Err(Errno::WOULDBLOCK) => Err(Fault::Held),
        locked => locked.doing("lock a file"),
    }
}

/// Reads a whole file, in one call if it is an ordinary one, and takes it apart; `None` if it is empty.
fn read<T>(fd: &OwnedFd, take: impl FnOnce(Option<Result<Pair<'_>, Fault>>) -> T) -> Result<T, Fault> {
    let looked = calls::pread_some::<ORDINARY, _>(fd, |bytes| match bytes.len() {
        0 => match is_file(&calls::fstat(fd).doing("look at a session file")?) {
            true => Ok(take(None)),
            false => Err(Fault::Malformed("it is not a regular file")),
        },
        1..ORDINARY => Ok(take(Some(Pair::of(bytes)))),
        _ => Ok(take(Some(Pair::of(&read_large(fd)?)))),
    });
    reading(looked)?
}

/// Reads a file of any size. From the beginning again: both slots are to be of one moment.
fn read_large(fd: &OwnedFd) -> Result<Vec<u8>, Fault> {
    let size = calls::fstat(fd).doing("look at a session file")?.st_size;
    let size = usize::try_from(size).ok().filter(|size| *size <= LARGEST_FILE);
    let size = size.ok_or(Fault::Malformed("it is larger than a session file may be"))?;
    let mut large = vec![0; size];
    let length = reading(calls::pread(fd, &mut large))?;
    large.truncate(length);
    Ok(large)
}

/// What it means that a session's file cannot be read.
fn reading<T>(read: Result<T, Errno>) -> Result<T, Fault> {
    match read {
        Err(Errno::ISDIR | Errno::SPIPE | Errno::AGAIN) => Err(Fault::Malformed("it is not a regular file")),
        read => read.doing("read a session file"),
    }
}

fn write_all(fd: &OwnedFd, mut bytes: &[u8], mut offset: usize) -> Result<(), Fault> {
    while !bytes.is_empty() {
        let count = calls::pwrite(fd, bytes, offset as u64).doing("write a session file")?;
        if count == 0 {
            return Err(Fault::Io { doing: "write a session file", source: Errno::IO.into() });
        }
        bytes = &bytes[count..];
        offset += count;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rustix::fs::{AtFlags, Mode, renameat};
    use webstack_store::directory::{Access, Demands};

    use super::*;

    fn root() -> (tempfile::TempDir, Root) {
        let place = tempfile::tempdir().expect("a temporary directory");
        let demands = Demands { access: Access::Private, allow_network_fs: true };
        let root = Root::open(place.path().to_owned(), demands, Durability::None).expect("a fit directory");
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
        let stands = |fd| {
            let file = Locked { base: Arc::clone(&base), fd, path: "00/file".into() };
            file.stands().expect("no fault").is_some()
        };

        assert!(stands(make(&base, "00/file")));

        let removed = make(&base, "00/file");
        rustix::fs::unlinkat(&base.fd, "00/file", AtFlags::empty()).expect("it is there");
        assert!(!stands(removed), "removed");

        let moved = make(&base, "00/file");
        renameat(&base.fd, "00/file", &base.fd, "00/elsewhere").expect("it is there");
        assert!(!stands(moved), "moved away, and nothing in its place");

        let moved = make(&base, "00/file");
        renameat(&base.fd, "00/file", &base.fd, "00/elsewhere").expect("it is there");
        make(&base, "00/file");
        assert!(!stands(moved), "moved away, and another in its place");
    }
}
