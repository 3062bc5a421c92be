//! Which sessions somebody has: an empty marker file for each, `owners/<two hex>/<owner key>/<id>`.
//!
//! A marker is a hint. It is written before the record and removed after it, so one may be left over, but none is
//! ever missing, as long as no id is given twice; whoever reads markers looks at the records too. Who is about to write a record that needs a
//! marker holds a shared lock on the owner's directory from the marker to the record; who counts or tidies
//! up holds it alone.
//!
//! A marker's modification time tells what it stands for: the moment at which a place was reserved, or
//! [`TAKEN`] once the record is there.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, Stat, Timespec, Timestamps};
use rustix::io::Errno;

use super::calls;
use super::entry_file::{peek, take_lock};
use super::fault::{Doing as _, Fault, Unless as _};
use super::root::{Base, Root, same_file};
use super::settled::Directories;
use crate::store::{Entry, GRACE, OwnerKey, Reserved};
use crate::{SessionId, Timestamp};

pub(super) const OWNERS: &str = "owners";

/// Far ahead, and the last moment that every file system can tell: `find -mmin` shall not take a marker for an old file.
const TAKEN: Timestamp = Timestamp::from_millis(0x7fff_ffff * 1000);

/// Only here does a lock wait for a directory that vanishes meanwhile.
const ATTEMPTS: usize = 16;

/// An owner's directory, locked.
#[derive(Debug)]
pub(super) struct Owner {
    base: Arc<Base>,
    path: String,
    /// Holds the lock until it is closed.
    _lock: OwnedFd,
}

impl Owner {
    /// Locks the directory, and makes it if there is none.
    pub(super) fn lock(base: &Arc<Base>, owner: &OwnerKey, lock: FlockOperation) -> Result<Self, Fault> {
        let path = owner_path(owner);
        if base.settled.lacks(Directories::Owner(owner)) {
            make_directories(base, owner)?;
        }
        for _ in 0..ATTEMPTS {
            match Owner::lock_present(base, &path, lock)? {
                Some(owner) => return Ok(owner),
                None => make_directories(base, owner)?,
            }
        }
        Err(Fault::Held)
    }

    /// Locks the directory; `None` if there is none.
    fn lock_present(base: &Arc<Base>, path: &str, lock: FlockOperation) -> Result<Option<Self>, Fault> {
        let opened = base.open(path, OFlags::RDONLY | OFlags::DIRECTORY);
        match opened.unless(Errno::NOENT).doing("open an owner's directory")? {
            Some(fd) => Owner::lock_opened(base, fd, path, lock),
            None => Ok(None),
        }
    }

    fn lock_opened(base: &Arc<Base>, fd: OwnedFd, path: &str, lock: FlockOperation) -> Result<Option<Self>, Fault> {
        take_lock(&fd, lock)?;
        // A purge may have removed it meanwhile, and somebody else have made it anew.
        let stat = calls::fstat(&fd).doing("look at an owner's directory")?;
        let still_there = base.look_at(path)?.is_some_and(|named| same_file(&named, &stat));
        Ok(still_there.then(|| Owner { base: Arc::clone(base), path: path.to_owned(), _lock: fd }))
    }

    /// Writes a marker. It counts as a place kept since `now`, until it is [taken](Marker::taken).
    pub(super) fn mark(&self, id: &SessionId, now: Timestamp) -> Result<Marker, Fault> {
        let path = self.marker(id);
        let (mut fd, mut stat) = self.open_marker(&path)?;
        let user = rustix::process::geteuid();
        if stat.st_uid != user.as_raw() && !user.is_root() {
            // What another member of the group left behind cannot be dated by this one.
            self.base.unlink(&path).doing("remove an owner's marker")?;
            (fd, stat) = self.open_marker(&path)?;
        }
        let mode = self.base.access.file_mode();
        if Mode::from_raw_mode(stat.st_mode) != mode {
            calls::chmod(&fd, mode).doing("set a file's permissions")?;
        }
        set_modified(&fd, now)?;
        // A record shall never be there without its marker.
        self.base.sync_names(&self.path)?;
        Ok(Marker { fd })
    }

    fn open_marker(&self, path: &str) -> Result<(OwnedFd, Stat), Fault> {
        let fd = self.base.open(path, OFlags::WRONLY | OFlags::CREATE).doing("write an owner's marker")?;
        let stat = calls::fstat(&fd).doing("look at an owner's marker")?;
        Ok((fd, stat))
    }

