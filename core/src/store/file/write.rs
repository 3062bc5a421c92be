//! Create, update, touch and remove: what is done under a file's lock.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use rustix::fs::{AtFlags, FlockOperation, OFlags};
use rustix::io::Errno;

use super::entry_file::{Content, Locked, open_new, opening};
use super::fault::{Doing as _, Fault};
use super::format::encode;
use super::owners::{self, Marker, Owner};
use super::root::{Base, Root, entry_path};
use crate::store::{Created, Entry, OwnerKey, Removed, Stored, Touched, Updated, Version};
use crate::{SessionId, Timestamp};

pub(super) fn create(root: &Root, id: &SessionId, entry: &Entry, now: Timestamp) -> Result<Created, Fault> {
    let first = first_version();
    let bytes = encode(entry, first)?;
    let base = root.present_base()?;
    let marker = Announced::write(&base, entry.owner.as_ref(), id, now)?;
    let Some(file) = open_new(&base, id)? else { return Ok(Created::Exists) };
    if let Err(fault) = file.fill(&bytes) {
        // Half an entry shall not stay. If this fails too, a purge will find it.
        let _ = file.unlink();
        return Err(fault);
    }
    marker.done();
    Ok(Created::New(first))
}

/// A number that no earlier file of the same name had: the hasher's keys are random in each process and others each time, and
/// cost no system call. Half of all numbers are above it, so that it can grow.
fn first_version() -> Version {
    Version::new(RandomState::new().hash_one(()) >> 1)
}

pub(super) fn update(
    root: &Root,
    id: &SessionId,
    seen: Version,
    entry: &Entry,
    now: Timestamp,
) -> Result<Updated, Fault> {
    let Some((mut file, stored)) = lock_entry(root, id, now)? else { return Ok(Updated::Gone) };
    if stored.version != seen {
        return Ok(Updated::Conflict(stored));
    }
    let next = Version::new(seen.get().wrapping_add(1));
    let bytes = encode(entry, next)?;
    let before = stored.entry.owner;
    let newcomer = entry.owner.as_ref().filter(|owner| Some(*owner) != before.as_ref());
    let marker = Announced::write(&file.base, newcomer, id, now)?;
    file.replace(&bytes)?;
    marker.done();
    if let Some(before) = before.filter(|owner| Some(owner) != entry.owner.as_ref()) {
        owners::unmark(&file.base, &before, id);
    }
    Ok(Updated::Applied(next))
}

pub(super) fn touch(
    root: &Root,
    id: &SessionId,
    seen: Version,
    expires: Option<Timestamp>,
    now: Timestamp,
) -> Result<Touched, Fault> {
    let Some((mut file, stored)) = lock_entry(root, id, now)? else { return Ok(Touched::Gone) };
    if stored.version != seen {
        return Ok(Touched::Stale);
    }
    let later = stored.entry.expires.zip(expires).map(|(old, new)| old.max(new));
    if later != stored.entry.expires {
        file.replace(&encode(&Entry { expires: later, ..stored.entry }, seen)?)?;
    }
    Ok(Touched::Extended)
}

pub(super) fn remove(root: &Root, id: &SessionId, now: Timestamp) -> Result<Removed, Fault> {
    // A directory that was moved aside still has the file: a logout shall reach the one that others use.
    root.present_base()?;
    let file = match Locked::acquire(root, id, FlockOperation::NonBlockingLockExclusive) {
        Err(Fault::Malformed(_)) => return remove_what_is_no_file(root, id),
        locked => match locked? {
            None => return Ok(Removed::Absent),
            Some(file) => file,
        },
    };
    Ok(match file.read() {
        Err(Fault::Malformed(_)) => {
            file.unlink()?;
            Removed::Removed
        }
        content => match content? {
            Content::Empty => {
                file.unlink()?;
                Removed::Absent
            }
            Content::Whole(stored) => {
                end(&file, id, &stored)?;
                if stored.entry.is_expired(now) { Removed::Absent } else { Removed::Removed }
            }
        },
    })
}

/// Removes a locked entry, and then its owner's marker.
pub(super) fn end(file: &Locked, id: &SessionId, stored: &Stored) -> Result<(), Fault> {
    file.unlink()?;
    if let Some(owner) = &stored.entry.owner {
        owners::unmark(&file.base, owner, id);
    }
    Ok(())
}

/// A link is removed, never followed; a directory only if nothing is in it.
fn remove_what_is_no_file(root: &Root, id: &SessionId) -> Result<Removed, Fault> {
    const DOING: &str = "remove what stands under a session's name";
    let (base, path) = (root.base(), entry_path(id));
    let (shard, name) = (&path[..2], &path[3..]);
    let shard = base.open(shard, OFlags::RDONLY | OFlags::DIRECTORY).map_err(opening)?;
    let unlink = |flags| rustix::fs::unlinkat(&shard, name, flags);
    match unlink(AtFlags::empty()) {
        Err(Errno::NOENT) => return Ok(Removed::Absent),
        Err(Errno::ISDIR | Errno::PERM) => match unlink(AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => {
                return Err(Fault::Malformed("it is a directory with files in it"));
            }
            removed => removed.doing(DOING)?,
        },
        removed => removed.doing(DOING)?,
    }
    Ok(Removed::Removed)
}

/// The entry under lock, unless it is absent even for writers.
fn lock_entry(root: &Root, id: &SessionId, now: Timestamp) -> Result<Option<(Locked, Stored)>, Fault> {
    let Some(file) = Locked::acquire(root, id, FlockOperation::NonBlockingLockExclusive)? else { return Ok(None) };
    Ok(match file.read()? {
        Content::Whole(stored) if !stored.entry.is_purgeable(now) => Some((file, stored)),
        Content::Whole(_) | Content::Empty => None,
    })
}

/// A record's owner has been told of it; nobody counts or tidies up there until this is gone.
struct Announced(Option<(Owner, Marker)>);

impl Announced {
    fn write(base: &Arc<Base>, owner: Option<&OwnerKey>, id: &SessionId, now: Timestamp) -> Result<Self, Fault> {
        let Some(owner) = owner else { return Ok(Announced(None)) };
        let locked = Owner::lock(base, owner, FlockOperation::NonBlockingLockShared)?;
        let marker = locked.mark(id, now)?;
        Ok(Announced(Some((locked, marker))))
    }

    /// The record is written. If the marker cannot be told, it is taken for a reservation a while longer.
    fn done(self) {
        if let Some(Err(error)) = self.0.map(|(_locked, marker)| marker.taken()) {
            tracing::debug!(error = &error as &dyn std::error::Error, "an owner's marker keeps its date");
        }
    }
}
