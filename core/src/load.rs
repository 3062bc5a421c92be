//! Which stored session the tokens of a request open.

use std::error::Error as StdError;
use std::mem;
use std::sync::Arc;

use crate::carrier::{Arrivals, Arrived, Carrier, Presented};
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
    #[inline]
    pub(crate) fn read(token: Token, stored: Stored) -> Result<Arc<Self>, Box<dyn StdError + Send + Sync>> {
        let record = Record::decode(stored.entry.bytes)?;
        Ok(Arc::new(Base { token, version: stored.version, expires: stored.entry.expires, record }))
    }

    /// True if there is nothing in it: emptied, and kept a moment for requests in flight.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.record.content.is_empty()
    }
}

/// What the tokens of a request open.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// The first living session; one with something in it comes before an emptied one.
    pub(crate) first: Option<Found>,
    /// The other living ones: a logout ends them, too.
    pub(crate) others: Vec<SessionId>,
    /// A ticket for a session that does not exist yet.
    pub(crate) ticket: Option<Box<Ticket>>,
    /// A session was asked for, living or not.
    pub(crate) asked: bool,
}

/// A living session, and how its token came.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) base: Arc<Base>,
    pub(crate) carrier: Carrier,
    /// Its token was signed with a key that signs no more.
    pub(crate) is_outdated: bool,
}

/// Tries the tokens of a request, one after the other.
pub(crate) struct Search<'a> {
    engine: &'a Engine,
    arrivals: Arrivals<'a>,
    /// The one that is tried.
    arrived: Option<Arrived>,
    /// It is looked for without the cache.
    is_behind_cache: bool,
    loaded: Loaded,
}

impl<'a> Search<'a> {
    #[inline]
    pub(crate) fn new(engine: &'a Engine, presented: &'a Presented) -> Self {
        let arrivals = Arrivals::of(presented);
        Search { engine, arrivals, arrived: None, is_behind_cache: false, loaded: Loaded::default() }
    }

    /// Asks a store that has its answers at hand; `None` if it has to be waited for, or for somebody who holds a session.
    #[inline]
    pub(crate) fn at_once(&mut self) -> Option<Result<Loaded, Error>> {
        while let Some(id) = self.next() {
            let answer = match self.store().load_at_once(&id) {
                None | Some(Err(StoreError::Busy)) => return None,
                Some(answer) => answer,
            };
            if let Err(error) = self.take(answer) {
                return Some(Err(error));
            }
        }
        Some(Ok(mem::take(&mut self.loaded)))
    }

    /// Asks whatever store there is, and goes on where it stands.
    pub(crate) async fn patiently(mut self) -> Result<Loaded, Error> {
        while let Some(id) = self.next() {
            let answer = ask(self.engine, self.store(), &id).await;
            self.take(answer?)?;
        }
        Ok(self.loaded)
    }

    /// The id that is to be asked for.
    #[inline]
    fn next(&mut self) -> Option<SessionId> {
        if self.arrived.is_none() {
            self.arrived = self.arrivals.next(&self.engine.carriers, &self.engine.events);
        }
        self.arrived.as_ref().map(|arrived| *arrived.token.id())
    }

    #[inline]
    fn store(&self) -> &'a dyn Store {
        if self.is_behind_cache { &*self.engine.behind } else { &*self.engine.store }
    }

    /// Takes in what a store says of the present token.
    #[inline]
    fn take(&mut self, answer: Result<Option<Stored>, StoreError>) -> Result<(), Error> {
        let Some(arrived) = &self.arrived else { return Ok(()) };
        let opened = open(self.engine, &arrived.token, answer)?;
        // A cache may keep what stood there before this token was made.
        if matches!(opened, Opened::Foreign(_)) && self.engine.has_cache() && !self.is_behind_cache {
            self.is_behind_cache = true;
            return Ok(());
        }
        self.loaded.take(self.engine, arrived, opened);
        (self.arrived, self.is_behind_cache) = (None, false);
        Ok(())
    }
}

impl Loaded {
    #[inline]
    fn take(&mut self, engine: &Engine, arrived: &Arrived, opened: Opened) {
        let Arrived { token, carrier, is_outdated, issued } = arrived;
        let id = token.id();
        let base = match opened {
            Opened::Living(base) => base,
            Opened::Absent => {
                return match issued.map(|issued| Ticket { token: token.clone(), issued }) {
                    Some(ticket) if ticket.is_good(&engine.lifetime, engine.clock.now()) => {
                        self.ticket.get_or_insert(Box::new(ticket));
                    }
                    _ => {
                        self.asked = true;
                        engine.events.report(Event::UnknownToken(*id));
                    }
                };
            }
            Opened::Foreign(event) | Opened::Closed(event) => {
                self.asked = true;
                return engine.events.report(event);
            }
            Opened::Corrupt => {
                self.asked = true;
                return;
            }
        };
        self.asked = true;
        let is_empty = base.is_empty();
        let found = Found { base, carrier: *carrier, is_outdated: *is_outdated };
        match &self.first {
            None => self.first = Some(found),
            Some(first) if first.base.token.id() == id => {}
            Some(emptied) if emptied.base.is_empty() => self.first = Some(found),
            Some(_) if is_empty => {}
            Some(_) => {
                engine.events.report(Event::SecondSession(*id));
                self.others.push(*id);
            }
        }
    }
}

/// What a token opens.
enum Opened {
    Living(Arc<Base>),
    /// There is nothing under its id.
    Absent,
    /// It is of no session's that stands there.
    Foreign(Event),
    /// It was good once.
    Closed(Event),
    /// What stands there cannot be read.
    Corrupt,
}

#[inline]
fn open(engine: &Engine, token: &Token, answer: Result<Option<Stored>, StoreError>) -> Result<Opened, Error> {
    let base = match understand(engine, token, answer)? {
        Read::Record(base) => base,
        Read::Nothing => return Ok(Opened::Absent),
        Read::Corrupt => return Ok(Opened::Corrupt),
    };
    let digest = token.digest(&engine.namespace);
    Ok(match standing(&base.record, &digest, || engine.clock.now()) {
        Standing::Present | Standing::Next | Standing::Previous => Opened::Living(base),
        Standing::Outdated => Opened::Closed(Event::OutdatedToken(*token.id())),
        Standing::Foreign if base.record.is_grave() => Opened::Foreign(Event::UnknownToken(*token.id())),
        Standing::Foreign => Opened::Foreign(Event::WrongSecret(*token.id())),
    })
}

/// What stands under the id of a token.
enum Read {
    Record(Arc<Base>),
    Nothing,
    Corrupt,
}

/// Asks a store, as long as somebody holds the session.
async fn ask(engine: &Engine, store: &dyn Store, id: &SessionId) -> Result<Result<Option<Stored>, StoreError>, Error> {
    let mut patience = Patience::new(engine);
    loop {
        match store.load(id).await {
            Err(StoreError::Busy) => patience.pause().await?,
            answer => return Ok(answer),
        }
    }
}

#[inline]
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
    let answer = ask(engine, &*engine.behind, base.token.id()).await?;
    Ok(match understand(engine, &base.token, answer)? {
        Read::Record(found) => Some(found),
        Read::Nothing | Read::Corrupt => None,
    })
}
