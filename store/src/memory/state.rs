//! Where a store in memory keeps its sessions.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use crate::{Entry, GRACE, Listed, OwnerKey, SessionId, Stored, Timestamp, Updated, Version};

/// What is kept, and the indexes over it.
#[derive(Default)]
pub(super) struct State {
    pub(super) entries: BTreeMap<SessionId, Kept>,
    /// For each entry that expires a moment at which it is worth a look: its deadline, or an earlier one, for deadlines move
    /// with every use. (One that was to expire and is not any more may stand here until it is looked at.)
    deadlines: BTreeSet<(Timestamp, SessionId)>,
    owners: HashMap<OwnerKey, BTreeSet<SessionId>>,
    /// Places reserved and not taken yet, with the moment at which they are given back.
    pub(super) places: Places,
    /// Counts the writes of the whole store, so that no version ever means two states.
    writes: u64,
}

type Places = HashMap<OwnerKey, BTreeMap<SessionId, Timestamp>>;

/// An entry, and the moment at which it is worth a look.
pub(super) struct Kept {
    pub(super) stored: Stored,
    look: Option<Timestamp>,
}

impl State {
    pub(super) fn get(&self, id: &SessionId) -> Option<&Stored> {
        self.entries.get(id).map(|kept| &kept.stored)
    }

    /// Puts an entry in the place of the one that was seen.
    pub(super) fn replace(&mut self, id: &SessionId, seen: Version, entry: Entry, now: Timestamp) -> Updated {
        let kept = match self.entries.get_mut(id) {
            Some(kept) if !kept.stored.entry.is_purgeable(now) => kept,
            _ => return Updated::Gone,
        };
        if kept.stored.version != seen {
            return Updated::Conflict(kept.stored.clone());
        }
        let version = next_version(&mut self.writes, &mut self.places, id, &entry);
        if kept.stored.entry.owner == entry.owner {
            let (look, expires) = (kept.look, entry.expires);
            kept.stored = Stored { entry, version };
            if look.is_none_or(|look| expires.is_some_and(|deadline| deadline < look)) {
                self.look_at(id, expires);
            }
        } else {
            self.take(id);
            self.insert(id, entry, version);
        }
        Updated::Applied(version)
    }

    /// Puts an entry where there is none.
    pub(super) fn add(&mut self, id: &SessionId, entry: Entry) -> Version {
        let version = next_version(&mut self.writes, &mut self.places, id, &entry);
        self.insert(id, entry, version);
        version
    }

    fn insert(&mut self, id: &SessionId, entry: Entry, version: Version) {
        let look = entry.expires;
        if let Some(owner) = entry.owner {
            self.owners.entry(owner).or_default().insert(*id);
        }
        if let Some(moment) = look {
            self.deadlines.insert((moment, *id));
        }
        self.entries.insert(*id, Kept { stored: Stored { entry, version }, look });
    }

    pub(super) fn take(&mut self, id: &SessionId) -> Option<Stored> {
        let Kept { stored, look } = self.entries.remove(id)?;
        if let Some(look) = look {
            self.deadlines.remove(&(look, *id));
        }
        if let Some(owner) = stored.entry.owner
            && let Some(ids) = self.owners.get_mut(&owner)
        {
            ids.remove(id);
            if ids.is_empty() {
                self.owners.remove(&owner);
            }
        }
        Some(stored)
    }

    /// Says when an entry is worth a look.
    fn look_at(&mut self, id: &SessionId, moment: Option<Timestamp>) {
        let Some(kept) = self.entries.get_mut(id) else { return };
        if let Some(before) = std::mem::replace(&mut kept.look, moment) {
            self.deadlines.remove(&(before, *id));
        }
        if let Some(moment) = moment {
            self.deadlines.insert((moment, *id));
        }
    }

    /// Makes room for one entry. Whoever was used since is looked at again at its present deadline, so each use costs one
    /// look at most.
    pub(super) fn remove_one_purgeable(&mut self, now: Timestamp) -> bool {
        while let Some((moment, id)) = self.deadlines.first().copied().filter(|(moment, _)| *moment + GRACE <= now) {
            match self.entries.get(&id).map(|kept| kept.stored.entry.expires) {
                Some(expires) if expires != Some(moment) => self.look_at(&id, expires),
                _ => return self.take(&id).is_some(),
            }
        }
        false
    }

    pub(super) fn forget_old_places(&mut self, now: Timestamp) {
        self.places.retain(|_, places| {
            places.retain(|_, until| now < *until);
            !places.is_empty()
        });
    }

    pub(super) fn living_of(
        &self,
        owner: &OwnerKey,
        after: Option<&SessionId>,
        now: Timestamp,
    ) -> impl Iterator<Item = Listed> + use<'_> {
        let ids = self.owners.get(owner).map(|ids| ids.range((behind(after), Bound::Unbounded)));
        ids.into_iter()
            .flatten()
            .filter_map(|id| Some(Listed { id: *id, stored: self.get(id)?.clone() }))
            .filter(move |listed| !listed.stored.entry.is_expired(now))
    }
}

/// The version that an entry gets. The place that was kept for it is taken.
fn next_version(writes: &mut u64, places: &mut Places, id: &SessionId, entry: &Entry) -> Version {
    if let Some(places) = entry.owner.and_then(|owner| places.get_mut(&owner)) {
        places.remove(id);
    }
    *writes += 1;
    Version::new(*writes)
}

pub(super) fn behind(id: Option<&SessionId>) -> Bound<SessionId> {
    id.map_or(Bound::Unbounded, |id| Bound::Excluded(*id))
}
