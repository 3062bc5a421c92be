//! Removing what has expired: the index says what that is, so nothing else is looked at.

use heed::RwTxn;
use webstack_store::{OwnerKey, Purged, SessionId, Timestamp};

use crate::fault::Fault;
use crate::tables::{Tables, millis, session_id};

/// Removes up to so many entries and places, those first that expired first.
pub(crate) fn purge(txn: &mut RwTxn, tables: &Tables, entries: usize, now: Timestamp) -> Result<Purged, Fault> {
    let mut overdue = Vec::new();
    for pair in tables.due.iter(txn)? {
        let (key, _) = pair?;
        let Some((moment, what)) = key.split_at_checked(8) else { return Err(Fault::Malformed("no key of `due`")) };
        if millis(moment)? > now || overdue.len() == entries {
            break;
        }
        overdue.push((key.to_vec(), what.to_vec()));
    }
    let mut purged = Purged::default();
    for (key, what) in &overdue {
        tables.due.delete(txn, key)?;
        match what.split_first_chunk::<32>() {
            Some((owner, id)) => tables.give_back(txn, &OwnerKey::from_bytes(*owner), &session_id(id)?)?,
            None => {
                let id = session_id(what)?;
                let stored = tables.get(txn, &id).ok().flatten();
                purged.removed += u64::from(tables.remove(txn, &id, stored.as_ref().map(|stored| &stored.entry))?);
            }
        }
    }
    purged.next = (overdue.len() == entries).then_some(SessionId::from_bytes([0xff; 16]));
    Ok(purged)
}
