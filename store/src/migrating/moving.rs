//! How one session moves, though anybody may be killed in the middle of it, or end the session.
//!
//! | step | old store | new store | what others make of it |
//! |---|---|---|---|
//! | | the entry | | it is in the old store |
//! | 1 claim | **claim** | | whoever needs it goes on from here |
//! | 2 insert | claim | **pending** | the same |
//! | 3 hand over | **marker** | pending | it is in the new store: whoever needs it does step 4 |
//! | 4 arrive | marker | **the entry** | it is in the new store, and the old one is not asked |
//! | 5 tidy | – | the entry | |
//!
//! Steps 1, 3 and 4 are compare-and-set. Ending a session removes it from the old store and then from the new one; whatever
//! step is taken after that finds nothing to compare with, and what is still pending then counts for nothing, because
//! neither claim nor marker vouches for it.
//!
//! The marker lives as long as the session would, so it does not matter when somebody goes on. It vouches for one version of what
//! is pending: a mover that slept from step 1 to step 2 through a whole life of the session inserts another one.

use super::Migrating;
use super::mark::{self, New, Old, read_new, read_old};
use crate::{Created, Entry, SessionId, Store, StoreError, Stored, Updated, Version};

/// How often somebody else may be met on the way.
const ROUNDS: usize = 16;

impl<From: Store, To: Store> Migrating<From, To> {
    /// The session's entry in the new store, moved there if it was not.
    pub(super) async fn bring(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        for _ in 0..ROUNDS {
            if let Some(arrived) = self.arrived(id).await? {
                return Ok(arrived);
            }
            let Some(stored) = self.from.load(id).await? else {
                // It may have left the old store since the new one was asked; it never goes back.
                match self.to.load(id).await? {
                    Some(stored) if matches!(read_new(&stored), New::Pending(_)) => continue,
                    found => return Ok(found),
                }
            };
            let version = stored.version;
            match read_old(stored) {
                Old::Whole(entry) => self.claim(id, version, &entry).await?,
                Old::Claim(entry) => self.insert(id, version, entry).await?,
                Old::Marker(_) => {
                    let Some(found) = self.to.load(id).await? else { return Ok(None) };
                    if matches!(read_new(&found), New::Whole) {
                        return Ok(Some(found));
                    }
                }
            }
        }
        // So many others were met that one of them will be done soon.
        Err(StoreError::Busy)
    }

    /// What the new store has: `None` if it has nothing, and the old one has to be asked.
    async fn arrived(&self, id: &SessionId) -> Result<Option<Option<Stored>>, StoreError> {
        let Some(stored) = self.to.load(id).await? else { return Ok(None) };
        match read_new(&stored) {
            New::Whole => Ok(Some(Some(stored))),
            New::Pending(entry) => self.settle(id, stored.version, entry).await,
        }
    }

    /// Finds out whether what is pending counts, and lets it arrive or buries it.
    async fn settle(
        &self,
        id: &SessionId,
        version: Version,
        entry: Entry,
    ) -> Result<Option<Option<Stored>>, StoreError> {
        let vouched = self.from.load(id).await?;
        let claimed = vouched.as_ref().map(|stored| stored.version);
        match vouched.map(read_old) {
            Some(Old::Marker(pending)) if pending == version => self.arrive(id, version, entry).await,
            Some(Old::Claim(_)) => {
                let claimed = claimed.expect("a claim has a version");
                match self.hand_over(id, claimed, version, &entry).await? {
                    true => self.arrive(id, version, entry).await,
                    false => Ok(None),
                }
            }
            _ => self.bury(id, version, entry).await,
        }
    }

    /// Step 1.
    async fn claim(&self, id: &SessionId, version: Version, entry: &Entry) -> Result<(), StoreError> {
        match self.from.update(id, version, mark::claim(entry)).await? {
            Updated::Applied(version) => self.insert(id, version, entry.clone()).await,
            Updated::Conflict(_) | Updated::Gone => Ok(()),
        }
    }

    /// Step 2, and those that follow.
    async fn insert(&self, id: &SessionId, claimed: Version, entry: Entry) -> Result<(), StoreError> {
        match self.to.create(id, mark::pending(&entry)).await? {
            Created::New(version) => match self.hand_over(id, claimed, version, &entry).await? {
                true => _ = self.arrive(id, version, entry).await?,
                false => _ = self.settle(id, version, entry).await?,
            },
            Created::Exists => {
                let found = self.to.load(id).await?;
                match found.as_ref().map(read_new) {
                    // The mover was killed before it could tidy up.
                    Some(New::Whole) => _ = self.from.remove(id).await?,
                    Some(New::Pending(_)) => {}
                    // What stands in the way has expired, or was ended: nothing may take its place.
                    None => _ = self.from.remove(id).await?,
                }
            }
        }
        Ok(())
    }

    /// Step 3: true if it was done here.
    async fn hand_over(
        &self,
        id: &SessionId,
        claimed: Version,
        pending: Version,
        entry: &Entry,
    ) -> Result<bool, StoreError> {
        Ok(matches!(self.from.update(id, claimed, mark::marker(entry, pending)).await?, Updated::Applied(_)))
    }

    /// Steps 4 and 5.
    async fn arrive(
        &self,
        id: &SessionId,
        pending: Version,
        entry: Entry,
    ) -> Result<Option<Option<Stored>>, StoreError> {
        let found = match self.to.update(id, pending, entry.clone()).await? {
            Updated::Applied(version) => Some(Stored { entry, version }),
            Updated::Conflict(stored) if matches!(read_new(&stored), New::Whole) => Some(stored),
            Updated::Conflict(_) => return Ok(None),
            Updated::Gone => None,
        };
        // The session has moved; a marker that cannot be removed now is in nobody's way.
        let _ = self.from.remove(id).await;
        Ok(Some(found))
    }

    /// Removes what is pending and counts for nothing; but not what arrived meanwhile.
    async fn bury(&self, id: &SessionId, pending: Version, entry: Entry) -> Result<Option<Option<Stored>>, StoreError> {
        let dead = Entry { expires: Some(self.clock.now()), owner: None, ..mark::pending(&entry) };
        match self.to.update(id, pending, dead).await? {
            Updated::Applied(_) | Updated::Gone => {
                self.to.remove(id).await.map(drop)?;
                Ok(Some(None))
            }
            Updated::Conflict(_) => Ok(None),
        }
    }
}
