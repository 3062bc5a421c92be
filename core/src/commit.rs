//! What is written at the end of a request, and how it gets past other requests.
//!
//! A commit stores what the edits made of the record that the request loaded, and only if nobody was faster; if somebody was,
//! it replays the edits on what stands there then. It never creates what was ended, and it changes nothing for a request
//! that loaded the session before its user or token changed.

use crate::base::{Base, look};
use crate::committed::Committed;
use crate::content::View;
use crate::create::{Begun, create};
use crate::draft::Draft;
use crate::engine::Engine;
use crate::events::Event;
use crate::keep_alive::keep_alive;
use crate::lease::{Hold, Watch};
use crate::limit;
use crate::patience::Patience;
use crate::queue::Place;
use crate::revise::{changes, date};
use crate::store::{StoreError, Stored, Updated};
use crate::ticket::Promised;
use crate::work::Work;
use crate::{Error, Token};

/// Stores what the edits make of the session, which is a new one if there is no base.
///
/// The work is borrowed mutably though its edits stay as they are: closures in them are `Send` and need not be `Sync`.
pub(crate) async fn commit(engine: &Engine, work: &mut Work) -> Result<Committed, Error> {
    let Work { base, newer, draft, promised, hold, .. } = work;
    match base {
        Some(base) => update(engine, base, newer.take(), draft, promised, *hold).await,
        // Boxed, here and below: what few requests do shall not make the future of every request large.
        None => match Box::pin(create(engine, draft, promised)).await? {
            Begun::Committed(committed) => Ok(committed),
            Begun::Meanwhile(base) => {
                draft.set_outdated();
                Box::pin(update(engine, &base, None, draft, promised, Hold::Nothing)).await
            }
        },
    }
}

/// Stores what the edits make of a session that is there. `newer` is what somebody faster stored, as far as is known.
async fn update(
    engine: &Engine,
    base: &Base,
    mut newer: Option<Box<Base>>,
    draft: &mut Draft,
    promised: &Promised,
    hold: Hold,
) -> Result<Committed, Error> {
    let id = *base.token.id();
    // One new token, however often the commit has to be tried.
    let renewed = match &promised.renewed {
        _ if !draft.edits.renews() => None,
        Some(token) if token.id() == &id => Some(Token::clone(token)),
        _ => Some(base.token.renewed()?),
    };
    let mut patience = Patience::new(engine);
    let mut place: Option<Place<'_>> = None;
    // What others of this process stored while it stood in line is not known yet.
    let mut is_behind = false;
    let mut watch = Watch::default();
    // Whoever holds the lock stands before everybody in line, who may be waiting for the lock.
    let stands_in_line = hold == Hold::Nothing;
    if stands_in_line && !draft.edits.is_empty() && (newer.is_some() || engine.queues.is_busy(&id)) {
        place = Some(Box::pin(patience.stand_in_line(id)).await?);
        is_behind = true;
    }
    loop {
        let seen = newer.as_deref().unwrap_or(base);
        if seen.record.head().epoch() != base.record.head().epoch() {
            engine.events.report(Event::Gone(id));
            return Ok(Committed::Gone);
        }
        if hold != Hold::Nothing && seen.record.details().lease.map(|lease| lease.holder) != hold.holder() {
            engine.events.report(Event::LockLost(id));
            return Err(Error::LockLost);
        }
        if let Some(lease) = seen.record.details().lease
            && hold == Hold::Nothing
            && !draft.edits.is_empty()
            && !watch.has_run_out(lease)
        {
            Box::pin(patience.pause()).await?;
            match Box::pin(look(engine, base)).await? {
                Some(found) => newer = Some(Box::new(found)),
                None => {
                    engine.events.report(Event::Gone(id));
                    return Ok(Committed::Gone);
                }
            }
            continue;
        }
        let replayed;
        let made = match &newer {
            None => {
                draft.complete(base.record.view())?;
                draft.view()
            }
            Some(newer) => {
                replayed = draft.edits.replayed(newer.record.view())?;
                replayed.view()
            }
        };
        if !changes(seen, made, renewed.as_ref(), hold) {
            return Ok(match Box::pin(keep_alive(engine, seen)).await {
                // Others stored the same meanwhile: that is what stands there, and no more what was loaded.
                Committed::Unchanged if newer.is_some() => Committed::Stored(Box::new(seen.clone()), None),
                kept => kept,
            });
        }
        let mut revision = seen.record.revised(made);
        let (expires, change) = date(engine, seen, &draft.edits, renewed.as_ref(), hold, &mut revision)?;
        let entry = engine.entry(&mut revision, expires)?;
        if limit::counts(engine, made.user)
            && !Box::pin(limit::has_place(engine, seen, made.user, &mut patience)).await?
        {
            engine.events.report(Event::Gone(id));
            return Ok(Committed::Gone);
        }
        match engine.store.update(&id, seen.version, entry.clone()).await {
            Ok(Updated::Applied(version)) => {
                if renewed.is_some() {
                    engine.events.report(Event::Renewed(id));
                }
                let token = renewed.unwrap_or_else(|| base.token.clone());
                let stored = Base::stored(token, Stored { entry, version })?;
                return Ok(Committed::Stored(Box::new(stored), change));
            }
            Ok(Updated::Conflict(stored)) => match Base::read(base.token.clone(), stored) {
                Ok(found) => {
                    if draft.edits.overwrite(seen.record.view(), found.record.view()) {
                        engine.events.report(Event::Overwritten(id));
                    }
                    newer = Some(Box::new(found));
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
                if !base.record.view().is_same(View::of_nothing()) {
                    draft.set_outdated();
                }
                return match Box::pin(create(engine, draft, &Promised::default())).await? {
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
