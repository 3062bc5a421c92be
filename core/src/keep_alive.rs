//! What is done for a session that was used and not changed: its deadline moves, and its token is sent again in time.

use crate::base::Base;
use crate::carrier::TokenReply;
use crate::committed::Committed;
use crate::engine::Engine;
use crate::events::Event;
use crate::limit;
use crate::patience::Patience;
use crate::renewal::turn;
use crate::store::{StoreError, Stored, Touched, Updated};
use crate::{Error, Timestamp, Token};

/// Moves the deadline, and sends the token again or the next one if it is time.
///
/// The request was answered from the session already, so a failure here is an event and nothing more.
pub(crate) async fn keep_alive(engine: &Engine, seen: &Base) -> Committed {
    let id = *seen.token.id();
    if seen.is_empty() {
        return Committed::Unchanged;
    }
    let kept = match keep(engine, seen).await {
        // Whoever holds it is writing it, deadline included.
        Err(KeepError::Store(StoreError::Busy)) => Committed::Unchanged,
        Err(KeepError::Store(error)) => {
            engine.events.report_failure(Event::TouchFailed(id), &error);
            Committed::Unchanged
        }
        Err(KeepError::Session(error)) => {
            engine.events.report_failure(Event::TouchFailed(id), &error);
            Committed::Unchanged
        }
        Ok(kept) => kept,
    };
    if matches!(kept, Committed::Gone) {
        engine.events.report(Event::Gone(id));
    }
    kept
}

enum KeepError {
    Store(StoreError),
    Session(Error),
}

impl From<StoreError> for KeepError {
    fn from(error: StoreError) -> Self {
        KeepError::Store(error)
    }
}

impl From<Error> for KeepError {
    fn from(error: Error) -> Self {
        KeepError::Session(error)
    }
}

/// What is due for a session that was used.
struct Due {
    /// Its cookie is to be sent again.
    cookie: bool,
    /// Its record is to be written: the cookie's end is kept in it, and where the tokens stand.
    written: bool,
    /// Where its deadline moves.
    touch: Option<Timestamp>,
    /// The token that this client should have instead.
    handed: Option<Token>,
}

/// True if there is nothing to be done for a session that was used and not changed.
#[inline]
pub(crate) fn is_quiet(engine: &Engine, seen: &Base) -> bool {
    due(engine, seen, engine.clock.now()).is_none() || seen.is_empty()
}

#[inline]
fn due(engine: &Engine, seen: &Base, now: Timestamp) -> Option<Due> {
    let touch = seen.record.terms(engine).touch(now, seen.expires);
    // Nearly always there is nothing else that could be.
    let may_be_more = engine.has_tokens_to_send() || seen.record.has_details();
    if touch.is_none() && !may_be_more { None } else { all_due(engine, seen, now, touch) }
}

fn all_due(engine: &Engine, seen: &Base, now: Timestamp, touch: Option<Timestamp>) -> Option<Due> {
    let Base { token, record, .. } = seen;
    let (terms, tokens) = (record.terms(engine), record.tokens());
    // Under somebody's lock no record is written. Its deadline moves all the same: the holder may be dead.
    let is_locked = record.details().lease.is_some();
    let cookie = !is_locked
        && terms.is_cookie_due(now, record.head().cookie_expires())
        && tokens.current(engine, token, now).is_some();
    let written = cookie || (!is_locked && tokens.is_due(engine, token, now));
    let handed = tokens.successor(engine, token, now);
    (written || touch.is_some() || handed.is_some()).then_some(Due { cookie, written, touch, handed })
}

async fn keep(engine: &Engine, seen: &Base) -> Result<Committed, KeepError> {
    let (now, record) = (engine.clock.now(), &seen.record);
    let Some(Due { cookie, written, touch, handed }) = due(engine, seen, now) else {
        return Ok(Committed::Unchanged);
    };
    if !limit::has_place(engine, seen, seen.record.view().user, &mut Patience::new(engine)).await? {
        return Ok(Committed::Unchanged);
    }
    if written {
        return write(engine, seen, cookie, now).await;
    }
    Ok(match (engine.store.touch(seen.token.id(), seen.version, touch.or(seen.expires)).await?, handed) {
        (Touched::Gone, _) => Committed::Gone,
        // Others have handed it out before; this answer does, too, for theirs may have been lost. Not over what somebody
        // has written since: that may be a login.
        (Touched::Extended, Some(token)) => {
            let left = record.head().cookie_expires().map(|end| end.since(now));
            Committed::Stored(Box::new(seen.clone()), Some(TokenReply::hand_out(token, left)))
        }
        (Touched::Extended | Touched::Stale, _) => Committed::Unchanged,
    })
}

/// Stores that the token is sent again, or is another one from now on.
async fn write(engine: &Engine, seen: &Base, is_cookie_due: bool, now: Timestamp) -> Result<Committed, KeepError> {
    let mut revision = seen.record.revised(seen.record.view());
    turn(engine, &mut revision, &seen.token, now)?;
    let handed = match is_cookie_due {
        true => revision.tokens().current(engine, &seen.token, now),
        false => revision.tokens().successor(engine, &seen.token, now),
    };
    let terms = revision.terms(engine);
    let max_age = terms.cookie_age(now);
    if handed.is_some() {
        revision.set_cookie_expires(max_age.map(|age| now + age));
    }
    revision.set_written(now);
    let entry = engine.entry(&mut revision, terms.deadline(now))?;
    Ok(match engine.store.update(seen.token.id(), seen.version, entry.clone()).await? {
        Updated::Applied(version) => {
            let change = handed.map(|token| TokenReply::hand_out(token, max_age));
            let base = Base::stored(seen.token.clone(), Stored { entry, version })?;
            Committed::Stored(Box::new(base), change)
        }
        Updated::Conflict(_) => Committed::Unchanged,
        Updated::Gone => Committed::Gone,
    })
}
