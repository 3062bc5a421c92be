//! The end of a visit: what is stored then, and what the browser is told.

use std::pin::pin;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use triomphe::Arc;
use webstack_core::store::{Created, Entry, StoreError, Touched, Updated};
use webstack_core::{Event, OnGone, OnServerError, Outcome, Timestamp};

use super::edits::{Edit, Edits, revised};
use super::engine::Engine;
use super::record::{self, Record};
use super::token::Token;
use super::visit::{Base, DONE, EDITED, OPEN, Seen, UNLOADED, Visit};
use super::{Refused, seldom};
use crate::by_hand::ReplyHeaders;

/// How long a session with nothing in it is kept.
const EMPTIED: Duration = Duration::from_secs(60);

/// Ends a visit. Nobody does anything to its session from now on.
#[inline]
pub(super) fn finish(mut visit: Arc<Visit>, outcome: Outcome, headers: &mut impl ReplyHeaders) -> Result<(), Refused> {
    // Where all handles are gone, nothing has to be told to anybody.
    let (stage, edits) = match Arc::get_mut(&mut visit) {
        Some(visit) => match *visit.stage.get_mut() {
            EDITED => (EDITED, std::mem::take(visit.edits.get_mut().unwrap_or_else(PoisonError::into_inner))),
            stage => (stage, Edits::new()),
        },
        None => close(&visit),
    };
    if stage == UNLOADED {
        return Ok(());
    }
    headers.vary_by_cookie();
    let engine = &*visit.engine;
    let base = visit.loaded.get().and_then(|loaded| loaded.first.as_ref());
    match (stage, base) {
        (OPEN, None) => Ok(()),
        (OPEN, Some(base)) => {
            keep_alive(engine, base);
            Ok(())
        }
        (EDITED, base) => {
            let keeps = outcome == Outcome::Keep
                || outcome == Outcome::ServerError && engine.settings.policies.server_error == OnServerError::Keep;
            match base {
                _ if !keeps => Ok(()),
                Some(base) => update(engine, base, &edits, headers),
                None => create(&visit, &edits, headers),
            }
        }
        // It was asked for, and could not be loaded, or nobody waited for it.
        _ => Ok(()),
    }
}

/// Lets nobody do anything any more, and takes out what was done.
#[inline]
fn close(visit: &Visit) -> (u32, Edits) {
    match visit.stage.swap(DONE, Ordering::AcqRel) {
        EDITED => (EDITED, std::mem::take(&mut super::held(&visit.edits))),
        stage => (stage, Edits::new()),
    }
}

/// Ends a visit that nobody finishes: nothing is stored. (What would have to be ended is left out with its cause.)
#[inline]
pub(super) fn abandon(visit: &mut Arc<Visit>) {
    if Arc::get_mut(visit).is_none() {
        // What is in it of the application's may look at the session while it goes: no lock is held.
        drop(close(visit));
    }
}

/// Moves the deadline of a session that was used and not changed, if it is time.
#[inline]
fn keep_alive(engine: &Engine, base: &Base) {
    let record = base.record();
    if record.count() == 0 {
        return;
    }
    let (now, created) = (engine.now(), record.created());
    if engine.times.is_renewal_due(now, created) {
        seldom("another token in time");
    }
    if let Some(deadline) = engine.times.touch(now, created, base.seen.expires) {
        touch(engine, base, deadline);
    }
}

#[cold]
fn touch(engine: &Engine, base: &Base, deadline: Timestamp) {
    let touched = pin!(engine.settings.store.touch(&base.id, base.seen.version, Some(deadline)));
    match touched.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(Touched::Extended | Touched::Stale)) => {}
        Poll::Ready(Ok(Touched::Gone)) => engine.report(Event::Gone(base.id)),
        Poll::Ready(Err(_)) => engine.report(Event::TouchFailed(base.id)),
        Poll::Pending => seldom("to wait for a store"),
    }
}

/// A record that others may have changed meanwhile is changed.
#[inline]
fn update(engine: &Engine, base: &Base, edits: &[Edit], headers: &mut impl ReplyHeaders) -> Result<(), Refused> {
    if !engine.updates_at_once.load(Ordering::Relaxed) || engine.queues.is_busy(&base.id) {
        seldom("to stand in line for a session");
    }
    let attempt = attempt(engine, base, &base.seen, edits, false, headers)?;
    match attempt {
        None => Ok(()),
        Some(newer) => update_newer(engine, base, newer, edits, headers),
    }
}

