//! How many sessions a user may have: a place for each, reserved in the store before the session is written.

use crate::base::Base;
use crate::ending::end_with;
use crate::engine::Engine;
use crate::events::Event;
use crate::patience::Patience;
use crate::store::{OwnerKey, Reserved, StoreError};
use crate::users::Pages;
use crate::{Error, SessionId, UserSessionLimit};

/// Makes sure of a place for a session that is about to become this user's.
pub(crate) async fn admit(
    engine: &Engine,
    id: &SessionId,
    user: &str,
    patience: &mut Patience<'_>,
) -> Result<(), Error> {
    let (limit, evicts) = match engine.user_sessions {
        UserSessionLimit::Unlimited => return Ok(()),
        UserSessionLimit::Evict(limit) => (limit, true),
        UserSessionLimit::Refuse(limit) => (limit, false),
    };
    let owner = OwnerKey::derive(&engine.namespace, user);
    loop {
        match engine.store.reserve(&owner, id, limit).await {
            Ok(Reserved::Granted) => return Ok(()),
            Ok(Reserved::Full(_)) if evicts => {
                // Bounded: others may be taking the places that this login makes.
                patience.left()?;
                if evict_one(engine, user).await? {
                    continue;
                }
            }
            Ok(Reserved::Full(living)) if living.len() >= limit => return Err(Error::TooManySessions { limit }),
            // Places kept for other logins: in a moment they are sessions, or free.
            Ok(Reserved::Full(_)) | Err(StoreError::Busy) => {}
            Err(error) => return Err(error.into()),
        }
        patience.pause().await?;
    }
}

/// True if a session of this user, if there is one, is one of so many that they may have.
pub(crate) fn counts(engine: &Engine, user: Option<&str>) -> bool {
    user.is_some() && engine.user_sessions.number().is_some()
}

/// True if a session may be written as this user's: nobody's, or one that has a place or gets one.
///
/// A session that outlived its deadline while its request was running goes on only if its place is still free.
pub(crate) async fn has_place(
    engine: &Engine,
    seen: &Base,
    user: Option<&str>,
    patience: &mut Patience<'_>,
) -> Result<bool, Error> {
    let id = seen.token.id();
    let (Some(user), Some(limit)) = (user, engine.user_sessions.number()) else { return Ok(true) };
    if seen.record.view().user != Some(user) {
        return admit(engine, id, user, patience).await.map(|()| true);
    }
    if seen.expires.is_none_or(|deadline| engine.clock.now() < deadline) {
        return Ok(true);
    }
    let owner = OwnerKey::derive(&engine.namespace, user);
    loop {
        match engine.store.reserve(&owner, id, limit).await {
            Err(StoreError::Busy) => patience.pause().await?,
            answer => return Ok(answer? == Reserved::Granted),
        }
    }
}

/// Ends the user's session that was not used for the longest time; false if there is none to end.
async fn evict_one(engine: &Engine, user: &str) -> Result<bool, Error> {
    let mut oldest = None;
    let mut pages = Pages::of(engine, user);
    while let Some(page) = pages.next().await? {
        for owned in page {
            let used = match owned.record {
                Ok(record) => Some((record.accessed(engine, owned.expires), record.head().created())),
                // It takes a place and opens for nobody.
                Err(error) => engine.corrupt(owned.id, error).map(|()| None)?,
            };
            let candidate = (used, owned.id);
            if oldest.is_none_or(|oldest| candidate < oldest) {
                oldest = Some(candidate);
            }
        }
    }
    let Some((_, id)) = oldest else { return Ok(false) };
    // Absent: somebody else ended it, and there is a place as well.
    end_with(engine, &id, Event::Evicted(id)).await.map(|_| true)
}
