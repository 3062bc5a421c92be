//! What a commit came to, and what the client has to be told of its token.

use std::time::Duration;

use crate::Token;
use crate::load::Base;

/// What a commit came to.
#[derive(Debug)]
pub(crate) enum Committed {
    /// There was nothing to store.
    Unchanged,
    /// This is stored now, and the client's token is to be dealt with so.
    Stored(Box<Base>, TokenChange),
    /// The session ended or changed hands meanwhile; the edits are void.
    Gone,
}

/// What the client has to be told of its token.
#[derive(Clone, Debug)]
pub(crate) enum TokenChange {
    /// It has the right one.
    Keep,
    /// It gets this one; the cookie lasts that long.
    HandOut(Token, Option<Duration>),
    /// It should forget it.
    TakeBack,
}
