//! What a store keeps for a session.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

#[cfg(doc)]
use crate::Store;
use crate::{OwnerKey, SessionId, Timestamp};

/// How long an entry that has expired may still be updated or touched, and is spared by a purge.
///
/// A request that loaded a session alive shall not fail because its deadline passed while the request was running.
pub const GRACE: Duration = Duration::from_secs(60);

/// What a store keeps for a session.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The record: opaque to the store, returned byte by byte as it was given.
    pub bytes: Bytes,
    /// The moment from which on the entry is absent; `None`: never.
    pub expires: Option<Timestamp>,
    /// Whose session it is, for [`Store::owned_by`]; `None`: nobody's.
    pub owner: Option<OwnerKey>,
}

impl Entry {
    /// True if the entry is absent for readers at this moment: its deadline has come.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|deadline| deadline <= now)
    }

    /// True if the entry is absent for everybody at this moment: its deadline passed longer ago than [`GRACE`].
    pub fn is_purgeable(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|deadline| deadline + GRACE <= now)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("bytes", &format_args!("{} bytes", self.bytes.len()))
            .field("expires", &self.expires)
            .field("owned", &self.owner.is_some())
            .finish()
    }
}

/// Tells one state of an entry from every other state that was ever stored under its id. A number of the store's own: a count of
/// all its writes, or, where a failover can undo some of them, a random one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version(u64);

impl Version {
    /// A version with this number.
    pub const fn new(number: u64) -> Self {
        Version(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// An entry as a store holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The entry.
    pub entry: Entry,
    /// Its version, to be shown when it is updated.
    pub version: Version,
}

/// A session in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The session's id.
    pub id: SessionId,
    /// What is stored for it.
    pub stored: Stored,
}
