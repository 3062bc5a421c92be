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
        // What is too short for a moment is none of ours, and as good as over.
        let (moment, what) = key.split_at_checked(8).unwrap_or((&[0; 8], key));
        if millis(moment)? > now || overdue.len() == entries {
            break;
        }
        overdue.push((key.to_vec(), what.to_vec()));
    }
    let mut purged = Purged::default();
    for (key, what) in &overdue {
        tables.due.delete(txn, key)?;
        let (owner, id) = what.split_at(what.len().saturating_sub(16));
        let Ok(id) = session_id(id) else { continue };
        if let Ok(owner) = owner.try_into() {
            tables.give_back(txn, &OwnerKey::from_bytes(owner), &id)?;
        } else if owner.is_empty() {
            let stored = tables.get(txn, &id).ok().flatten();
            purged.removed += u64::from(tables.remove(txn, &id, stored.as_ref().map(|stored| &stored.entry))?);
        }
    }
    purged.next = (overdue.len() == entries).then_some(SessionId::from_bytes([0xff; 16]));
    Ok(purged)
}

#[cfg(test)]
mod tests {
    use webstack_core::runtime::block_on;
    use webstack_store::{Created, Entry, PurgeStep, Reserved, Store as _};

    use crate::LmdbStore;
    use crate::tables::owned;

    use super::*;

    /// As a power failure leaves it where nothing waits for the disk, or whoever writes to the file.
    #[test]
    fn what_is_none_of_ours_stands_in_the_way_of_nothing_else() {
        let place = tempfile::tempdir().expect("a directory");
        let store = LmdbStore::builder(place.path().join("sessions")).size_limit(usize::MAX).open().expect("a store");
        let (alice, id) = (OwnerKey::derive("tests", "alice"), SessionId::from_bytes([7; 16]));
        let entry = |expires, owner| Entry { bytes: "text".into(), expires, owner };
        let over = SessionId::from_bytes([8; 16]);
        assert!(matches!(block_on(store.create(&id, entry(None, Some(alice)))), Ok(Created::New(_))));
        let ended = entry(Some(Timestamp::from_millis(1)), None);
        assert!(matches!(block_on(store.create(&over, ended)), Ok(Created::New(_))));
        let spoilt = store.spoil(move |txn, tables| {
            for key in [&b"short"[..], b"no moment of ours", &[0; 8], &[0; 8 + 47], &[0; 8 + 49]] {
                tables.due.put(txn, key, &[])?;
            }
            tables.entries.put(txn, b"no id", b"text")?;
            tables.owners.put(txn, &[&owned(&alice, &id)[..], b"more"].concat(), &[])?;
            tables.places.put(txn, &owned(&alice, &over), b"no moment")?;
            tables.due.put(txn, &[&[0; 8], &owned(&alice, &over)[..]].concat(), &[])?;
            Ok(())
        });
        block_on(spoilt).expect("it is written");
        assert_eq!(block_on(store.list(None, 9)).expect("a page").len(), 1);
        assert_eq!(block_on(store.owned_by(&alice, None, 9)).expect("a page").len(), 1);
        assert_eq!(block_on(store.reserve(&alice, &SessionId::from_bytes([9; 16]), 2)).ok(), Some(Reserved::Granted));
        assert_eq!(block_on(store.purge(PurgeStep::new(100))).expect("a step").removed, 1);
    }
}
