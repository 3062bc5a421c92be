//! Whose sessions they are, and how many an owner may have.

use std::collections::BTreeSet;
use std::ops::Bound;

use heed::{RoTxn, RwTxn};
use webstack_store::{GRACE, Listed, OwnerKey, Reserved, SessionId, Timestamp};

use crate::fault::Fault;
use crate::tables::{Table, Tables, due, millis, owned, session_id};

/// The living sessions of an owner, behind an id, in order.
pub(crate) fn living(
    txn: &RoTxn,
    tables: &Tables,
    owner: &OwnerKey,
    after: Option<&SessionId>,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Listed>, Fault> {
    let mut living = Vec::new();
    for (id, _) in of_owner(txn, &tables.owners, owner, after)? {
        if living.len() == limit {
            break;
        }
        if let Ok(Some(stored)) = tables.get(txn, &id)
            && !stored.entry.is_expired(now)
        {
            living.push(Listed { id, stored });
        }
    }
    Ok(living)
}

pub(crate) fn reserve(
    txn: &mut RwTxn,
    tables: &Tables,
    owner: &OwnerKey,
    id: &SessionId,
    limit: usize,
    now: Timestamp,
) -> Result<Reserved, Fault> {
    let living: BTreeSet<SessionId> =
        living(txn, tables, owner, None, usize::MAX, now)?.into_iter().map(|listed| listed.id).collect();
    if living.contains(id) {
        return Ok(Reserved::Granted);
    }
    let mut kept = BTreeSet::new();
    for (place, until) in of_owner(txn, &tables.places, owner, None)? {
        match millis(&until).is_ok_and(|until| now < until) {
            true => _ = kept.insert(place),
            false => tables.give_back(txn, owner, &place)?,
        }
    }
    if !kept.contains(id) && living.union(&kept).count() >= limit {
        return Ok(Reserved::Full(living.into_iter().collect()));
    }
    tables.give_back(txn, owner, id)?;
    let (key, until) = (owned(owner, id), now + GRACE);
    tables.places.put(txn, &key, &until.as_millis().to_be_bytes())?;
    tables.due.put(txn, &due(until, &key), &[])?;
    Ok(Reserved::Granted)
}

/// What a table has for an owner, behind an id.
fn of_owner(
    txn: &RoTxn,
    table: &Table,
    owner: &OwnerKey,
    after: Option<&SessionId>,
) -> Result<Vec<(SessionId, Vec<u8>)>, Fault> {
    let first = after.unwrap_or(&const { SessionId::from_bytes([0; 16]) });
    let first = owned(owner, first);
    let last = owned(owner, &const { SessionId::from_bytes([0xff; 16]) });
    let begin = if after.is_some() { Bound::Excluded(&first[..]) } else { Bound::Included(&first[..]) };
    let mut found = Vec::new();
    for pair in table.range(txn, &(begin, Bound::Included(&last[..])))? {
        let (key, value) = pair?;
        if let Ok(id) = session_id(&key[32..]) {
            found.push((id, value.to_vec()));
        }
    }
    Ok(found)
}