/// Others were faster: what was done is done again on what they made.
#[cold]
fn update_newer(
    engine: &Engine,
    base: &Base,
    mut newer: Seen,
    edits: &[Edit],
    headers: &mut impl ReplyHeaders,
) -> Result<(), Refused> {
    loop {
        if record::check(&newer.bytes).is_err() {
            seldom("a record that is none");
        }
        if Record(&newer.bytes).epoch() != base.record().epoch() {
            return gone(engine, base);
        }
        match attempt(engine, base, &newer, edits, true, headers)? {
            None => return Ok(()),
            Some(seen) => newer = seen,
        }
    }
}

/// Stores what the edits make of what was seen; what stands there instead, if somebody was faster.
#[inline]
fn attempt(
    engine: &Engine,
    base: &Base,
    seen: &Seen,
    edits: &[Edit],
    again: bool,
    headers: &mut impl ReplyHeaders,
) -> Result<Option<Seen>, Refused> {
    let record = Record(&seen.bytes);
    let (mut bytes, count) = revised(&seen.bytes, edits, again)?;
    if bytes == seen.bytes {
        keep_alive(engine, base);
        return Ok(None);
    }
    let (now, created, had) = (engine.now(), record.created(), record.count());
    if engine.times.is_renewal_due(now, created) {
        seldom("another token in time");
    }
    record::date(&mut bytes, now, count);
    let mut expires = engine.times.deadline(now, created);
    if count == 0 || had == 0 {
        expires = emptied(now, count, expires);
    }
    let entry = entry(engine, bytes, count, expires)?;
    match engine.settings.store.update_at_once(&base.id, seen.version, entry) {
        Ok(Ok(Updated::Applied(_))) => {
            if count == 0 {
                headers.forbid_storing();
                headers.set_cookie(engine.take_back());
            }
            Ok(None)
        }
        Ok(Ok(Updated::Conflict(newer))) => Ok(Some(newer.into())),
        Ok(Ok(Updated::Gone)) => gone(engine, base).map(|()| None),
        Ok(Err(StoreError::Busy)) | Err(_) => seldom("to wait for a store"),
        Ok(Err(error)) => Err(Refused::Store(error)),
    }
}

#[cold]
fn emptied(now: Timestamp, count: u64, expires: Option<Timestamp>) -> Option<Timestamp> {
    if count > 0 {
        seldom("something in an emptied session");
    }
    Some(now + EMPTIED).min(expires.or(Some(Timestamp::MAX)))
}

#[cold]
fn gone(engine: &Engine, base: &Base) -> Result<(), Refused> {
    engine.report(Event::Gone(base.id));
    match engine.settings.policies.gone {
        OnGone::Respond => Err(Refused::Gone),
        _ => Ok(()),
    }
}

#[inline]
fn entry(engine: &Engine, bytes: Vec<u8>, count: u64, expires: Option<Timestamp>) -> Result<Entry, Refused> {
    let limits = engine.settings.limits;
    if count > limits.values || bytes.len() > limits.record_bytes {
        return Err(Refused::TooLarge);
    }
    Ok(Entry { bytes: bytes.into(), expires, owner: None })
}

/// The first thing that is put into a session.
#[inline(never)]
fn create(visit: &Visit, edits: &[Edit], headers: &mut impl ReplyHeaders) -> Result<(), Refused> {
    let engine = &*visit.engine;
    let (token, now) = (Token::generate().map_err(Refused::Store)?, engine.now());
    let (mut bytes, count) = revised(&record::first(&engine.digests.of(&token), now), edits, false)?;
    if count == 0 {
        return Ok(());
    }
    record::date(&mut bytes, now, count);
    let entry = entry(engine, bytes, count, engine.times.deadline(now, now))?;
    match engine.settings.store.create_at_once(&token.id, entry) {
        Ok(Ok(Created::New(_))) => {}
        Ok(Ok(Created::Exists)) => unreachable!("an id of so many bits is new"),
        Ok(Err(StoreError::Busy)) | Err(_) => seldom("to wait for a store"),
        Ok(Err(error)) => return Err(Refused::Store(error)),
    }
    headers.forbid_storing();
    headers.set_cookie(engine.set_cookie(&token.text()));
    if visit.plain {
        engine.warn_of_plain_http();
    }
    Ok(())
}
