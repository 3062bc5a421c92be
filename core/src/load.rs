//! Which stored session the tokens of a request open.

use std::error::Error as StdError;

use crate::carrier::Presented;
use crate::engine::Engine;
use crate::events::Event;
use crate::record::Record;
use crate::store::{StoreError, Stored, Version};
use crate::{Error, Timestamp, Token};

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
    pub(crate) fn read(token: Token, stored: Stored) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let record = Record::decode(&stored.entry.bytes)?;
        Ok(Base { token, version: stored.version, expires: stored.entry.expires, record })
    }

    /// True if there is nothing in it: emptied, and kept a moment for requests in flight.
    pub(crate) fn is_empty(&self) -> bool {
        self.record.content.is_empty()
    }
}

/// The first living session that the tokens open; one with something in it comes before an emptied one.
pub(crate) async fn load(engine: &Engine, presented: &Presented) -> Result<Option<Base>, Error> {
    if presented.malformed {
        engine.events.report(Event::MalformedToken);
    }
    let mut first: Option<Base> = None;
    for token in &presented.tokens {
        let Some(base) = find(engine, token).await? else { continue };
        match &first {
            None => first = Some(base),
            Some(first) if first.token.id() == token.id() => {}
            Some(emptied) if emptied.is_empty() => first = Some(base),
            Some(_) if base.is_empty() => {}
            Some(_) => engine.events.report(Event::SecondSession(*token.id())),
        }
    }
    Ok(first)
}

/// The living session that a token opens.
async fn find(engine: &Engine, token: &Token) -> Result<Option<Base>, Error> {
    let id = *token.id();
    let stored = match engine.store.load(&id).await {
        Ok(Some(stored)) => stored,
        Ok(None) => {
            engine.events.report(Event::UnknownToken(id));
            return Ok(None);
        }
        Err(StoreError::Corrupt(error)) => return engine.corrupt(id, error).map(|()| None),
        Err(error) => return Err(error.into()),
    };
    let base = match Base::read(token.clone(), stored) {
        Ok(base) => base,
        Err(error) => return engine.corrupt(id, error).map(|()| None),
    };
    if base.record.digest != token.digest(&engine.namespace) {
        engine.events.report(Event::WrongSecret(id));
        return Ok(None);
    }
    Ok(Some(base))
}
