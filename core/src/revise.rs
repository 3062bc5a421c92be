//! What edits make of a stored session: the record that is to be stored next.

use crate::committed::TokenChange;
use crate::content::Content;
use crate::edits::Edits;
use crate::engine::Engine;
use crate::expiry::EMPTIED_LIFETIME;
use crate::lease::Hold;
use crate::load::Base;
use crate::record::Record;
use crate::renewal::{current, successor, turn};
use crate::rotation::Rotation;
use crate::{Error, Timestamp, Token};

/// What the session is to hold next; `None` if the edits change nothing.
///
/// `ready` is what the edits make of what was seen, if that is known already; it stays there if it changes nothing.
#[inline]
pub(crate) fn revise(
    seen: &Base,
    edits: &Edits,
    ready: &mut Option<Content>,
    renewed: Option<&Token>,
    hold: Hold,
) -> Result<Option<Content>, Error> {
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
    Ok(ready.take())
}

/// Says in the record that is to be stored when it was written, for which token, and under whose lock; and until when it is good, and
/// what the client is told.
#[inline]
pub(crate) fn date(
    engine: &Engine,
    seen: &Base,
    edits: &Edits,
    renewed: Option<&Token>,
    hold: Hold,
    record: &mut Record,
) -> Result<(Option<Timestamp>, TokenChange), Error> {
    let now = engine.clock.now();
    if hold == Hold::Nothing || matches!(hold, Hold::Release(_)) {
        record.lease = None;
    }
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
        let change = if was_empty { TokenChange::Keep } else { TokenChange::TakeBack };
        return Ok((Some(now + EMPTIED_LIFETIME), change));
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
    Ok((engine.deadline(record, now), change))
}
