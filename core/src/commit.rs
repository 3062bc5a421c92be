//! What is written at the end of a request, and how it gets past other requests.
//!
//! A commit replays the edits on the newest record and stores the result only if nobody was faster; if somebody was,
//! it does so again on what stands there then. It never creates what was ended, and it changes nothing for a request
//! that loaded the session before its user or token changed.

use std::sync::Arc;

use crate::committed::{Committed, TokenChange};
use crate::create::{Begun, create};
use crate::edits::Edits;
use crate::engine::Engine;
use crate::events::Event;
use crate::expiry::EMPTIED_LIFETIME;
use crate::keep_alive::keep_alive;
use crate::lease::{Hold, Watch};
use crate::limit;
use crate::load::Base;
use crate::load::look;
use crate::patience::Patience;
use crate::queue::Place;
use crate::record::Record;
use crate::renewal::{current, successor, turn};
use crate::store::{StoreError, Updated};
use crate::ticket::Promised;
use crate::{Error, Timestamp, Token};

/// Stores what the edits make of the session, which is a new one if there is no base.
///
/// The edits are borrowed mutably though they stay as they are: closures in them are `Send` and need not be `Sync`.
pub(crate) async fn commit(
    engine: &Engine,
    base: Option<&Arc<Base>>,
    edits: &mut Edits,
    promised: &Promised,
    hold: Hold,
) -> Result<Committed, Error> {
    match base {
        Some(base) => update(engine, base, edits, promised, hold).await,
        // Boxed, here and below: what few requests do shall not make the future of every request large.
        None => match Box::pin(create(engine, edits, promised)).await? {
            Begun::Committed(committed) => Ok(committed),
            Begun::Meanwhile(base) => Box::pin(update(engine, &base, edits, promised, Hold::Nothing)).await,
        },
    }
}

async fn update(
    engine: &Engine,
    base: &Arc<Base>,
    edits: &mut Edits,
    promised: &Promised,
    hold: Hold,
) -> Result<Committed, Error> {
    let id = *base.token.id();
    // One new token, however often the commit has to be tried.
    let renewed = match &promised.renewed {
        _ if !edits.renews() => None,
        Some(token) if token.id() == &id => Some(token.clone()),
        _ => Some(base.token.renewed()?),
    };
    let mut seen = Arc::clone(base);
    let mut patience = Patience::new(engine);
    let mut place: Option<Place<'_>> = None;
    // What others of this process stored while it stood in line is not known yet.
    let mut is_behind = false;
    let mut watch = Watch::default();
    // Whoever holds the lock stands before everybody in line, who may be waiting for the lock.
    let stands_in_line = hold == Hold::Nothing;
    if stands_in_line && !edits.is_empty() && engine.queues.is_busy(&id) {
        place = Some(Box::pin(patience.stand_in_line(id)).await?);
        is_behind = true;
    }
    loop {
        if seen.record.epoch != base.record.epoch {
            engine.events.report(Event::Gone(id));
            return Ok(Committed::Gone);
        }
        if hold != Hold::Nothing && seen.record.lease.map(|lease| lease.holder) != hold.holder() {
            engine.events.report(Event::LockLost(id));
            return Err(Error::LockLost);
        }
        if let Some(lease) = seen.record.lease
            && hold == Hold::Nothing
            && !edits.is_empty()
            && !watch.has_run_out(lease)
        {
            Box::pin(patience.pause()).await?;
            match Box::pin(look(engine, base)).await? {
                Some(found) => seen = found,
                None => {
                    engine.events.report(Event::Gone(id));
                    return Ok(Committed::Gone);
                }
            }
            continue;
        }
        let Some((record, expires, change)) = revise(engine, &seen, edits, renewed.as_ref(), hold)? else {
            return Ok(match Box::pin(keep_alive(engine, &seen)).await {
                // Others stored the same meanwhile: that is what stands there, and no more what was loaded.
                Committed::Unchanged if !Arc::ptr_eq(&seen, base) => Committed::Stored(seen, TokenChange::Keep),
                kept => kept,
            });
        };
        let entry = engine.entry(&record, expires)?;
        if limit::counts(engine, &record) && !Box::pin(limit::has_place(engine, &seen, &record, &mut patience)).await? {
            engine.events.report(Event::Gone(id));
            return Ok(Committed::Gone);
        }
        match engine.store.update(&id, seen.version, entry).await {
            Ok(Updated::Applied(version)) => {
                if renewed.is_some() {
                    engine.events.report(Event::Renewed(id));
                }
                let token = renewed.unwrap_or_else(|| base.token.clone());
                return Ok(Committed::Stored(Arc::new(Base { token, version, expires, record }), change));
            }
            Ok(Updated::Conflict(stored)) => match Base::read(base.token.clone(), stored) {
                Ok(found) => {
                    if edits.overwrite(&seen.record.content, &found.record.content) {
                        engine.events.report(Event::Overwritten(id));
                    }
                    seen = found;
                    // First in line, and what was stored while it stood there is known now: whoever is faster than this is
                    // another process.
                    if place.is_some() && std::mem::take(&mut is_behind) {
                        continue;
                    }
                }
                Err(error) => return engine.corrupt(id, error).map(|()| Committed::Gone),
            },
            // It was empty when it was loaded and is not there at all now: for this visitor both is "no session yet".
            Ok(Updated::Gone) if base.is_empty() => {
                return match Box::pin(create(engine, edits, &Promised::default())).await? {
                    Begun::Committed(committed) => Ok(committed),
                    Begun::Meanwhile(_) => Ok(Committed::Gone),
                };
            }
            Ok(Updated::Gone) => {
                engine.events.report(Event::Gone(id));
                return Ok(Committed::Gone);
            }
            Err(StoreError::Busy) => {}
            Err(StoreError::Corrupt(error)) => return engine.corrupt(id, error).map(|()| Committed::Gone),
            Err(error) => return Err(error.into()),
        }
        match place {
            None if stands_in_line => {
                place = Some(Box::pin(patience.stand_in_line(id)).await?);
                is_behind = true;
            }
            _ => Box::pin(patience.pause()).await?,
        }
    }
}

