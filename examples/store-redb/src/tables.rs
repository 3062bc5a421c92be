//! The tables, and what all operations do with them.

use bytes::Bytes;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};
use webstack_store::{Entry, GRACE, Listed, OwnerKey, SessionId, StoreError, Stored, Timestamp, Version};

use crate::broken;

type Id = [u8; 16];
type Owner = [u8; 32];
/// Version, deadline, owner, record.
type Row = (u64, Option<u64>, Option<Owner>, &'static [u8]);

const ENTRIES: TableDefinition<Id, Row> = TableDefinition::new("entries");
/// From which moment on an entry may be purged.
const DUE: TableDefinition<(u64, Id), ()> = TableDefinition::new("due");
const OWNERS: TableDefinition<(Owner, Id), ()> = TableDefinition::new("owners");
/// Until when a place is kept.
const PLACES: TableDefinition<(Owner, Id), u64> = TableDefinition::new("places");
/// How many versions there were: no number ever means two states.
const VERSIONS: TableDefinition<(), u64> = TableDefinition::new("versions");

/// The tables within a transaction that writes.
pub(crate) struct Tables<'t> {
    entries: Table<'t, Id, Row>,
    due: Table<'t, (u64, Id), ()>,
    owners: Table<'t, (Owner, Id), ()>,
    places: Table<'t, (Owner, Id), u64>,
    versions: Table<'t, (), u64>,
}

impl<'t> Tables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Result<Self, StoreError> {
        Ok(Tables {
            entries: transaction.open_table(ENTRIES).map_err(broken)?,
            due: transaction.open_table(DUE).map_err(broken)?,
            owners: transaction.open_table(OWNERS).map_err(broken)?,
            places: transaction.open_table(PLACES).map_err(broken)?,
            versions: transaction.open_table(VERSIONS).map_err(broken)?,
        })
    }

    pub(crate) fn get(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        get(&self.entries, id)
    }

    /// Writes an entry in the place of what stands there, under a new version.
    pub(crate) fn put(&mut self, id: &SessionId, before: Option<&Entry>, entry: Entry) -> Result<Version, StoreError> {
        let last = self.versions.get(()).map_err(broken)?.map_or(0, |last| last.value());
        self.versions.insert((), last + 1).map_err(broken)?;
        let version = Version::new(last + 1);
        self.put_as(id, before, entry, version)?;
        Ok(version)
    }

    pub(crate) fn put_as(
        &mut self,
        id: &SessionId,
        before: Option<&Entry>,
        entry: Entry,
        version: Version,
    ) -> Result<(), StoreError> {
        if let Some(before) = before {
            self.remove(id, before)?;
        }
        if let Some(deadline) = entry.expires {
            self.due.insert(((deadline + GRACE).as_millis(), *id.as_bytes()), ()).map_err(broken)?;
        }
        if let Some(owner) = &entry.owner {
            let key = (*owner.as_bytes(), *id.as_bytes());
            self.owners.insert(key, ()).map_err(broken)?;
            self.places.remove(key).map_err(broken)?;
        }
        let deadline = entry.expires.map(Timestamp::as_millis);
        let owner = entry.owner.map(|owner| *owner.as_bytes());
        self.entries.insert(*id.as_bytes(), (version.get(), deadline, owner, &entry.bytes[..])).map_err(broken)?;
        Ok(())
    }

    /// Removes an entry and all that points to it.
    pub(crate) fn remove(&mut self, id: &SessionId, entry: &Entry) -> Result<(), StoreError> {
        if let Some(deadline) = entry.expires {
            self.due.remove(((deadline + GRACE).as_millis(), *id.as_bytes())).map_err(broken)?;
        }
        if let Some(owner) = &entry.owner {
            self.owners.remove((*owner.as_bytes(), *id.as_bytes())).map_err(broken)?;
        }
        self.entries.remove(*id.as_bytes()).map_err(broken)?;
        Ok(())
    }

    /// What may be purged, that first which expired first.
    pub(crate) fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<SessionId>, StoreError> {
        let until_now = self.due.range(..=(now.as_millis(), [0xff; 16])).map_err(broken)?;
        until_now.take(limit).map(|pair| Ok(SessionId::from_bytes(pair.map_err(broken)?.0.value().1))).collect()
    }

    pub(crate) fn living_of(&self, owner: &OwnerKey, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        let living = living_of(&self.entries, &self.owners, owner, None, usize::MAX, now)?;
        Ok(living.into_iter().map(|listed| listed.id).collect())
    }

    pub(crate) fn places_of(&self, owner: &OwnerKey) -> Result<Vec<SessionId>, StoreError> {
        let places = self.places.range(of(owner, None)).map_err(broken)?;
        places.map(|pair| Ok(SessionId::from_bytes(pair.map_err(broken)?.0.value().1))).collect()
    }

    pub(crate) fn keep_place(&mut self, owner: &OwnerKey, id: &SessionId, until: Timestamp) -> Result<(), StoreError> {
        self.places.insert((*owner.as_bytes(), *id.as_bytes()), until.as_millis()).map_err(broken)?;
        Ok(())
    }

    pub(crate) fn forget_old_places(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.places.retain(|_, until| now.as_millis() < until).map_err(broken)
    }
}

