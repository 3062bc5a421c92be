//! The contract that memory, files and every database behind a session keep.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

#[cfg(doc)]
use crate::GRACE;
use crate::{
    Capabilities, Created, Entry, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved, SessionId, StoreAnswer,
    StoreError, Stored, Timestamp, Touched, Updated, Version,
};

/// A future in a box, as object-safe traits return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Keeps sessions. Implement it to bring a store of your own; test it with `webstack_testkit::store_suite!`.
///
/// # The contract
///
/// * **Every operation is atomic** with regard to every other one on the same id, from any thread, and from any
///   process if [`Capabilities::multi_process`] is true. A reader sees an entry whole, old or new.
/// * **Expired is absent** for [`load`](Store::load), [`list`](Store::list) and [`owned_by`](Store::owned_by), though
///   no purge ever ran. [`update`](Store::update) and [`touch`](Store::touch) still find it for [`GRACE`] after its deadline.
/// * **Absent is a value**, not an error. Errors are for systems that failed; [`StoreError`] says what can be done next.
/// * **Nothing but `create` brings an entry into being.** An update, a touch or a purge under way while the entry is
///   removed leaves it removed. An id is never created twice by the engine, so an entry that is gone stays gone.
/// * **No waiting for others.** An operation that finds the entry held by somebody else answers
///   [`StoreError::Busy`] soon, and the engine tries again within its own time limit.
/// * **Bounded.** An operation that talks to a server has a time limit and answers [`StoreError::Unavailable`] after it. What
///   was asked for may have been done by then, or not; a store does not do it twice, and [`remove`](Store::remove) may answer
///   that there was nothing because it was this call that removed it.
/// * **When it is done**: at once when it is called, or when the [`StoreAnswer`] is awaited, as the store likes. An answer that is
///   dropped before it is ready means the whole operation or nothing; what was sent to a server already may still be done there.
///
/// # Security
///
/// Entries hold no credential, but they hold people's data: a store keeps them from other users of the machine.
///
/// ```
/// use webstack_store::{Created, Entry, MemoryStore, Store, Updated};
/// # webstack_core::runtime::block_on(async {
/// let store = MemoryStore::new();
/// let id = "00112233445566778899aabbccddeeff".parse().unwrap();
/// let entry = |text: &'static str| Entry { bytes: text.into(), expires: None, owner: None };
///
/// let Created::New(version) = store.create(&id, entry("one")).await? else { panic!("it is new") };
/// assert!(matches!(store.update(&id, version, entry("two")).await?, Updated::Applied(_)));
/// let Updated::Conflict(found) = store.update(&id, version, entry("three")).await? else { panic!("seen before") };
/// assert_eq!(found.entry.bytes, "two");
/// # Ok::<(), webstack_store::StoreError>(()) }).unwrap();
/// ```
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// The entry, if there is one and it has not expired.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] if something stands there that this store did not write whole.
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>>;

    /// What [`load`](Store::load) answers, now, on this thread; `None` if this store would have to wait for it, as one on a server
    /// has to. The engine asks this first, and is spared a future.
    fn load_at_once(&self, _id: &SessionId) -> Option<Result<Option<Stored>, StoreError>> {
        None
    }

    /// Keeps a new entry. Only if there is none under this id, expired ones included: nothing is replaced.
    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created>;

    /// Does what [`create`](Store::create) does, now, on this thread, if this store need not wait for it.
    ///
    /// # Errors
    ///
    /// The entry as it was given, if this store would have to wait: then nothing was done. Give it back always or never: after the
    /// first time the engine asks no more. What is held for a moment is [`StoreError::Busy`].
    fn create_at_once(&self, _id: &SessionId, entry: Entry) -> Result<Result<Created, StoreError>, Entry> {
        Err(entry)
    }

    /// Replaces the entry, only if it still is the one that was `seen`. It never creates.
    ///
    /// A conflict brings the entry that stands there along, so that the caller needs no further round trip.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] as for [`load`](Store::load); what stands there is left alone.
    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated>;

    /// Does what [`update`](Store::update) does, as [`create_at_once`](Store::create_at_once) does for `create`.
    ///
    /// # Errors
    ///
    /// The entry as it was given, as there.
    fn update_at_once(
        &self,
        _id: &SessionId,
        _seen: Version,
        entry: Entry,
    ) -> Result<Result<Updated, StoreError>, Entry> {
        Err(entry)
    }

    /// Moves the deadline to `expires` or leaves it where it is, whichever is later; only if the entry still is the
    /// one that was `seen`. Neither bytes nor version change. It never revives.
    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched>;

    /// Removes the entry, whatever its version and even if what stands there is corrupt: logout is unconditional.
    ///
    /// An entry that has expired counts as absent in the answer, and is removed all the same.
    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed>;

    /// Removes entries that expired longer than [`GRACE`] ago, and what crashes left behind; one bounded step of it.
    ///
    /// An entry that vanishes meanwhile is no error. A single entry that cannot be dealt with does not stop the step.
    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged>;

    /// A page of what is alive: at most `limit` sessions, in the order of their ids, behind `after`.
    ///
    /// A session that is there from the first page to the last is listed exactly once. A page shorter than `limit` is
    /// the last. Corrupt entries are left out.
    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>>;

    /// As [`list`](Store::list), only the sessions of one owner. It never lists an ended one and never misses a living one.
    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>>;

    /// Keeps a place for a session among at most `limit` of its owner's.
    ///
    /// Counting and keeping are one atomic step per owner: of any number of parallel calls, only so many are granted
    /// that living sessions and kept places together stay within the limit. A session that already counts is granted
    /// again. The place is taken by writing an entry with this id and owner, and given back by itself after [`GRACE`].
    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved>;

    /// What this store can and cannot do.
    fn capabilities(&self) -> Capabilities;
}

#[deny(clippy::missing_trait_methods, reason = "a method that is forgotten would go past the store")]
impl<S: Store + ?Sized> Store for Arc<S> {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        (**self).load(id)
    }

    fn load_at_once(&self, id: &SessionId) -> Option<Result<Option<Stored>, StoreError>> {
        (**self).load_at_once(id)
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        (**self).create(id, entry)
    }

    fn create_at_once(&self, id: &SessionId, entry: Entry) -> Result<Result<Created, StoreError>, Entry> {
        (**self).create_at_once(id, entry)
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        (**self).update(id, seen, entry)
    }

    fn update_at_once(
        &self,
        id: &SessionId,
        seen: Version,
        entry: Entry,
    ) -> Result<Result<Updated, StoreError>, Entry> {
        (**self).update_at_once(id, seen, entry)
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        (**self).touch(id, seen, expires)
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        (**self).remove(id)
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        (**self).purge(step)
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        (**self).list(after, limit)
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        (**self).owned_by(owner, after, limit)
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        (**self).reserve(owner, id, limit)
    }

    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }
}
