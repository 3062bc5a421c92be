//! What edits make of a stored session: the record that is to be stored next.

use crate::committed::TokenChange;
use crate::content::Content;
use crate::edits::Edits;
use crate::engine::Engine;
use crate::expiry::EMPTIED_LIFETIME;
use crate::lease::Hold;
use crate::load::Base;
use crate::renewal::{current, successor, turn};
use crate::rotation::Rotation;
use crate::{Error, Token};

/// What is to be stored next, which has its version yet to come, and what the client is told; `None` if the edits change nothing.
///
/// `ready` is what the edits make of what was seen, if that is known already; it stays there if that is what was seen.
pub(crate) fn revise(
    engine: &Engine,
    seen: &Base,
    edits: &Edits,
    ready: &mut Option<Content>,
    renewed: Option<&Token>,
    hold: Hold,
) -> Result<Option<(Base, TokenChange)>, Error> {
    let releases = matches!(hold, Hold::Release(_));
    if edits.is_empty() && !releases {
        return Ok(None);
    }
    let content = match ready {
        Some(content) => content,
        None => ready.insert(edits.replayed(&seen.record.content)?),
    };
    // A label alone neither begins a session nor keeps an emptied one.
    let stays_empty = seen.is_empty() && content.is_empty();
    if renewed.is_none() && !releases && (stays_empty || content.is_same(&seen.record.content)) {
        return Ok(None);
    }
    let (content, token) = (ready.take().unwrap_or_default(), renewed.unwrap_or(&seen.token).clone());
    let mut next = Base { token, version: seen.version, expires: None, record: seen.record.with(content) };
    if hold == Hold::Nothing || releases {
        next.record.lease = None;
    }
    let change = date(engine, seen, edits, renewed, &mut next)?;
    Ok(Some((next, change)))
}

/// Says when it was written and until when it is good, and for which token.
fn date(
    engine: &Engine,
    seen: &Base,
    edits: &Edits,
    renewed: Option<&Token>,
    next: &mut Base,
) -> Result<TokenChange, Error> {
    let (now, record) = (engine.clock.now(), &mut next.record);
    if let Some(token) = renewed {
        record.epoch += 1;
        record.digest = token.digest(&engine.namespace);
        record.rotation = Rotation::beginning(engine.renew_every.map(|_| now));
    } else {
        turn(engine, record, &seen.token, now)?;
    }
    if edits.signs_in() {
        record.signed_in = Some(now);
    }
    record.written = now;
    let was_empty = seen.is_empty();
    if record.content.is_empty() {
        record.cookie_expires = None;
        next.expires = Some(now + EMPTIED_LIFETIME);
        return Ok(if was_empty { TokenChange::Keep } else { TokenChange::TakeBack });
    }
    let mut change = TokenChange::Keep;
    let lasts_otherwise = record.content.extras.remembered != seen.record.content.extras.remembered;
    let token = renewed.cloned().or_else(|| successor(engine, record, &seen.token, now));
    let is_due =
        token.is_some() || was_empty || lasts_otherwise || engine.is_cookie_due(record, &engine.timeouts(record), now);
    if is_due && let Some(token) = token.or_else(|| current(engine, record, &seen.token, now)) {
        let max_age = engine.cookie_age(record, now);
        record.cookie_expires = max_age.map(|age| now + age);
        change = TokenChange::HandOut(token, max_age);
    } else if lasts_otherwise {
        // Whoever has the token is told with the next response.
        record.cookie_expires = None;
    }
    next.expires = engine.deadline(record, now);
    Ok(change)
}
