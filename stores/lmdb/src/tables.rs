//! What is kept, and the indexes over it, which change in one transaction and so always agree.
//!
//! | table | key | value |
//! |---|---|---|
//! | `entries` | id | the entry, see `entry` |
//! | `due` | the moment from which on it may be purged, and of what: an entry's id, or an owner and an id | nothing |
//! | `owners` | owner, id | nothing |
//! | `places` | owner, id | the moment at which the place is given back |

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, RoTxn, RwTxn, WithoutTls};
use webstack_store::{Entry, GRACE, OwnerKey, SessionId, Stored, Timestamp, Version};

use crate::entry::{decode, encode};
use crate::fault::Fault;

pub(crate) type Table = Database<'static, Bytes, Bytes>;

pub(crate) struct Tables {
    pub(crate) entries: Table,
    pub(crate) due: Table,
    pub(crate) owners: Table,
    pub(crate) places: Table,
}

const NAMES: [&str; 4] = ["entries", "due", "owners", "places"];
pub(crate) const COUNT: u32 = NAMES.len() as u32;

impl Tables {
    /// The tables of a store that has been used before; `None` if this is its first time.
    pub(crate) fn open(env: &Env<WithoutTls>) -> Result<Option<Self>, Fault> {
        let opened = env.open_databases_and_commit(env.read_txn()?, |opener, txn| {
            let open = |name| opener.open_database::<Bytes, Bytes>(txn, Some(name));
            let [entries, due, owners, places] = NAMES.map(open);
            Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit((entries?, due?, owners?, places?)))
        })?;
        let (Some(entries), Some(due), Some(owners), Some(places)) = opened.unwrap_commit() else { return Ok(None) };
        Ok(Some(Tables { entries, due, owners, places }))
    }

    pub(crate) fn create(env: &Env<WithoutTls>) -> Result<Self, Fault> {
        let created = env.create_databases_and_commit(env.write_txn()?, |opener, txn| {
            let mut create = |name| opener.create_database::<Bytes, Bytes>(txn, Some(name));
            let [entries, due, owners, places] = NAMES.map(&mut create);
            Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit((entries?, due?, owners?, places?)))
        })?;
        let (entries, due, owners, places) = created.unwrap_commit();
        Ok(Tables { entries, due, owners, places })
    }

    pub(crate) fn get(&self, txn: &RoTxn, id: &SessionId) -> Result<Option<Stored>, Fault> {
        self.entries.get(txn, id.as_bytes())?.map(decode).transpose()
    }

    /// Writes an entry in the place of what stands there.
    pub(crate) fn put(
        &self,
        txn: &mut RwTxn,
        id: &SessionId,
        before: Option<&Entry>,
        entry: Entry,
        version: Version,
    ) -> Result<(), Fault> {
        if before.map(|before| before.expires) != Some(entry.expires) {
            self.forget_due(txn, id, before)?;
            if let Some(deadline) = entry.expires {
                self.due.put(txn, &due(deadline + GRACE, id.as_bytes()), &[])?;
            }
        }
        if before.map(|before| before.owner) != Some(entry.owner) {
            self.forget_owner(txn, id, before)?;
            if let Some(owner) = &entry.owner {
                self.owners.put(txn, &owned(owner, id), &[])?;
            }
        }
        if let Some(owner) = &entry.owner {
            self.give_back(txn, owner, id)?;
        }
        Ok(self.entries.put(txn, id.as_bytes(), &encode(&Stored { entry, version }))?)
    }

    /// Removes an entry and all that points to it.
    pub(crate) fn remove(&self, txn: &mut RwTxn, id: &SessionId, before: Option<&Entry>) -> Result<bool, Fault> {
        self.forget_due(txn, id, before)?;
        self.forget_owner(txn, id, before)?;
        Ok(self.entries.delete(txn, id.as_bytes())?)
    }

    /// Ends the reservation of a place.
    pub(crate) fn give_back(&self, txn: &mut RwTxn, owner: &OwnerKey, id: &SessionId) -> Result<(), Fault> {
        let key = owned(owner, id);
        let Some(until) = self.places.get(txn, &key)?.map(millis) else { return Ok(()) };
        if let Ok(until) = until {
            self.due.delete(txn, &due(until, &key))?;
        }
        self.places.delete(txn, &key)?;
        Ok(())
    }

    fn forget_due(&self, txn: &mut RwTxn, id: &SessionId, before: Option<&Entry>) -> Result<(), Fault> {
        if let Some(deadline) = before.and_then(|before| before.expires) {
            self.due.delete(txn, &due(deadline + GRACE, id.as_bytes()))?;
        }
        Ok(())
    }

    fn forget_owner(&self, txn: &mut RwTxn, id: &SessionId, before: Option<&Entry>) -> Result<(), Fault> {
        if let Some(owner) = before.and_then(|before| before.owner) {
            self.owners.delete(txn, &owned(&owner, id))?;
        }
        Ok(())
    }
}

/// A key of `due`.
pub(crate) fn due(moment: Timestamp, what: &[u8]) -> Vec<u8> {
    let mut key = moment.as_millis().to_be_bytes().to_vec();
    key.extend_from_slice(what);
    key
}

/// A key of `owners` and of `places`.
pub(crate) fn owned(owner: &OwnerKey, id: &SessionId) -> [u8; 48] {
    let mut key = [0; 48];
    key[..32].copy_from_slice(owner.as_bytes());
    key[32..].copy_from_slice(id.as_bytes());
    key
}

pub(crate) fn session_id(bytes: &[u8]) -> Result<SessionId, Fault> {
    bytes.try_into().map(SessionId::from_bytes).map_err(|_| Fault::Malformed("no session id"))
}

pub(crate) fn millis(bytes: &[u8]) -> Result<Timestamp, Fault> {
    let bytes = bytes.try_into().map_err(|_| Fault::Malformed("no moment"))?;
    Ok(Timestamp::from_millis(u64::from_be_bytes(bytes)))
}
