//! Ending a session, whatever anybody else does with it; and the graves of those whose ticket is still good.

use crate::engine::Engine;
use crate::events::Event;
use crate::patience::Patience;
use crate::record::{Record, Revision};
use crate::store::{Entry, Removed, StoreError, Updated};
use crate::{Error, SessionId, Token};

/// Ends a session, whatever anybody else does with it.
pub(crate) async fn end(engine: &Engine, id: &SessionId) -> Result<Removed, Error> {
    end_with(engine, id, Event::Ended(*id)).await
}

/// The same, telling another event.
pub(crate) async fn end_with(engine: &Engine, id: &SessionId, event: Event) -> Result<Removed, Error> {
    // A ticket is signed, so where there are no keys there is none; elsewhere another program may have handed it out.
    if engine.carriers.has_keys() {
        match bury(engine, id).await? {
            Buried::Now => {
                engine.events.report(event);
                return Ok(Removed::Removed);
            }
            Buried::Already => return Ok(Removed::Absent),
            Buried::NoTicket => {}
        }
    }
    let mut patience = Patience::new(engine);
    loop {
        match engine.store.remove(id).await {
            Err(StoreError::Busy) => patience.pause().await?,
            Ok(Removed::Removed) => {
                engine.events.report(event);
                return Ok(Removed::Removed);
            }
            answer => return Ok(answer?),
        }
    }
}

/// Ends a session whose ticket is still good: what is left opens for nobody. False if there is none such.
pub(crate) async fn bury(engine: &Engine, id: &SessionId) -> Result<Buried, Error> {
    let mut patience = Patience::new(engine);
    loop {
        let stored = match engine.behind.load(id).await {
            Ok(Some(stored)) => stored,
            Ok(None) => return Ok(Buried::NoTicket),
            Err(StoreError::Busy) => {
                patience.pause().await?;
                continue;
            }
            Err(StoreError::Corrupt(_)) => return Ok(Buried::NoTicket),
            Err(error) => return Err(error.into()),
        };
        let Ok(record) = Record::decode(stored.entry.bytes) else { return Ok(Buried::NoTicket) };
        let now = engine.clock.now();
        let Some(ends) = record.details().ticket_ends.filter(|ends| *ends > now) else { return Ok(Buried::NoTicket) };
        if record.head().is_grave() {
            return Ok(Buried::Already);
        }
        // Nobody has the secret of this digest.
        let mut grave = Revision::grave(&engine.digests.of(&Token::generate()?), now, ends);
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
