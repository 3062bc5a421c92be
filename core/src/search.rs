//! Which stored session the tokens of a request open.

use std::error::Error as StdError;

use crate::base::{Base, ask};
use crate::carrier::{Arrivals, Arrived, Carrier, Presented};
use crate::engine::Engine;
use crate::events::Event;
use crate::record::Record;
use crate::rotation::Standing;
use crate::store::{Store, StoreError, Stored, Version};
use crate::ticket::Ticket;
use crate::{Error, SessionId, Timestamp};

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
    /// The store failed, and the visitor is anonymous for this request.
    pub(crate) is_adrift: bool,
}

/// A living session, and how its token came.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) base: Base,
    pub(crate) carrier: Carrier,
    /// Its token was signed with a key that signs no more.
    pub(crate) is_outdated: bool,
}

/// Tries the tokens of a request, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Search {
    arrivals: Arrivals,
    /// The one that is to be tried again.
    arrived: Option<Arrived>,
    /// It, and what comes behind it, is looked for without the cache.
    is_behind_cache: bool,
    /// What was found so far.
    pub(crate) loaded: Loaded,
}

impl Search {
    /// Asks a store that has its answers at hand; `None` if it has to be waited for, or for somebody who holds a session.
    #[inline]
    pub(crate) fn at_once(&mut self, engine: &Engine, presented: &Presented) -> Option<Result<(), Error>> {
        while let Some(arrived) = self.next(engine, presented) {
            match self.store(engine).load_at_once(arrived.token.id()) {
                None | Some(Err(StoreError::Busy)) => {
                    self.arrived = Some(arrived);
                    return None;
                }
                Some(answer) => {
                    if let Err(error) = self.take(engine, arrived, answer) {
                        return Some(Err(error));
                    }
                }
            }
        }
        Some(Ok(()))
    }

    /// Asks whatever store there is, and goes on where it stands.
    pub(crate) async fn patiently(&mut self, engine: &Engine, presented: &Presented) -> Result<(), Error> {
        while let Some(arrived) = self.next(engine, presented) {
            let answer = ask(engine, self.store(engine), arrived.token.id()).await?;
            self.take(engine, arrived, answer)?;
        }
        Ok(())
    }

    /// The token to be tried next.
    #[inline]
    fn next(&mut self, engine: &Engine, presented: &Presented) -> Option<Arrived> {
        self.arrived.take().or_else(|| self.arrivals.next(presented, &engine.carriers, &engine.events))
    }

    #[inline]
    fn store<'a>(&self, engine: &'a Engine) -> &'a dyn Store {
        if self.is_behind_cache { &*engine.behind } else { &*engine.store }
    }

    /// Takes in what a store says of a token.
    #[inline]
    fn take(
        &mut self,
        engine: &Engine,
        arrived: Arrived,
        answer: Result<Option<Stored>, StoreError>,
    ) -> Result<(), Error> {
        let (id, loaded) = (arrived.token.id(), &mut self.loaded);
        match answer {
            Ok(Some(Stored { entry, version })) => match Record::decode(entry.bytes) {
                Ok(record) => {
                    let digest = engine.digests.of(&arrived.token);
                    match record.tokens().standing(&digest, || engine.clock.now()) {
                        Standing::Present | Standing::Next | Standing::Previous => {
                            loaded.add(engine, arrived, record, version, entry.expires);
                        }
                        // A cache may keep what stood there before this token was made.
                        Standing::Foreign if engine.has_cache() && !self.is_behind_cache => {
                            self.is_behind_cache = true;
                            self.arrived = Some(arrived);
                        }
                        Standing::Foreign if record.head().is_grave() => {
                            loaded.refuse(engine, Event::UnknownToken(*id))
                        }
                        Standing::Foreign => loaded.refuse(engine, Event::WrongSecret(*id)),
                        Standing::Outdated => loaded.refuse(engine, Event::OutdatedToken(*id)),
                    }
                }
                Err(error) => loaded.corrupt(engine, *id, error.into())?,
            },
            Ok(None) => match arrived.ticket().filter(|ticket| ticket.is_good(&engine.lifetime, engine.clock.now())) {
                Some(ticket) => {
                    loaded.ticket.get_or_insert(Box::new(ticket));
                }
                None => loaded.refuse(engine, Event::UnknownToken(*id)),
            },
            Err(StoreError::Corrupt(error)) => loaded.corrupt(engine, *id, error)?,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

impl Loaded {
    /// What is known if the store failed, and the visitor is to be anonymous then.
    pub(crate) fn adrift() -> Self {
        Loaded { is_adrift: true, ..Loaded::default() }
    }

    /// Takes in a living session.
    #[inline]
    fn add(&mut self, engine: &Engine, arrived: Arrived, record: Record, version: Version, expires: Option<Timestamp>) {
        let Arrived { token, carrier, is_outdated, .. } = arrived;
        self.asked = true;
        match &self.first {
            None => {}
            Some(first) if first.base.token.id() == token.id() => return,
            Some(emptied) if emptied.base.is_empty() => {}
            Some(_) if record.is_empty() => return,
            Some(_) => {
                engine.events.report(Event::SecondSession(*token.id()));
                return self.others.push(*token.id());
            }
        }
        let base = Base { token, version, expires, record };
        self.first = Some(Found { base, carrier, is_outdated });
    }

    /// The token opens nothing.
    fn refuse(&mut self, engine: &Engine, event: Event) {
        self.asked = true;
        engine.events.report(event);
    }

    /// What stands there cannot be read.
    fn corrupt(&mut self, engine: &Engine, id: SessionId, error: Box<dyn StdError + Send + Sync>) -> Result<(), Error> {
        self.asked = true;
        engine.corrupt(id, error)
    }
}
