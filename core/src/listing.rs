//! All sessions of a store, one after the other, and the end of one of them: for administrators.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;
use std::vec;

use serde::de::DeserializeOwned;

use crate::ending::end;
use crate::engine::Engine;
use crate::events::Event;
use crate::key::KeyOf;
use crate::record::Record;
use crate::store::{Listed, Removed};
use crate::{Error, SessionId, Sessions, Timestamp};

/// How many sessions are fetched at a time. Each may be as large as a record may be.
const PAGE: usize = 64;

impl Sessions {
    /// Begins to list all living sessions of the store, in the order of their ids.
    ///
    /// They are fetched page by page, whatever their number. A session that lives from the first page to the last is listed
    /// exactly once. Records that cannot be read are [events](Event::CorruptRecord) and left out; so are emptied sessions.
    ///
    /// Applications that share a store under different names see each other's sessions here.
    ///
    /// ```
    /// # use webstack_core::{Outcome, Sessions, runtime::block_on, store::MemoryStore};
    /// # fn main() -> Result<(), webstack_core::Error> { block_on(async {
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # exchange.session().load().await?;
    /// # exchange.session().insert("cart", &["apples"])?;
    /// # exchange.finish(Outcome::Keep).await?;
    /// let mut listing = sessions.list();
    /// while let Some(session) = listing.next().await? {
    ///     assert_eq!((session.user(), session.get::<Vec<String>>("cart")?.unwrap()), (None, vec!["apples".to_owned()]));
    /// }
    /// # Ok(()) }) }
    /// ```
    pub fn list(&self) -> Listing {
        Listing { engine: Arc::clone(&self.engine), page: Vec::new().into_iter(), after: None, ended: false }
    }

    /// Ends a session from outside, whoever uses it: an administrator's logout. True if there was one.
    ///
    /// It holds against every request in flight, as [`Session::invalidate`](crate::Session::invalidate) does.
    ///
    /// # Errors
    ///
    /// What the store says.
    ///
    /// ```
    /// # use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
    /// let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
    /// let nobody = "00112233445566778899aabbccddeeff".parse().unwrap();
    /// assert!(!block_on(sessions.remove(&nobody)).unwrap());
    /// ```
    pub async fn remove(&self, id: &SessionId) -> Result<bool, Error> {
        Ok(end(&self.engine, id).await? == Removed::Removed)
    }
}

/// A walk over all living sessions: see [`Sessions::list`].
pub struct Listing {
    engine: Arc<Engine>,
    page: vec::IntoIter<Listed>,
    after: Option<SessionId>,
    /// The store has no further page.
    ended: bool,
}

impl Listing {
    /// The next session; `None` after the last.
    ///
    /// # Errors
    ///
    /// What the store says. The next call goes on where this one stood.
    pub async fn next(&mut self) -> Result<Option<StoredSession>, Error> {
        loop {
            for listed in self.page.by_ref() {
                match Record::decode(listed.stored.entry.bytes) {
                    Ok(record) if record.is_empty() => {}
                    Ok(record) => {
                        let expires = listed.stored.entry.expires;
                        let accessed = record.accessed(&self.engine, expires);
                        return Ok(Some(StoredSession { id: listed.id, record, accessed, expires }));
                    }
                    Err(error) => self.engine.events.report_failure(Event::CorruptRecord(listed.id), &error),
                }
            }
            if self.ended {
                return Ok(None);
            }
            let page = self.engine.store.list(self.after.as_ref(), PAGE).await?;
            self.ended = page.len() < PAGE;
            self.after = page.last().map(|listed| listed.id).or(self.after);
            self.page = page.into_iter();
        }
    }
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing").field("after", &self.after).field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// A session as it stood in the store when it was listed; to be read only.
///
/// There is nothing in it that could be sent as a cookie, and `Debug` shows the public id only.
pub struct StoredSession {
    id: SessionId,
    record: Record,
    accessed: Timestamp,
    expires: Option<Timestamp>,
}

impl StoredSession {
    /// The public id.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// Who is signed in.
    pub fn user(&self) -> Option<&str> {
        self.record.view().user
    }

    /// What the application calls the device.
    pub fn label(&self) -> Option<&str> {
        self.record.view().extras.label.as_deref()
    }

    /// When the session was created.
    pub fn created(&self) -> SystemTime {
        self.record.head().created().into()
    }

    /// When the session was last used, to the resolution of touches.
    pub fn accessed(&self) -> SystemTime {
        self.accessed.into()
    }

    /// When the session ends if it is not used any more; `None`: never.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires.map(SystemTime::from)
    }

    /// The value of a key; `None` if there is none.
    ///
    /// # Errors
    ///
    /// As for [`Session::get`](crate::Session::get).
    pub fn get<T: DeserializeOwned>(&self, key: impl KeyOf<T>) -> Result<Option<T>, Error> {
        self.record.view().read(&key)
    }

    /// The keys, in alphabetical order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.record.view().values.keys()
    }
}

impl fmt::Debug for StoredSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSession").field("id", &self.id).finish_non_exhaustive()
    }
}
