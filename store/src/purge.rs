//! Purging in steps.

use crate::SessionId;
#[cfg(doc)]
use crate::Store;

/// One step of a purge: where to begin, and how many entries to look at.
///
/// A store that goes through its entries does so in the order of their ids. One that keeps an index of deadlines looks at
/// nothing but what it removes, begins with what expired first, and needs no beginning.
///
/// ```
/// use webstack_store::PurgeStep;
///
/// let step = PurgeStep::new(1_000);
/// assert_eq!((step.after, step.entries), (None, 1_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PurgeStep {
    /// What the step before answered as [`Purged::next`]; `None`: begin at the beginning.
    pub after: Option<SessionId>,
    /// Look at about this many entries, then return.
    pub entries: usize,
}

impl PurgeStep {
    /// A first step over this many entries.
    pub const fn new(entries: usize) -> Self {
        PurgeStep { after: None, entries }
    }

    /// The step that begins where another one ended.
    #[must_use]
    pub const fn after(self, id: Option<SessionId>) -> Self {
        PurgeStep { after: id, ..self }
    }
}

/// The answer to [`Store::purge`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Purged {
    /// Entries and leftovers that were removed.
    pub removed: u64,
    /// Entries that were looked at and left: none, where an index tells which ones have expired.
    pub remaining: u64,
    /// Where the next step begins; `None`: this one reached the end, and nothing that could be removed is left.
    pub next: Option<SessionId>,
}
