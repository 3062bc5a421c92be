//! A store of somebody else's: every operation is passed on to a map, written out as a stranger would write it.

use webstack_core::store::{
    Capabilities, Created, Entry, Listed, MemoryStore, OwnerKey, PurgeStep, Purged, Removed, Reserved, Store,
    StoreAnswer, Stored, Touched, Updated, Version,
};
use webstack_core::{SessionId, Timestamp};

#[derive(Debug)]
pub struct Shelf(pub MemoryStore);

impl Store for Shelf {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        StoreAnswer::later(async move { self.0.load(id).await })
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        StoreAnswer::later(async move { self.0.create(id, entry).await })
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        StoreAnswer::later(async move { self.0.update(id, seen, entry).await })
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        StoreAnswer::later(async move { self.0.touch(id, seen, expires).await })
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        StoreAnswer::later(async move { self.0.remove(id).await })
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        StoreAnswer::later(async move { self.0.purge(step).await })
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        StoreAnswer::later(async move { self.0.list(after, limit).await })
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        StoreAnswer::later(async move { self.0.owned_by(owner, after, limit).await })
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        StoreAnswer::later(async move { self.0.reserve(owner, id, limit).await })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().with_own_clock(true)
    }
}
