//! A store that is told of changes through a connection that a test can hold up, and that goes its own way for all else.

use std::sync::Weak;

use webstack_store::{
    BoxFuture, Capabilities, Changes, Created, Entry, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved,
    SessionId, Store, StoreAnswer, Stored, Timestamp, Touched, Updated, Version, Watch,
};

#[derive(Debug)]
pub(super) struct Through<S> {
    pub(super) store: S,
    /// The same store, at the address of a forwarder.
    pub(super) watch: S,
}

impl<S: Watch> Watch for Through<S> {
    fn watch(&self, changes: Weak<dyn Changes>) -> BoxFuture<'static, ()> {
        self.watch.watch(changes)
    }
}

impl<S: Store> Store for Through<S> {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        self.store.load(id)
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        self.store.create(id, entry)
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        self.store.update(id, seen, entry)
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        self.store.touch(id, seen, expires)
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        self.store.remove(id)
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        self.store.purge(step)
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        self.store.list(after, limit)
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        self.store.owned_by(owner, after, limit)
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        self.store.reserve(owner, id, limit)
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }
}
