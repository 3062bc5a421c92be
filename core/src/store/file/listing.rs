//! Going through the sessions in the order of their ids.

use std::os::fd::OwnedFd;

use rustix::fs::Stat;

use super::calls;
use super::entry_file::peek;
use super::fault::Fault;
use super::owners;
use super::root::{Base, NAME, Root, entry_name, look_at};
use super::temporary::is_temporary;
use crate::store::{Listed, OwnerKey};
use crate::{SessionId, Timestamp};

/// What is in one of the 256 directories.
#[derive(Debug)]
pub(super) struct Shard {
    /// It itself, if it is there.
    directory: Option<OwnedFd>,
    /// The sessions, in order.
    pub(super) ids: Vec<SessionId>,
    /// Paths of temporary files.
    pub(super) temporary: Vec<String>,
}

impl Shard {
    /// Reads the names in a directory. Names that are not ours are passed over.
    pub(super) fn read(base: &Base, number: u8) -> Result<Self, Fault> {
        let (path, mut ids, mut temporary) = (name(number), Vec::new(), Vec::new());
        let directory = base.names(&path, &mut |name| match name.parse::<SessionId>() {
            Ok(id) if id.as_bytes()[0] == number => ids.push(id),
            _ if is_temporary(name) => temporary.push(format!("{path}/{name}")),
            _ => {}
        })?;
        // The order of ids, which is that of their bytes; numbers are compared faster.
        ids.sort_unstable_by_key(|id| u128::from_be_bytes(*id.as_bytes()));
        Ok(Shard { directory, ids, temporary })
    }

    /// False if the directory was removed since.
    pub(super) fn stands(&self) -> bool {
        self.directory.as_ref().is_none_or(|directory| calls::fstat(directory).is_ok_and(|stat| stat.st_nlink > 0))
    }

    /// What stands under a session's name; `None` if nothing does.
    pub(super) fn look_at(&self, id: &SessionId) -> Result<Option<Stat>, Fault> {
        let Some(directory) = &self.directory else { return Ok(None) };
        look_at(directory, entry_name(id, &mut [0; NAME]))
    }
}

/// The name of a directory for session files.
pub(super) fn name(number: u8) -> String {
    format!("{number:02x}")
}

/// The greatest id that a directory can hold: behind it begins the next one.
pub(super) fn last_id(number: u8) -> SessionId {
    let mut bytes = [u8::MAX; 16];
    bytes[0] = number;
    SessionId::from_bytes(bytes)
}

/// The numbers of the directories in which ids behind this one may be.
pub(super) fn shards_behind(after: Option<&SessionId>) -> impl Iterator<Item = u8> + use<> {
    let after = after.copied();
    (0..=u8::MAX).filter(move |number| after.is_none_or(|after| after < last_id(*number)))
}

pub(super) fn list(root: &Root, after: Option<&SessionId>, limit: usize, now: Timestamp) -> Result<Vec<Listed>, Fault> {
    let base = root.present_base()?;
    let mut found = Vec::new();
    for number in shards_behind(after) {
        if found.len() == limit {
            break;
        }
        let ids = Shard::read(&base, number)?.ids.into_iter();
        collect(root, ids, after, None, limit, now, &mut found)?;
    }
    Ok(found)
}

pub(super) fn owned_by(
    root: &Root,
    owner: &OwnerKey,
    after: Option<&SessionId>,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Listed>, Fault> {
    let base = root.present_base()?;
    let ids = owners::candidates(&base, owner)?.into_iter();
    let mut found = Vec::new();
    collect(root, ids, after, Some(owner), limit, now, &mut found)?;
    Ok(found)
}

/// Adds what lives, and belongs to the owner if there is one, up to the limit.
fn collect(
    root: &Root,
    ids: impl Iterator<Item = SessionId>,
    after: Option<&SessionId>,
    owner: Option<&OwnerKey>,
    limit: usize,
    now: Timestamp,
    found: &mut Vec<Listed>,
) -> Result<(), Fault> {
    for id in ids.filter(|id| after.is_none_or(|after| id > after)) {
        if found.len() == limit {
            break;
        }
        let stored = match peek(root, &id) {
            Err(Fault::Malformed(_)) => continue,
            stored => stored?,
        };
        let fits =
            |entry: &crate::store::Entry| !entry.is_expired(now) && (owner.is_none() || entry.owner.as_ref() == owner);
        found.extend(stored.filter(|stored| fits(&stored.entry)).map(|stored| Listed { id, stored }));
    }
    Ok(())
}
