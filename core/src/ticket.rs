//! Tickets: tokens that URLs carry before there is a session.
//!
//! A ticket is signed and stored nowhere. The first thing that is put into the session is stored under the ticket's own id,
//! so that every link which carries it goes on working. A session that ends before its ticket does leaves a grave, lest
//! the ticket begin it anew.

use std::time::Duration;

use crate::store::GRACE;
use crate::{Error, Timeouts, Timestamp, Token};

/// How long a ticket is good for a session that does not exist yet.
const LIFE: Duration = Duration::from_secs(120);

/// A token for a session that begins with the first thing put into it.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) token: Token,
    pub(crate) issued: Timestamp,
}

impl Ticket {
    pub(crate) fn new(now: Timestamp) -> Result<Self, Error> {
        Ok(Ticket { token: Token::generate()?, issued: now })
    }

    /// True if it may still begin a session.
    pub(crate) fn is_good(&self, lifetime: &Timeouts, now: Timestamp) -> bool {
        now < self.ends(lifetime)
    }

    /// When it is good no more. An expired session is remembered for a while, and no longer: the ticket ends before.
    pub(crate) fn ends(&self, lifetime: &Timeouts) -> Timestamp {
        self.issued + lifetime.shortest().map_or(LIFE, |shortest| LIFE.min(shortest + GRACE))
    }
}

/// Tokens that may be in the client's hands before they are stored: seldom any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Promised {
    /// The one of a session that begins.
    pub(crate) ticket: Option<Box<Ticket>>,
    /// The next one of a session that is renewed, or begins with a login.
    pub(crate) renewed: Option<Box<Token>>,
}

impl Promised {
    /// None of them.
    pub(crate) const NONE: Self = Promised { ticket: None, renewed: None };

    pub(crate) fn is_nothing(&self) -> bool {
        self.ticket.is_none() && self.renewed.is_none()
    }
}
