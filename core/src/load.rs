//! Which stored session the tokens of a request open.

use std::error::Error as StdError;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::carrier::{Arrived, Carrier};
use crate::engine::Engine;
use crate::events::Event;
use crate::patience::Patience;
use crate::record::Record;
use crate::renewal::standing;
use crate::rotation::Standing;
use crate::store::{Store, StoreError, Stored, Version};
use crate::ticket::Ticket;
use crate::{Error, SessionId, Timestamp, Token};

/// A session as a request last saw it in the store.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) token: Token,
    pub(crate) version: Version,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) record: Record,
}

impl Base {
    /// A stored entry, read.
    pub(crate) fn read(token: Token, stored: Stored) -> Result<Arc<Self>, Box<dyn StdError + Send + Sync>> {
        let record = Record::decode(stored.entry.bytes)?;
        Ok(Arc::new(Base { token, version: stored.version, expires: stored.entry.expires, record }))
    }

    /// True if there is nothing in it: emptied, and kept a moment for requests in flight.
    pub(crate) fn is_empty(&self) -> bool {
        self.record.content.is_empty()
    }
}

/// Hardly ever more than one.
pub(crate) type Ids = SmallVec<[SessionId; 1]>;

/// What the tokens of a request open.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// The first living session; one with something in it comes before an emptied one.
    pub(crate) first: Option<Found>,
    /// The other living ones: a logout ends them, too.
    pub(crate) others: Vec<SessionId>,
    /// A ticket for a session that does not exist yet.
    pub(crate) ticket: Option<Box<Ticket>>,
    /// The sessions that were asked for, living or not.
    pub(crate) asked: Ids,
}

/// A living session, and how its token came.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) base: Arc<Base>,
    pub(crate) carrier: Carrier,
    /// Its token was signed with a key that signs no more.
    pub(crate) is_outdated: bool,
}

/// Tries every token.
pub(crate) async fn load(engine: &Engine, arrived: &[Arrived]) -> Result<Loaded, Error> {
    let mut loaded = Loaded::default();
    for one in arrived {
        let opened = open(engine, &one.token).await?;
        let Arrived { token, carrier, is_outdated, issued } = one;
        let base = match opened {
            Opened::Living(base) => base,
            Opened::Absent => {
                match issued.map(|issued| Ticket { token: token.clone(), issued }) {
                    Some(ticket) if ticket.is_good(&engine.lifetime, engine.clock.now()) => {
                        loaded.ticket.get_or_insert(Box::new(ticket));
                    }
                    _ => {
                        engine.events.report(Event::UnknownToken(*token.id()));
                        loaded.asked.push(*token.id());
                    }
                }
                continue;
            }
            Opened::Closed => {
                loaded.asked.push(*token.id());
                continue;
            }
        };
        loaded.asked.push(*token.id());
        let is_empty = base.is_empty();
        let found = Found { base, carrier: *carrier, is_outdated: *is_outdated };
        match &loaded.first {
            None => loaded.first = Some(found),
            Some(first) if first.base.token.id() == token.id() => {}
            Some(emptied) if emptied.base.is_empty() => loaded.first = Some(found),
            Some(_) if is_empty => {}
            Some(_) => {
                engine.events.report(Event::SecondSession(*token.id()));
                loaded.others.push(*token.id());
            }
        }
    }
    Ok(loaded)
}

/// What a token opens.
enum Opened {
    Living(Arc<Base>),
    /// There is nothing under its id.
    Absent,
    /// There is something, which it does not open.
    Closed,
}

async fn open(engine: &Engine, token: &Token) -> Result<Opened, Error> {
    let is_known = |base: &Base| standing_of(engine, base) != Standing::Foreign;
    let found = match read(engine, &*engine.store, token).await? {
        // A cache may keep what stood there before this token was made.
        Read::Record(base) if engine.has_cache() && !is_known(&base) => {
            Box::pin(read(engine, &*engine.behind, token)).await?
        }
        found => found,
    };
    let base = match found {
        Read::Record(base) => base,
        Read::Nothing => return Ok(Opened::Absent),
        Read::Corrupt => return Ok(Opened::Closed),
    };
    let id = *token.id();
    let closed = match standing_of(engine, &base) {
        Standing::Present | Standing::Next | Standing::Previous => return Ok(Opened::Living(base)),
        Standing::Outdated => Event::OutdatedToken(id),
        Standing::Foreign if base.record.is_grave() => Event::UnknownToken(id),
        Standing::Foreign => Event::WrongSecret(id),
    };
    engine.events.report(closed);
    Ok(Opened::Closed)
}

fn standing_of(engine: &Engine, base: &Base) -> Standing {
    standing(&base.record, &base.token.digest(&engine.namespace), || engine.clock.now())
}

/// What stands under the id of a token.
enum Read {
    Record(Arc<Base>),
    Nothing,
    Corrupt,
}

async fn read(engine: &Engine, store: &dyn Store, token: &Token) -> Result<Read, Error> {
    let read = match store.load(token.id()).await {
        Err(StoreError::Busy) => None,
        answer => Some(understand(engine, token, answer)),
    };
    match read {
        Some(read) => read,
        // Boxed, here and above: what few requests do shall not make the future of every request large.
        None => Box::pin(read_when_free(engine, store, token)).await,
    }
}

async fn read_when_free(engine: &Engine, store: &dyn Store, token: &Token) -> Result<Read, Error> {
    let mut patience = Patience::new(engine);
    loop {
        patience.pause().await?;
        match store.load(token.id()).await {
            Err(StoreError::Busy) => {}
            answer => return understand(engine, token, answer),
        }
    }
}

fn understand(engine: &Engine, token: &Token, answer: Result<Option<Stored>, StoreError>) -> Result<Read, Error> {
    let corrupt = |error| engine.corrupt(*token.id(), error).map(|()| Read::Corrupt);
    match answer {
        Ok(Some(stored)) => Base::read(token.clone(), stored).map_or_else(corrupt, |base| Ok(Read::Record(base))),
        Ok(None) => Ok(Read::Nothing),
        Err(StoreError::Corrupt(error)) => corrupt(error),
        Err(error) => Err(error.into()),
    }
}

/// What stands in the store now; `None` if the session is no more.
pub(crate) async fn look(engine: &Engine, base: &Base) -> Result<Option<Arc<Base>>, Error> {
    Ok(match read(engine, &*engine.behind, &base.token).await? {
        Read::Record(found) => Some(found),
        Read::Nothing | Read::Corrupt => None,
    })
}
