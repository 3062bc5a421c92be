//! All sessions of a user: listed, and ended.

use std::error::Error as StdError;
use std::time::SystemTime;

use crate::ending::end;
use crate::engine::Engine;
use crate::events::Event;
use crate::patience::Patience;
use crate::record::Record;
use crate::store::{OwnerKey, Removed, StoreError};
use crate::{Error, SessionId, Sessions, Timestamp};

/// What there is to know of one of a user's sessions, as a page "your devices" shows it. Never a secret.
///
/// The label is what the application gave, often made of what a browser claims to be: escape it when it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    id: SessionId,
    created: SystemTime,
    signed_in: Option<SystemTime>,
    accessed: SystemTime,
    expires: Option<SystemTime>,
    label: Option<String>,
    is_current: bool,
}

impl SessionInfo {
    /// The public id.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// When the session was created, which may be before its user signed in.
    pub fn created(&self) -> SystemTime {
        self.created
    }

    /// When the user last signed in to it.
    pub fn signed_in(&self) -> Option<SystemTime> {
        self.signed_in
    }

    /// When it was last used, as coarse as [`Session::accessed`](crate::Session::accessed).
    pub fn accessed(&self) -> SystemTime {
        self.accessed
    }

    /// When it ends if it is not used any more; `None` if never.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// What the application calls the device: [`Session::set_label`](crate::Session::set_label).
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// True for the session of the request that asked; never where [`Sessions`] was asked.
    pub fn is_current(&self) -> bool {
        self.is_current
    }
}

impl Sessions {
    /// The living sessions in which this user is signed in, the one used last first.
    ///
    /// A session counts only if its own record says so. One that cannot be read is left out, and an event tells.
    ///
    /// ```
    /// use webstack_core::{Outcome, Sessions, runtime::block_on, store::MemoryStore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
    /// let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
    /// let exchange = sessions.open(&http::Request::new(()));
    /// exchange.session().load().await?;
    /// exchange.session().set_user("alice")?;
    /// exchange.session().set_label("Firefox on Linux")?;
    /// exchange.finish(Outcome::Keep).await?;
    ///
    /// let of_alice = sessions.user_sessions("alice").await?;
    /// assert_eq!(of_alice[0].label(), Some("Firefox on Linux"));
    /// assert!(sessions.user_sessions("bob").await?.is_empty());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn user_sessions(&self, user: &str) -> Result<Vec<SessionInfo>, Error> {
        list(&self.engine, user, None).await
    }

    /// Ends every session in which this user is signed in, and returns how many it ended: for administrators, and for
    /// an account that is locked, deleted, or has a new password (ASVS 7.4.2, 7.4.3, 7.4.5).
    ///
    /// # Security
    ///
    /// When it returns, every session whose login was stored before the call is ended for good: no request in flight
    /// brings it back. A login that is stored while it runs may be ended as well, because it looks again until it finds
    /// none; a login that is stored later is not. So lock the account first, and where a login may still be in flight
    /// that was checked before the lock, call it again after the longest time that a login takes.
    ///
    /// One thing is not covered: a session whose deadline has passed is not found, and a request that had loaded it
    /// before may extend it for up to a minute after its deadline.
    ///
    /// ```
    /// use webstack_core::{Outcome, Sessions, runtime::block_on, store::MemoryStore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
    /// let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
    /// for user in ["alice", "alice", "bob"] {
    ///     let exchange = sessions.open(&http::Request::new(()));
    ///     exchange.session().load().await?;
    ///     exchange.session().set_user(user)?;
    ///     exchange.finish(Outcome::Keep).await?;
    /// }
    /// assert_eq!(sessions.end_user_sessions("alice").await?, 2);
    /// assert_eq!(sessions.user_sessions("bob").await?.len(), 1);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// What the store says. Some sessions may have ended by then, others not: call it again.
    pub async fn end_user_sessions(&self, user: &str) -> Result<u64, Error> {
        end_all(&self.engine, user, None).await
    }
}

