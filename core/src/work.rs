//! What a visit stores.

use crate::base::Base;
use crate::draft::Draft;
use crate::lease::Hold;
use crate::ticket::Promised;

/// What is to be stored, and on top of what.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) base: Option<Base>,
    /// What somebody faster stored on top of it, as far as is known.
    pub(crate) newer: Option<Box<Base>>,
    pub(crate) draft: Draft,
    pub(crate) promised: Promised,
    pub(crate) hold: Hold,
    /// Of the state that it was taken out of: it is void if the session was ended since.
    pub(crate) incarnation: u32,
    /// Edits that were dropped since do not come back.
    pub(crate) reverts: u32,
}
