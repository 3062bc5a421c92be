//! Tickets: tokens that URLs carry before there is a session.
//!
//! A ticket is signed and stored nowhere. The first thing that is put into the session is stored under the ticket's own id,
//! so that every link which carries it goes on working. A session that ends before its ticket does leaves a grave, lest
//! the ticket begin it anew.

use std::time::Duration;

use crate::engine::Engine;
use crate::expiry::Timeouts;
use crate::patience::Patience;
use crate::record::Record;
use crate::store::{Entry, GRACE, StoreError, Updated};
use crate::{Error, SessionId, Timestamp, Token};

/// How long a ticket is good for a session that does not exist yet.
const LIFE: Duration = Duration::from_secs(120);

/// The epoch of a grave: higher than any session's.
const ENDED: u64 = u64::MAX;

/// A token for a session that begins with the first thing put into it.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) token: Token,
    pub(crate) issued: Timestamp,
}

impl Ticket {
    pub(crate) fn new(engine: &Engine) -> Result<Self, Error> {
        Ok(Ticket { token: Token::generate()?, issued: engine.clock.now() })
    }

    /// True if it may still begin a session.
    pub(crate) fn is_good(&self, engine: &Engine) -> bool {
        engine.clock.now() < self.ends(&engine.lifetime)
    }

    /// When it is good no more. An expired session is remembered for a while, and no longer: the ticket ends before.
    pub(crate) fn ends(&self, lifetime: &Timeouts) -> Timestamp {
        self.issued + lifetime.shortest().map_or(LIFE, |shortest| LIFE.min(shortest + GRACE))
    }
}

/// Ends a session whose ticket is still good: what is left opens for nobody. False if there is none such.
pub(crate) async fn bury(engine: &Engine, id: &SessionId) -> Result<Buried, Error> {
    let mut patience = Patience::new(engine);
    loop {
        let stored = match engine.store.load(id).await {
            Ok(Some(stored)) => stored,
            Ok(None) => return Ok(Buried::NoTicket),
            Err(StoreError::Busy) => {
                patience.pause().await?;
                continue;
            }
            Err(StoreError::Corrupt(_)) => return Ok(Buried::NoTicket),
            Err(error) => return Err(error.into()),
        };
        let Ok(record) = Record::decode(&stored.entry.bytes) else { return Ok(Buried::NoTicket) };
        let now = engine.clock.now();
        let Some(ends) = record.ticket_ends.filter(|ends| *ends > now) else { return Ok(Buried::NoTicket) };
        if record.epoch == ENDED {
            return Ok(Buried::Already);
        }
        // Nobody has the secret of this digest.
        let mut grave = Record::new(Token::generate()?.digest(&engine.namespace), now);
        grave.epoch = ENDED;
        grave.ticket_ends = Some(ends);
        let bytes = grave.encode().map_err(Error::Value)?;
        let entry = Entry { bytes, expires: Some(ends), owner: None };
        match engine.store.update(id, stored.version, entry).await {
            Ok(Updated::Applied(_)) => return Ok(Buried::Now),
            Ok(Updated::Conflict(_)) | Err(StoreError::Busy) => patience.pause().await?,
            Ok(Updated::Gone) | Err(StoreError::Corrupt(_)) => return Ok(Buried::NoTicket),
            Err(error) => return Err(error.into()),
        }
    }
}

/// What became of a session that was to be buried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buried {
    /// It has ended.
    Now,
    /// It had ended before.
    Already,
    /// It has no ticket that is still good: it can be removed.
    NoTicket,
}