/// The user's sessions, the one used last first.
pub(crate) async fn list(engine: &Engine, user: &str, current: Option<SessionId>) -> Result<Vec<SessionInfo>, Error> {
    let mut found = Vec::new();
    let mut pages = Pages::of(engine, user);
    while let Some(page) = pages.next().await? {
        for owned in page {
            match owned.record {
                Ok(record) => found.push(SessionInfo {
                    id: owned.id,
                    created: record.head().created().into(),
                    signed_in: record.head().signed_in().map(SystemTime::from),
                    accessed: record.accessed(engine, owned.expires).into(),
                    expires: owned.expires.map(SystemTime::from),
                    label: record.view().extras.label.as_deref().map(str::to_owned),
                    is_current: current == Some(owned.id),
                }),
                Err(error) => engine.events.report_failure(Event::CorruptRecord(owned.id), &*error),
            }
        }
    }
    found.sort_by_key(|info| (std::cmp::Reverse(info.accessed), info.id));
    Ok(found)
}

/// Ends the user's sessions but one, those that cannot be read included, and looks again until there are none.
pub(crate) async fn end_all(engine: &Engine, user: &str, but: Option<SessionId>) -> Result<u64, Error> {
    /// Logins that go on and on shall not hold it for ever.
    const PASSES: usize = 8;
    let mut ended = 0;
    for _ in 0..PASSES {
        let (mut found, mut failed) = (false, None);
        let mut pages = Pages::of(engine, user);
        while let Some(page) = pages.next().await? {
            for owned in page.into_iter().filter(|owned| but != Some(owned.id)) {
                found = true;
                match end(engine, &owned.id).await {
                    Ok(removed) => ended += u64::from(removed == Removed::Removed),
                    // One that somebody holds does not save the others.
                    Err(error) if failed.is_none() => failed = Some(error),
                    Err(error) => return Err(error),
                }
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if !found {
            break;
        }
    }
    Ok(ended)
}

/// Ends one session if it is this user's; true if it was and this call ended it.
pub(crate) async fn end_one(engine: &Engine, user: &str, id: &SessionId) -> Result<bool, Error> {
    let mut patience = Patience::new(engine);
    let stored = loop {
        match engine.behind.load(id).await {
            Err(StoreError::Busy) => patience.pause().await?,
            answer => break answer?,
        }
    };
    // Of this application: another one over the same store may know somebody of the same name.
    let owner = OwnerKey::derive(&engine.namespace, user);
    if stored.is_none_or(|stored| stored.entry.owner != Some(owner)) {
        return Ok(false);
    }
    Ok(end(engine, id).await? == Removed::Removed)
}

/// A session that the store says is the user's.
pub(crate) struct Owned {
    pub(crate) id: SessionId,
    pub(crate) expires: Option<Timestamp>,
    /// It says so itself, or cannot be read.
    pub(crate) record: Result<Record, Box<dyn StdError + Send + Sync>>,
}

/// Goes through a user's sessions, so many at a time that their records fit into memory.
pub(crate) struct Pages<'a> {
    engine: &'a Engine,
    user: &'a str,
    owner: OwnerKey,
    after: Option<SessionId>,
    is_over: bool,
}

impl<'a> Pages<'a> {
    pub(crate) fn of(engine: &'a Engine, user: &'a str) -> Self {
        let owner = OwnerKey::derive(&engine.namespace, user);
        Pages { engine, user, owner, after: None, is_over: false }
    }

    /// The next page, without the sessions that say they are somebody else's; `None` behind the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Owned>>, Error> {
        const PAGE: usize = 32;
        if self.is_over {
            return Ok(None);
        }
        let mut patience = Patience::new(self.engine);
        let listed = loop {
            match self.engine.store.owned_by(&self.owner, self.after.as_ref(), PAGE).await {
                Err(StoreError::Busy) => patience.pause().await?,
                answer => break answer?,
            }
        };
        self.is_over = listed.len() < PAGE;
        self.after = listed.last().map(|listed| listed.id);
        let owned = listed.into_iter().map(|listed| Owned {
            id: listed.id,
            expires: listed.stored.entry.expires,
            record: Record::decode(listed.stored.entry.bytes).map_err(Into::into),
        });
        let is_theirs = |owned: &Owned| match &owned.record {
            Ok(record) => record.view().user == Some(self.user),
            Err(_) => true,
        };
        Ok(Some(owned.filter(is_theirs).collect()))
    }
}
