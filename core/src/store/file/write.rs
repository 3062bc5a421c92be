//! Create, update, touch and remove: what is done under a file's lock.

use std::sync::Arc;

use rustix::fs::{AtFlags, FlockOperation, OFlags};
use rustix::io::Errno;

use super::calls;
use super::entry_file::{self, Locked, Purpose};
use super::fault::{Doing as _, Fault, opening};
use super::owners::{self, Marker, Owner};
use super::pair::{self, Pair, Spare};
use super::root::{Base, Root, entry_path};
use super::slot;
use crate::store::{Created, Entry, OwnerKey, Removed, Touched, Updated, Version};
use crate::{SessionId, Timestamp};

pub(super) fn create(root: &Root, id: &SessionId, entry: &Entry, now: Timestamp) -> Result<Created, Fault> {
    let first = first_version();
    let bytes = pair::both(entry, first)?;
    let base = root.present_base()?;
    let marker = Announced::write(&base, entry.owner.as_ref(), id, now)?;
    if !entry_file::create(&base, id, &bytes)? {
        return Ok(Created::Exists);
    }
    marker.done();
    Ok(Created::New(first))
}

/// A number that no earlier file of the same name had. Half of all numbers are above it, so that it can grow.
fn first_version() -> Version {
    Version::new(calls::random() >> 1)
}

pub(super) fn update(
    root: &Root,
    id: &SessionId,
    seen: Version,
    entry: &Entry,
    now: Timestamp,
) -> Result<Updated, Fault> {
    // What is too large is refused before anybody is told of it.
    let size = slot::size_for(entry)?;
    Locked::with(
        root,
        id,
        Purpose::Write,
        || Updated::Gone,
        |file| {
            // That the file still stands is looked at after its entry: it was the session's when it was opened, and nobody changes
            // it after it is removed or replaced. So a conflict is one, and the look is saved.
            let found = file.read(|pair| {
                Ok(match pair.filter(|pair| is_there(pair, now)) {
                    None => Err(Updated::Gone),
                    Some(pair) if pair.newest.version != seen => Err(Updated::Conflict(pair.newest.to_stored())),
                    Some(pair) => Ok((pair.spare, pair.newest.owner)),
                })
            })?;
            let (spare, before) = match found {
                Ok(found) => found,
                Err(answer) => return Ok(Some(answer)),
            };
            if file.stands()?.is_none() {
                return Ok(None);
            }
            let next = slot::following(seen)?;
            let newcomer = entry.owner.as_ref().filter(|owner| Some(*owner) != before.as_ref());
            let marker = Announced::write(&file.base, newcomer, id, now)?;
            let left = before.filter(|owner| Some(owner) != entry.owner.as_ref());
            let tell = || {
                marker.done();
                if let Some(left) = &left {
                    owners::unmark(&file.base, left, id);
                }
            };
            if size <= spare.size {
                file.write(&pair::one(entry, next, spare.size), spare)?;
                tell();
            } else {
                let changes_hands = newcomer.is_some() || left.is_some();
                file.replace(&pair::both(entry, next)?, changes_hands.then_some(tell))?;
            }
            Ok(Some(Updated::Applied(next)))
        },
    )
}

pub(super) fn touch(
    root: &Root,
    id: &SessionId,
    seen: Version,
    expires: Option<Timestamp>,
    now: Timestamp,
) -> Result<Touched, Fault> {
    Locked::with(
        root,
        id,
        Purpose::Write,
        || Touched::Gone,
        |file| {
            let found = file.read(|pair| {
                Ok(match pair.filter(|pair| is_there(pair, now)) {
                    None => Err(Touched::Gone),
                    Some(pair) if pair.newest.version != seen => Err(Touched::Stale),
                    Some(pair) => Ok((pair.spare, pair.newest.to_stored().entry)),
                })
            })?;
            let (spare, entry): (Spare, Entry) = match found {
                Ok(found) => found,
                Err(answer) => return Ok(Some(answer)),
            };
            if file.stands()?.is_none() {
                return Ok(None);
            }
            let later = entry.expires.zip(expires).map(|(old, new)| old.max(new));
            if later != entry.expires {
                file.write(&pair::one(&Entry { expires: later, ..entry }, seen, spare.size), spare)?;
            }
            Ok(Some(Touched::Extended))
        },
    )
}

pub(super) fn remove(root: &Root, id: &SessionId, now: Timestamp) -> Result<Removed, Fault> {
    // A directory that was moved aside still has the file: a logout shall reach the one that others use.
    root.present_base()?;
    let removed = Locked::with(
        root,
        id,
        Purpose::Remove,
        || Removed::Absent,
        |file| {
            let found = match file.read(|pair| Ok(pair.map(|pair| pair.newest.head()))) {
                Ok(Some(entry)) => Some(entry),
                Ok(None) | Err(Fault::Malformed(_)) => None,
                Err(fault) => return Err(fault),
            };
            let Some(stat) = file.stands()? else { return Ok(None) };
            end(&file, id, found.as_ref().and_then(|entry| entry.owner.as_ref()))?;
            let is_absent = stat.st_size == 0 || found.is_some_and(|entry| entry.is_expired(now));
            Ok(Some(if is_absent { Removed::Absent } else { Removed::Removed }))
        },
    );
    match removed {
        Err(Fault::Malformed(_)) => remove_what_is_no_file(root, id),
        removed => removed,
    }
}

/// Removes a locked entry, and then its owner's marker.
pub(super) fn end(file: &Locked, id: &SessionId, owner: Option<&OwnerKey>) -> Result<(), Fault> {
    file.unlink()?;
    if let Some(owner) = owner {
        owners::unmark(&file.base, owner, id);
    }
    Ok(())
}

/// True if the entry is not absent even for writers.
fn is_there(pair: &Pair<'_>, now: Timestamp) -> bool {
    !pair.newest.head().is_purgeable(now)
}

/// A link is removed, never followed; a directory only if nothing is in it.
fn remove_what_is_no_file(root: &Root, id: &SessionId) -> Result<Removed, Fault> {
    const DOING: &str = "remove what stands under a session's name";
    let (base, path) = (root.base(), entry_path(id));
    let (shard, name) = (&path[..2], &path[3..]);
    let shard = base.open(shard, OFlags::RDONLY | OFlags::DIRECTORY).map_err(opening)?;
    let unlink = |flags| calls::unlink(&shard, name, flags);
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

/// A record's owner has been told of it; nobody counts or tidies up there until this is gone.
pub(super) struct Announced(Option<(Owner, Marker)>);

impl Announced {
    pub(super) fn write(
        base: &Arc<Base>,
        owner: Option<&OwnerKey>,
        id: &SessionId,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let Some(owner) = owner else { return Ok(Announced(None)) };
        let locked = Owner::lock(base, owner, FlockOperation::NonBlockingLockShared)?;
        let marker = locked.mark(id, now)?;
        Ok(Announced(Some((locked, marker))))
    }

    /// The record is written. If the marker cannot be told, it is taken for a reservation a while longer.
    pub(super) fn done(self) {
        if let Some(Err(error)) = self.0.map(|(_locked, marker)| marker.taken()) {
            tracing::debug!(error = &error as &dyn std::error::Error, "an owner's marker keeps its date");
        }
    }
}
