//! What a commit came to.

use crate::base::Base;
use crate::carrier::TokenReply;

/// What a commit came to.
#[derive(Debug)]
pub(crate) enum Committed {
    /// There was nothing to store.
    Unchanged,
    /// This is stored now, and the client is to be told this of its token, if anything.
    Stored(Box<Base>, Option<TokenReply>),
    /// The session ended or changed hands meanwhile; the edits are void.
    Gone,
}
