//! A session as a request last saw it in the store.

use std::error::Error as StdError;

use crate::engine::Engine;
use crate::patience::Patience;
use crate::record::Record;
use crate::store::{Store, StoreError, Stored, Version};
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
    pub(crate) fn read(token: Token, stored: Stored) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let record = Record::decode(stored.entry.bytes)?;
        Ok(Base { token, version: stored.version, expires: stored.entry.expires, record })
    }

    /// What was just stored.
    pub(crate) fn stored(token: Token, stored: Stored) -> Result<Self, Error> {
        Base::read(token, stored).map_err(Error::Broken)
    }

    /// True if there is nothing in it: emptied, and kept a moment for requests in flight.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.record.is_empty()
    }
}

/// Asks a store, as long as somebody holds the session.
pub(crate) async fn ask(
    engine: &Engine,
    store: &dyn Store,
    id: &SessionId,
) -> Result<Result<Option<Stored>, StoreError>, Error> {
    let mut patience = Patience::new(engine);
    loop {
        match store.load(id).await {
            Err(StoreError::Busy) => patience.pause().await?,
            answer => return Ok(answer),
        }
    }
}

/// What stands in the store now; `None` if the session is no more.
pub(crate) async fn look(engine: &Engine, base: &Base) -> Result<Option<Base>, Error> {
    let id = *base.token.id();
    match ask(engine, &*engine.behind, &id).await? {
        Ok(Some(stored)) => match Base::read(base.token.clone(), stored) {
            Ok(found) => Ok(Some(found)),
            Err(error) => engine.corrupt(id, error).map(|()| None),
        },
        Ok(None) => Ok(None),
        Err(StoreError::Corrupt(error)) => engine.corrupt(id, error).map(|()| None),
        Err(error) => Err(error.into()),
    }
}
