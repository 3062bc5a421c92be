//! Going through two stores as if they were one.

use std::collections::BTreeMap;

use super::Migrating;
use super::mark::{New, Old, read_new, read_old};
use crate::{Listed, SessionId, Store, StoreAnswer, StoreError, Stored};

impl<From: Store, To: Store> Migrating<From, To> {
    /// A page of both stores, in the order of ids; what is in both counts once.
    ///
    /// The old store is asked first: what leaves it in between is in the new one by then.
    pub(super) async fn merged<F>(
        &self,
        after: Option<&SessionId>,
        limit: usize,
        page: F,
    ) -> Result<Vec<Listed>, StoreError>
    where
        F: for<'s> Fn(&'s dyn Store, Option<&'s SessionId>, usize) -> StoreAnswer<'s, Vec<Listed>> + Send + Sync,
    {
        let mut after = after.copied();
        let mut merged = Vec::new();
        while merged.len() < limit {
            let old = page(&self.from, after.as_ref(), limit).await?;
            let new = page(&self.to, after.as_ref(), limit).await?;
            // Beyond the end of a full page its store may have more.
            let ends = [&old, &new].map(|page| page.last().filter(|_| page.len() == limit).map(|listed| listed.id));
            let horizon = ends.into_iter().flatten().min();
            let both = combine(old, new);
            let seen = both.into_iter().filter(|(id, _)| horizon.is_none_or(|horizon| *id <= horizon));
            merged.extend(seen.map(|(id, stored)| Listed { id, stored }));
            match horizon {
                None => break,
                Some(_) => after = horizon,
            }
        }
        merged.truncate(limit);
        Ok(merged)
    }
}

fn combine(old: Vec<Listed>, new: Vec<Listed>) -> BTreeMap<SessionId, Stored> {
    let mut both = BTreeMap::new();
    let mut vouched = BTreeMap::new();
    for Listed { id, stored } in old {
        let version = stored.version;
        match read_old(stored) {
            Old::Whole(entry) | Old::Claim(entry) => _ = both.insert(id, Stored { entry, version }),
            Old::Marker(pending) => _ = vouched.insert(id, pending),
        }
    }
    for Listed { id, stored } in new {
        match read_new(&stored) {
            New::Whole => _ = both.insert(id, stored),
            New::Pending(entry) if vouched.get(&id) == Some(&stored.version) => {
                let version = stored.version;
                both.insert(id, Stored { entry, version });
            }
            // Its claim is in the list of the old store, or it counts for nothing.
            New::Pending(_) => {}
        }
    }
    both
}