/// The tables that are read, at one moment.
pub(crate) struct View {
    entries: ReadOnlyTable<Id, Row>,
    owners: ReadOnlyTable<(Owner, Id), ()>,
}

impl View {
    pub(crate) fn open(transaction: &ReadTransaction) -> Result<Self, StoreError> {
        let entries = transaction.open_table(ENTRIES).map_err(broken)?;
        Ok(View { entries, owners: transaction.open_table(OWNERS).map_err(broken)? })
    }

    pub(crate) fn get(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        get(&self.entries, id)
    }

    pub(crate) fn list(
        &self,
        after: Option<&SessionId>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Listed>, StoreError> {
        let all = self.entries.range(after.map_or([0; 16], |id| *id.as_bytes())..).map_err(broken)?;
        let mut living = Vec::new();
        for pair in all {
            if living.len() == limit {
                break;
            }
            let (id, row) = pair.map_err(broken)?;
            let listed = Listed { id: SessionId::from_bytes(id.value()), stored: stored(row.value()) };
            if Some(&listed.id) != after && !listed.stored.entry.is_expired(now) {
                living.push(listed);
            }
        }
        Ok(living)
    }

    pub(crate) fn owned_by(
        &self,
        owner: &OwnerKey,
        after: Option<&SessionId>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Listed>, StoreError> {
        living_of(&self.entries, &self.owners, owner, after, limit, now)
    }
}

fn living_of(
    entries: &impl ReadableTable<Id, Row>,
    owners: &impl ReadableTable<(Owner, Id), ()>,
    owner: &OwnerKey,
    after: Option<&SessionId>,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Listed>, StoreError> {
    let mut living = Vec::new();
    for pair in owners.range(of(owner, after)).map_err(broken)? {
        let id = SessionId::from_bytes(pair.map_err(broken)?.0.value().1);
        if Some(&id) == after {
            continue;
        }
        if living.len() == limit {
            break;
        }
        let stored = get(entries, &id)?.filter(|stored| !stored.entry.is_expired(now));
        living.extend(stored.map(|stored| Listed { id, stored }));
    }
    Ok(living)
}

/// The keys of an owner, from an id on.
fn of(owner: &OwnerKey, from: Option<&SessionId>) -> std::ops::RangeInclusive<(Owner, Id)> {
    let first = from.map_or([0; 16], |id| *id.as_bytes());
    (*owner.as_bytes(), first)..=(*owner.as_bytes(), [0xff; 16])
}

fn get(entries: &impl ReadableTable<Id, Row>, id: &SessionId) -> Result<Option<Stored>, StoreError> {
    Ok(entries.get(*id.as_bytes()).map_err(broken)?.map(|row| stored(row.value())))
}

fn stored((version, deadline, owner, bytes): (u64, Option<u64>, Option<Owner>, &[u8])) -> Stored {
    let entry = Entry {
        bytes: Bytes::copy_from_slice(bytes),
        expires: deadline.map(Timestamp::from_millis),
        owner: owner.map(OwnerKey::from_bytes),
    };
    Stored { entry, version: Version::new(version) }
}