    fn marker(&self, id: &SessionId) -> String {
        format!("{}/{id}", self.path)
    }
}

/// A marker whose record is being written.
#[derive(Debug)]
pub(super) struct Marker {
    fd: OwnedFd,
}

impl Marker {
    /// Says that the record is there: the marker is no reservation any more.
    pub(super) fn taken(self) -> Result<(), Fault> {
        set_modified(&self.fd, TAKEN)
    }
}

/// The sessions that may be an owner's, in order.
pub(super) fn candidates(base: &Base, owner: &OwnerKey) -> Result<Vec<SessionId>, Fault> {
    ids(base, &owner_path(owner))
}

/// True if an owner has a marker for this session.
pub(super) fn is_marked(base: &Base, owner: &OwnerKey, id: &SessionId) -> Result<bool, Fault> {
    Ok(base.look_at(&format!("{}/{id}", owner_path(owner)))?.is_some())
}

/// Removes the marker of a session that ended or changed hands. Best effort: a marker left over is seen through.
pub(super) fn unmark(base: &Base, owner: &OwnerKey, id: &SessionId) {
    if let Err(error) = base.unlink(&format!("{}/{id}", owner_path(owner))) {
        tracing::debug!(%error, "an owner's marker stays until the next purge");
    }
}

/// Keeps a place, if there is one.
pub(super) fn reserve(
    root: &Root,
    owner: &OwnerKey,
    id: &SessionId,
    limit: usize,
    now: Timestamp,
) -> Result<Reserved, Fault> {
    let base = root.present_base()?;
    let locked = Owner::lock(&base, owner, FlockOperation::NonBlockingLockExclusive)?;
    let (mut living, mut kept) = (Vec::new(), 0);
    let mut has_place = false;
    for other in ids(&base, &locked.path)? {
        match standing(root, &base, &locked.path, owner, &other, now)? {
            Standing::Living if other == *id => return Ok(Reserved::Granted),
            Standing::Living => living.push(other),
            Standing::Kept if other == *id => has_place = true,
            Standing::Kept => kept += 1,
            Standing::Ended | Standing::Stale => {}
        }
    }
    if !has_place && living.len() + kept >= limit {
        return Ok(Reserved::Full(living));
    }
    locked.mark(id, now)?;
    Ok(Reserved::Granted)
}

/// Removes stale markers of the owners whose keys begin with these digits, and their directories when empty.
///
/// Returns how many markers there were.
pub(super) fn tidy(root: &Root, base: &Arc<Base>, shard: &str, now: Timestamp) -> Result<usize, Fault> {
    let mut seen = 0;
    let mut owners = Vec::new();
    base.names(&format!("{OWNERS}/{shard}"), &mut |name| owners.extend(parse_owner(name)))?;
    for owner in owners {
        let path = owner_path(&owner);
        let is_stale = |id: &SessionId| matches!(standing(root, base, &path, &owner, id, now), Ok(Standing::Stale));
        let markers = ids(base, &path)?;
        seen += markers.len();
        if !markers.is_empty() && !markers.iter().any(is_stale) {
            continue;
        }
        let Ok(Some(_locked)) = Owner::lock_present(base, &path, FlockOperation::NonBlockingLockExclusive) else {
            continue;
        };
        for id in ids(base, &path)?.into_iter().filter(is_stale) {
            unmark(base, &owner, &id);
        }
        // Fails if anything is left in it, which is what keeps it safe.
        let _ = calls::unlink(&base.fd, &path, AtFlags::REMOVEDIR);
    }
    Ok(seen)
}

/// What a marker stands for.
enum Standing {
    /// A living session of this owner.
    Living,
    /// A session of this owner whose deadline has passed.
    Ended,
    /// A place reserved less than [`GRACE`] ago.
    Kept,
    /// Nothing any more.
    Stale,
}

