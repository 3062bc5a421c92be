//! What is wrong in a store, for an operator.

use std::path::PathBuf;

/// What is done about what an inspection finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Nothing: it is counted.
    Nothing,
    /// The markers of owners that are missing are put back. What cannot be read is left to the purge.
    Markers,
}

/// What an inspection found: nothing wrong, if it equals its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Findings {
    /// A directory that does not look like one for sessions: other things are in it, and nothing that a store of files makes.
    pub foreign: Option<PathBuf>,
    /// Files that stand under the name of a session and cannot be read. A purge removes them when they are an hour old.
    pub unreadable: u64,
    /// The first of them.
    pub first_unreadable: Option<PathBuf>,
    /// Living sessions that their owner's index does not have, so that ending all of a user's misses them.
    pub unmarked: u64,
}

impl Findings {
    /// These and those of another store.
    pub(crate) fn and(self, other: Findings) -> Self {
        Findings {
            foreign: self.foreign.or(other.foreign),
            unreadable: self.unreadable + other.unreadable,
            first_unreadable: self.first_unreadable.or(other.first_unreadable),
            unmarked: self.unmarked + other.unmarked,
        }
    }
}
