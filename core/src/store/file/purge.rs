//! Removing what has expired, and what crashes left behind.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::fs::Stat;

use super::entry_file::{Locked, Purpose, peek};
use super::fault::Fault;
use super::listing::{Shard, last_id, name, shards_behind};
use super::owners::{age, modified, tidy};
use super::root::{Base, Root};
use super::write::end;
use crate::store::{PurgeStep, Purged};
use crate::{SessionId, Timestamp};

/// How old a leftover (an empty, corrupt or temporary file) must be, so that nobody can still be at work on it.
const LEFTOVER: Duration = Duration::from_secs(3600);

/// Where the last step stopped in the middle of a directory, whose names need not be read again.
#[derive(Debug, Default)]
pub(super) struct Bookmark(Mutex<Option<Place>>);

#[derive(Debug)]
struct Place {
    base: Arc<Base>,
    after: SessionId,
    shard: Shard,
}

impl Bookmark {
    /// What was read of the directory in which a step goes on. Who comes with another beginning leaves it to others.
    fn take(&self, base: &Arc<Base>, after: Option<SessionId>) -> Option<Shard> {
        let place = self.lock().take_if(|place| Some(place.after) == after)?;
        (Arc::ptr_eq(&place.base, base) && place.shard.stands()).then_some(place.shard)
    }

    fn put(&self, base: &Arc<Base>, after: SessionId, shard: Shard) {
        *self.lock() = Some(Place { base: Arc::clone(base), after, shard });
    }

    fn lock(&self) -> MutexGuard<'_, Option<Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn purge(root: &Root, step: PurgeStep, spared: Duration, now: Timestamp) -> Result<Purged, Fault> {
    let base = root.present_base()?;
    let (mut purged, mut seen) = (Purged::default(), 0);
    let mut begun = root.bookmark.take(&base, step.after);
    for number in shards_behind(step.after.as_ref()) {
        let shard = match begun.take() {
            Some(shard) => shard,
            None => Shard::read(&base, number)?,
        };
        let first = shard.ids.partition_point(|id| step.after.is_some_and(|after| *id <= after));
        for index in first..shard.ids.len() {
            let id = shard.ids[index];
            match consider(root, &shard, &id, spared, now) {
                Ok(Fate::Removed) => purged.removed += 1,
                Ok(Fate::Vanished) => {}
                Ok(Fate::Left) => purged.remaining += 1,
                Err(Fault::Directory(error)) => return Err(Fault::Directory(error)),
                Err(fault) => {
                    tracing::debug!(error = &fault as &dyn std::error::Error, "a purge passed over a file");
                    purged.remaining += 1;
                }
            }
            seen += 1;
            if seen >= step.entries.max(1) {
                purged.next = Some(id);
                root.bookmark.put(&base, id, shard);
                return Ok(purged);
            }
        }
        for path in shard.temporary {
            purged.removed += u64::from(remove_leftover(&base, &path, now));
        }
        // An owner's directory that cannot be read holds up nobody else's.
        seen += tidy(root, &base, &name(number), now).unwrap_or(0);
        if seen >= step.entries.max(1) && number != u8::MAX {
            purged.next = Some(last_id(number));
            break;
        }
    }
    Ok(purged)
}

enum Fate {
    Removed,
    Left,
    /// Somebody else removed it.
    Vanished,
}

/// Looks at one session's file, and takes the lock only if there is something to do.
fn consider(root: &Root, shard: &Shard, id: &SessionId, spared: Duration, now: Timestamp) -> Result<Fate, Fault> {
    let Some(stat) = shard.look_at(id)? else { return Ok(Fate::Vanished) };
    let is_empty = stat.st_size == 0;
    if !is_empty && age(modified(&stat), now) < spared || is_empty && !is_leftover(&stat, now) {
        return Ok(Fate::Left);
    }
    match peek(root, id) {
        Ok(Some(stored)) if !stored.entry.is_purgeable(now) => return Ok(Fate::Left),
        Err(Fault::Malformed(_)) if !is_leftover(&stat, now) => return Ok(Fate::Left),
        Ok(_) | Err(Fault::Malformed(_)) => {}
        Err(fault) => return Err(fault),
    }
    remove_if_due(root, id, now)
}

/// Looks again under the lock: what was seen without it may have been renewed meanwhile.
fn remove_if_due(root: &Root, id: &SessionId, now: Timestamp) -> Result<Fate, Fault> {
    Locked::with(
        root,
        id,
        Purpose::Remove,
        || Fate::Vanished,
        |file| {
            let found = file.read(|pair| Ok(pair.map(|pair| pair.newest.head())));
            let Some(stat) = file.stands()? else { return Ok(None) };
            let owner = match found {
                Ok(Some(entry)) if entry.is_purgeable(now) => entry.owner,
                Ok(None) | Err(Fault::Malformed(_)) if is_leftover(&stat, now) => None,
                Err(fault @ Fault::Io { .. }) => return Err(fault),
                Ok(_) | Err(_) => return Ok(Some(Fate::Left)),
            };
            end(&file, id, owner.as_ref())?;
            Ok(Some(Fate::Removed))
        },
    )
}

fn is_leftover(stat: &Stat, now: Timestamp) -> bool {
    age(modified(stat), now) > LEFTOVER
}

fn remove_leftover(base: &Base, path: &str, now: Timestamp) -> bool {
    matches!(base.look_at(path), Ok(Some(stat)) if is_leftover(&stat, now)) && base.unlink(path).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use webstack_store::directory::{Access, Demands};

    use super::super::durability::Durability;
    use super::super::write::{create, update};
    use super::*;
    use crate::store::{Created, Entry, GRACE, Updated};

    /// The moment between looking at an entry and locking it, which no race reliably meets.
    #[test]
    fn what_was_renewed_after_it_was_seen_is_left() {
        let place = tempfile::tempdir().expect("a temporary directory");
        let demands = Demands { access: Access::Private, allow_network_fs: true };
        let root = Root::open(place.path().to_owned(), demands, Durability::None).expect("a fit directory");
        let (id, now) = (SessionId::from_bytes([7; 16]), Timestamp::from_millis(1_000_000));
        let entry = |expires| Entry { bytes: "text".into(), expires: Some(expires), owner: None };

        let Ok(Created::New(version)) = create(&root, &id, &entry(now), now) else { panic!("it is new") };
        let renewed = update(&root, &id, version, &entry(now + 2 * GRACE), now).expect("it is free");
        assert!(matches!(renewed, Updated::Applied(_)));
        let due = |now| remove_if_due(&root, &id, now).expect("no fault");
        assert!(matches!(due(now + GRACE), Fate::Left));
        assert!(matches!(due(now + 3 * GRACE), Fate::Removed));
        assert!(matches!(due(now + 3 * GRACE), Fate::Vanished));
    }
}
