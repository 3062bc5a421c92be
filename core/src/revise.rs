//! Whether there is something to store for a session that is stored, and what the next revision says beside its content.

use crate::base::Base;
use crate::carrier::TokenReply;
use crate::content::View;
use crate::edits::Edits;
use crate::engine::Engine;
use crate::expiry::EMPTIED_LIFETIME;
use crate::lease::Hold;
use crate::record::Revision;
use crate::renewal::turn;
use crate::rotation::Rotation;
use crate::{Error, Timestamp, Token};

/// True if there is something to store: the edits made this of what was seen.
#[inline]
pub(crate) fn changes(seen: &Base, made: View<'_>, renewed: Option<&Token>, hold: Hold) -> bool {
    // A label alone neither begins a session nor keeps an emptied one.
    let stays_empty = || seen.is_empty() && made.is_empty();
    renewed.is_some() || matches!(hold, Hold::Release(_)) || !(stays_empty() || made.is_same(seen.record.view()))
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
    revision: &mut Revision<'_>,
) -> Result<(Option<Timestamp>, Option<TokenReply>), Error> {
    let now = engine.clock.now();
    if let (Hold::Nothing | Hold::Release(_), Some(details)) = (hold, revision.details.get_mut()) {
        details.lease = None;
    }
    if let Some(token) = renewed {
        revision.raise_epoch();
        revision.set_digest(&engine.digests.of(token));
        revision.details.get_or_default().rotation = Rotation::beginning(engine.renew_every.map(|_| now));
    } else {
        turn(engine, revision, &seen.token, now)?;
    }
    if edits.signs_in() {
        revision.set_signed_in(now);
    }
    revision.set_written(now);
    let was_empty = seen.record.is_empty();
    if revision.view.is_empty() {
        revision.set_cookie_expires(None);
        let change = (!was_empty).then_some(TokenReply::take_back());
        return Ok((Some(now + EMPTIED_LIFETIME), change));
    }
    let mut change = None;
    let terms = revision.terms(engine);
    let lasts_otherwise = revision.view.extras.remembered != seen.record.extras().remembered;
    let token = renewed.cloned().or_else(|| revision.tokens().successor(engine, &seen.token, now));
    let is_due =
        token.is_some() || was_empty || lasts_otherwise || terms.is_cookie_due(now, revision.head().cookie_expires());
    if is_due && let Some(token) = token.or_else(|| revision.tokens().current(engine, &seen.token, now)) {
        let max_age = terms.cookie_age(now);
        revision.set_cookie_expires(max_age.map(|age| now + age));
        change = Some(TokenReply::hand_out(token, max_age));
    } else if lasts_otherwise {
        // Whoever has the token is told with the next response.
        revision.set_cookie_expires(None);
    }
    Ok((terms.deadline(now), change))
}
