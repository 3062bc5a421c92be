//! What the operations of a store answer.

#[cfg(doc)]
use crate::{GRACE, Store};
use crate::{SessionId, Stored, Version};

/// The answer to [`Store::create`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Created {
    /// The entry is there now, with this version.
    New(Version),
    /// The id is taken; nothing was changed.
    Exists,
}

/// The answer to [`Store::update`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Updated {
    /// The entry was replaced and has this version now.
    Applied(Version),
    /// Somebody else was faster; this is what stands there, and nothing was changed.
    Conflict(Stored),
    /// There is no such entry; nothing was changed.
    Gone,
}

/// The answer to [`Store::touch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Touched {
    /// The entry lives at least until the moment asked for.
    Extended,
    /// The entry has another version: whoever wrote it saw to its deadline. Nothing was changed.
    Stale,
    /// There is no such entry; nothing was changed.
    Gone,
}

/// The answer to [`Store::remove`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Removed {
    /// This call removed it.
    Removed,
    /// There was nothing to remove.
    Absent,
}

/// The answer to [`Store::reserve`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Reserved {
    /// The place is kept for the session, for [`GRACE`] or until an entry takes it.
    Granted,
    /// The owner has as many sessions as allowed; these are they.
    Full(Vec<SessionId>),
}