fn standing(
    root: &Root,
    base: &Base,
    path: &str,
    owner: &OwnerKey,
    id: &SessionId,
    now: Timestamp,
) -> Result<Standing, Fault> {
    let record = match peek(root, id) {
        Err(Fault::Malformed(_)) => None,
        // Being written this moment: it counts, and is not touched.
        Err(Fault::Held) => return Ok(Standing::Kept),
        record => record?.map(|stored| stored.entry).filter(|entry| entry.owner.as_ref() == Some(owner)),
    };
    if record.as_ref().is_some_and(|entry: &Entry| !entry.is_expired(now)) {
        return Ok(Standing::Living);
    }
    let marker = base.look_at(&format!("{path}/{id}"))?;
    Ok(match marker.map(|stat| modified(&stat)) {
        Some(since) if age(since, now) < GRACE => Standing::Kept,
        Some(_) if record.is_some() => Standing::Ended,
        Some(_) | None => Standing::Stale,
    })
}

fn ids(base: &Base, path: &str) -> Result<Vec<SessionId>, Fault> {
    let mut ids: Vec<SessionId> = Vec::new();
    base.names(path, &mut |name| ids.extend(name.parse::<SessionId>().ok()))?;
    ids.sort_unstable();
    Ok(ids)
}

fn make_directories(base: &Base, owner: &OwnerKey) -> Result<(), Fault> {
    let path = owner_path(owner);
    let mut above = ".";
    for path in [OWNERS, &path[..OWNERS.len() + 3], &path] {
        base.make_directory(path).doing("make an owner's directory")?;
        base.sync_names(above)?;
        above = path;
    }
    base.settled.add(Directories::Owner(owner));
    Ok(())
}

fn owner_path(owner: &OwnerKey) -> String {
    format!("{OWNERS}/{:02x}/{owner}", owner.as_bytes()[0])
}

fn parse_owner(name: &str) -> Option<OwnerKey> {
    let mut key = [0; 32];
    (name.len() == 64 && base16ct::lower::decode(name, &mut key).is_ok()).then(|| OwnerKey::from_bytes(key))
}

fn set_modified(fd: &OwnedFd, moment: Timestamp) -> Result<(), Fault> {
    let (seconds, millis) = (moment.as_millis() / 1000, moment.as_millis() % 1000);
    // Both conversions are of small numbers; the types differ between platforms.
    #[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions)]
    let moment = Timespec {
        tv_sec: seconds.try_into().unwrap_or(i64::MAX),
        tv_nsec: (millis * 1_000_000).try_into().unwrap_or(0),
    };
    let times = Timestamps { last_access: moment, last_modification: moment };
    calls::utimens(fd, &times).doing("date an owner's marker")
}

/// When a file was modified last.
pub(super) fn modified(stat: &Stat) -> Timestamp {
    // The types of the fields differ between platforms.
    #[allow(clippy::unnecessary_cast, clippy::cast_lossless)]
    let (seconds, nanos) = (stat.st_mtime as i64, stat.st_mtime_nsec as u64);
    Timestamp::from_millis(u64::try_from(seconds).unwrap_or(0).saturating_mul(1000) + nanos / 1_000_000)
}

/// How far two moments are apart: a clock that was set back shall not keep anything for ever.
pub(super) fn age(since: Timestamp, now: Timestamp) -> Duration {
    now.since(since).max(since.since(now))
}

#[cfg(test)]
mod tests {
    use rustix::fs::unlinkat;
    use webstack_store::directory::{Access, Demands};

    use super::super::durability::Durability;
    use super::*;

    /// A purge may remove the directory between the opening and the lock, where no race reliably meets it.
    #[test]
    fn a_lock_counts_only_if_the_directory_still_has_its_name() {
        let place = tempfile::tempdir().expect("a temporary directory");
        let demands = Demands { access: Access::Private, allow_network_fs: true };
        let root = Root::open(place.path().to_owned(), demands, Durability::None).expect("a fit directory");
        let (base, owner) = (root.base(), OwnerKey::derive("test", "alice"));
        let (path, lock) = (owner_path(&owner), FlockOperation::NonBlockingLockShared);
        let open = || {
            make_directories(&base, &owner).expect("a directory");
            base.open(&path, OFlags::RDONLY | OFlags::DIRECTORY).expect("it was made")
        };
        let locked = |fd| Owner::lock_opened(&base, fd, &path, lock).expect("no fault");

        assert!(locked(open()).is_some());
        let removed = open();
        unlinkat(&base.fd, &path, AtFlags::REMOVEDIR).expect("it is empty");
        assert!(locked(removed).is_none(), "removed");
        let removed = open();
        unlinkat(&base.fd, &path, AtFlags::REMOVEDIR).expect("it is empty");
        let _made_anew = open();
        assert!(locked(removed).is_none(), "another in its place");
    }
}
