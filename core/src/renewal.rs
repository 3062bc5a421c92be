//! Periodic renewal: a token that is old makes way for the next one, without anybody noticing.
//!
//! The next secret is derived from the one that was presented, with a nonce that the record keeps, so that parallel requests
//! all hand out the same. The old one is honoured until the next one has been presented, and a little longer; the epoch
//! stays, so requests in flight go on. A change of privilege is no business of this: it takes fresh randomness and has no grace.

use std::time::Duration;

use crate::engine::Engine;
use crate::record::Record;
use crate::rotation::{Neighbour, Rotation, Standing};
use crate::{Error, SecretDigest, Timestamp, Token};

/// How long the old token is honoured after the next one has been presented: requests are under way with it.
const GRACE: Duration = Duration::from_secs(60);

/// What a token with this digest is to a session.
#[inline]
pub(crate) fn standing(record: &Record, digest: &SecretDigest, now: impl FnOnce() -> Timestamp) -> Standing {
    let Rotation { next, previous, .. } = &*record.rotation;
    if record.digest == *digest {
        Standing::Present
    } else if next.as_ref().is_some_and(|next| next.digest == *digest) {
        Standing::Next
    } else if let Some(previous) = previous.as_ref().filter(|previous| previous.digest == *digest) {
        if previous.is_honoured(now()) { Standing::Previous } else { Standing::Outdated }
    } else {
        Standing::Foreign
    }
}

/// True if something is due, now that this token was presented.
#[inline]
pub(crate) fn is_due(engine: &Engine, record: &Record, token: &Token, now: Timestamp) -> bool {
    if engine.renew_every.is_none() && record.rotation.is_empty() {
        return false;
    }
    match (standing_of(engine, record, token, now), engine.renew_every) {
        (Standing::Next, _) => true,
        (Standing::Present, Some(every)) if record.rotation.next.is_none() => {
            let issued = record.rotation.issued.map_or(record.created, Timestamp::from_millis);
            // Of the ones before only one is kept: it makes way for no other while it is honoured.
            let is_honoured = record.rotation.previous.as_ref().is_some_and(|previous| previous.is_honoured(now));
            now.since(issued) >= every && !is_honoured
        }
        _ => false,
    }
}

/// Does what is due: the next token becomes the present one, or there is a next one from now on.
pub(crate) fn turn(engine: &Engine, record: &mut Record, token: &Token, now: Timestamp) -> Result<(), Error> {
    if !is_due(engine, record, token, now) {
        return Ok(());
    }
    let rotation = record.rotation.get_or_default();
    if let Some(next) = rotation.next.take() {
        let until = Some((now + GRACE).as_millis());
        rotation.previous = Some(Neighbour { digest: record.digest.clone(), nonce: next.nonce, until });
        rotation.issued = Some(now.as_millis());
        record.digest = next.digest;
    } else {
        let nonce = [getrandom::u64()?, getrandom::u64()?];
        let digest = token.derived(&nonce).digest(&engine.namespace);
        rotation.next = Some(Neighbour { digest, nonce, until: None });
    }
    Ok(())
}

/// The token that whoever presented this one should have instead, if any.
#[inline]
pub(crate) fn successor(engine: &Engine, record: &Record, token: &Token, now: Timestamp) -> Option<Token> {
    if record.rotation.is_empty() {
        return None;
    }
    let Rotation { next, previous, .. } = &*record.rotation;
    let neighbour = match standing_of(engine, record, token, now) {
        Standing::Present => next,
        Standing::Previous => previous,
        Standing::Next | Standing::Outdated | Standing::Foreign => return None,
    };
    neighbour.as_ref().map(|neighbour| token.derived(&neighbour.nonce))
}

/// What a response that sends a token sends to whoever presented this one. Nothing if its time went by while the request ran:
/// it would take the place of a good one.
pub(crate) fn current(engine: &Engine, record: &Record, token: &Token, now: Timestamp) -> Option<Token> {
    successor(engine, record, token, now).or_else(|| is_current(engine, record, token, now).then(|| token.clone()))
}

/// True if this token is one to be handed out.
pub(crate) fn is_current(engine: &Engine, record: &Record, token: &Token, now: Timestamp) -> bool {
    record.rotation.is_empty() || matches!(standing_of(engine, record, token, now), Standing::Present | Standing::Next)
}

fn standing_of(engine: &Engine, record: &Record, token: &Token, now: Timestamp) -> Standing {
    standing(record, &token.digest(&engine.namespace), || now)
}