/// The next record, its deadline and what the client is told; `None` if the edits change nothing.
fn revise(
    engine: &Engine,
    seen: &Base,
    edits: &Edits,
    renewed: Option<&Token>,
    hold: Hold,
) -> Result<Option<(Record, Option<Timestamp>, TokenChange)>, Error> {
    let releases = matches!(hold, Hold::Release(_));
    if edits.is_empty() && !releases {
        return Ok(None);
    }
    let mut record = seen.record.clone();
    edits.replay(&mut record.content)?;
    if hold == Hold::Nothing || releases {
        record.lease = None;
    }
    // A label alone neither begins a session nor keeps an emptied one.
    let stays_empty = seen.is_empty() && record.content.is_empty();
    if renewed.is_none() && !releases && (stays_empty || record.content.is_same(&seen.record.content)) {
        return Ok(None);
    }
    let now = engine.clock.now();
    if let Some(token) = renewed {
        record.epoch += 1;
        record.digest = token.digest(&engine.namespace);
        record.rotation.restart(engine.renew_every.map(|_| now));
    } else {
        turn(engine, &mut record, &seen.token, now)?;
    }
    if edits.signs_in() {
        record.signed_in = Some(now);
    }
    record.written = now;
    let was_empty = seen.is_empty();
    if record.content.is_empty() {
        record.cookie_expires = None;
        let change = if was_empty { TokenChange::Keep } else { TokenChange::TakeBack };
        return Ok(Some((record, Some(now + EMPTIED_LIFETIME), change)));
    }
    let mut change = TokenChange::Keep;
    let lasts_otherwise = record.content.remembered != seen.record.content.remembered;
    let next = renewed.cloned().or_else(|| successor(engine, &record, &seen.token, now));
    let is_due = next.is_some() || was_empty || lasts_otherwise || engine.is_cookie_due(&record, now);
    if is_due && let Some(token) = next.or_else(|| current(engine, &record, &seen.token, now)) {
        let max_age = engine.cookie_age(&record, now);
        record.cookie_expires = max_age.map(|age| now + age);
        change = TokenChange::HandOut(token, max_age);
    } else if lasts_otherwise {
        // Whoever has the token is told with the next response.
        record.cookie_expires = None;
    }
    let expires = engine.deadline(&record, now);
    Ok(Some((record, expires, change)))
}
