//! What is written at the end of a request, and how it gets past other requests.
//!
//! A commit replays the edits on the newest record and stores the result only if nobody was faster; if somebody was,
//! it does so again on what stands there then. It never creates what was ended, and it changes nothing for a request
//! that loaded the session before its user or token changed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::edits::Edits;
use crate::engine::Engine;
use crate::events::Event;
use crate::expiry::EMPTIED_LIFETIME;
use crate::load::Base;
use crate::queue::Place;
use crate::record::{Content, Record};
use crate::runtime::within;
use crate::store::{Created, Entry, OwnerKey, Removed, StoreError, Touched, Updated};
use crate::{Error, SessionId, Timestamp, Token};

/// What a commit came to.
#[derive(Debug)]
pub(crate) enum Committed {
    /// There was nothing to store.
    Unchanged,
    /// This is stored now, and the client's token is to be dealt with so.
    Stored(Arc<Base>, TokenChange),
    /// The session ended or changed hands meanwhile; the edits are void.
    Gone,
}

/// What the client has to be told of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenChange {
    /// It has the right one.
    Keep,
    /// It gets the one in the base; the cookie lasts that long.
    HandOut(Option<Duration>),
    /// It should forget it.
    TakeBack,
}

/// Stores what the edits make of the session, which is a new one if there is no base.
///
/// The edits are borrowed mutably though they stay as they are: closures in them are `Send` and need not be `Sync`.
pub(crate) async fn commit(engine: &Engine, base: Option<&Arc<Base>>, edits: &mut Edits) -> Result<Committed, Error> {
    match base {
        Some(base) => update(engine, base, edits).await,
        None => create(engine, edits).await,
    }
}

/// Ends a session, whatever anybody else does with it.
pub(crate) async fn end(engine: &Engine, id: &SessionId) -> Result<Removed, Error> {
    let mut patience = Patience::new(engine);
    loop {
        match engine.store.remove(id).await {
            Err(StoreError::Busy) => patience.pause().await?,
            Ok(Removed::Removed) => {
                engine.events.report(Event::Ended(*id));
                return Ok(Removed::Removed);
            }
            answer => return Ok(answer?),
        }
    }
}

async fn create(engine: &Engine, edits: &mut Edits) -> Result<Committed, Error> {
    let mut content = Content::default();
    edits.replay(&mut content).map_err(Error::Value)?;
    if content.is_empty() {
        return Ok(Committed::Unchanged);
    }
    let now = engine.clock.now();
    let mut patience = Patience::new(engine);
    loop {
        let token = Token::generate()?;
        let mut record = Record::new(token.digest(&engine.namespace), now);
        record.content.clone_from(&content);
        record.signed_in = edits.signs_in().then_some(now);
        let max_age = engine.cookie_age(&record, now);
        record.cookie_expires = max_age.map(|age| now + age);
        let expires = engine.lifetime.deadline(now, record.begun());
        match engine.store.create(token.id(), entry(engine, &record, expires)?).await {
            Ok(Created::New(version)) => {
                let base = Base { token, version, expires, record };
                return Ok(Committed::Stored(Arc::new(base), TokenChange::HandOut(max_age)));
            }
            Ok(Created::Exists) => {}
            Err(StoreError::Busy) => patience.pause().await?,
            Err(error) => return Err(error.into()),
        }
    }
}

async fn update(engine: &Engine, base: &Arc<Base>, edits: &mut Edits) -> Result<Committed, Error> {
    let id = *base.token.id();
    // One new token, however often the commit has to be tried.
    let renewed = if edits.renews() { Some(base.token.renewed()?) } else { None };
    let mut seen = Arc::clone(base);
    let mut patience = Patience::new(engine);
    let mut place: Option<Place<'_>> = None;
    if !edits.is_empty() && engine.queues.is_busy(&id) {
        place = Some(patience.stand_in_line(id).await?);
    }
    loop {
        if seen.record.epoch != base.record.epoch {
            engine.events.report(Event::Gone(id));
            return Ok(Committed::Gone);
        }
        let Some((record, expires, change)) = revise(engine, &seen, edits, renewed.as_ref())? else {
            return Ok(match keep_alive(engine, &seen).await {
                // Others stored the same meanwhile: that is what stands there, and no more what was loaded.
                Committed::Unchanged if !Arc::ptr_eq(&seen, base) => Committed::Stored(seen, TokenChange::Keep),
                kept => kept,
            });
        };
        match engine.store.update(&id, seen.version, entry(engine, &record, expires)?).await {
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
                    seen = Arc::new(found);
                }
                Err(error) => return engine.corrupt(id, error).map(|()| Committed::Gone),
            },
            // It was empty when it was loaded and is not there at all now: for this visitor both is "no session yet".
            Ok(Updated::Gone) if base.is_empty() => return create(engine, edits).await,
            Ok(Updated::Gone) => {
                engine.events.report(Event::Gone(id));
                return Ok(Committed::Gone);
            }
            Err(StoreError::Busy) => {}
            Err(StoreError::Corrupt(error)) => return engine.corrupt(id, error).map(|()| Committed::Gone),
            Err(error) => return Err(error.into()),
        }
        match place {
            None => place = Some(patience.stand_in_line(id).await?),
            Some(_) => patience.pause().await?,
        }
    }
}

/// The next record, its deadline and what the client is told; `None` if the edits change nothing.
fn revise(
    engine: &Engine,
    seen: &Base,
    edits: &Edits,
    renewed: Option<&Token>,
) -> Result<Option<(Record, Option<Timestamp>, TokenChange)>, Error> {
    if edits.is_empty() {
        return Ok(None);
    }
    let mut record = seen.record.clone();
    edits.replay(&mut record.content).map_err(Error::Value)?;
    if renewed.is_none() && record.content.is_same(&seen.record.content) {
        return Ok(None);
    }
    let now = engine.clock.now();
    if let Some(token) = renewed {
        record.epoch += 1;
        record.digest = token.digest(&engine.namespace);
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
    if renewed.is_some() || was_empty || engine.is_cookie_due(&record, now) {
        let max_age = engine.cookie_age(&record, now);
        record.cookie_expires = max_age.map(|age| now + age);
        change = TokenChange::HandOut(max_age);
    }
    let expires = engine.lifetime.deadline(now, record.begun());
    Ok(Some((record, expires, change)))
}

/// Moves the deadline of a session that was used but not changed, and sends a persistent cookie again in time.
///
/// The request was answered from the session already, so a failure here is an event and nothing more.
async fn keep_alive(engine: &Engine, seen: &Arc<Base>) -> Committed {
    let id = *seen.token.id();
    if seen.is_empty() {
        return Committed::Unchanged;
    }
    let now = engine.clock.now();
    let kept = if engine.is_cookie_due(&seen.record, now) {
        send_again(engine, seen, now).await
    } else if let Some(next) = engine.lifetime.touch(now, seen.record.begun(), seen.expires) {
        match engine.store.touch(&id, seen.version, Some(next)).await {
            Ok(Touched::Extended | Touched::Stale) => Ok(Committed::Unchanged),
            Ok(Touched::Gone) => Ok(Committed::Gone),
            Err(error) => Err(error),
        }
    } else {
        Ok(Committed::Unchanged)
    };
    match kept {
        Ok(Committed::Gone) => {
            engine.events.report(Event::Gone(id));
            Committed::Gone
        }
        Ok(committed) => committed,
        // Whoever holds it is writing it, deadline included.
        Err(StoreError::Busy) => Committed::Unchanged,
        Err(error) => {
            engine.events.report_failure(Event::TouchFailed(id), &error);
            Committed::Unchanged
        }
    }
}

/// The record remembers until when the cookie lasts, so sending it again is a write.
async fn send_again(engine: &Engine, seen: &Arc<Base>, now: Timestamp) -> Result<Committed, StoreError> {
    let mut record = seen.record.clone();
    let max_age = engine.cookie_age(&record, now);
    record.cookie_expires = max_age.map(|age| now + age);
    record.written = now;
    let expires = engine.lifetime.deadline(now, record.begun());
    let entry = entry(engine, &record, expires).map_err(StoreError::broken)?;
    Ok(match engine.store.update(seen.token.id(), seen.version, entry).await? {
        Updated::Applied(version) => {
            let base = Base { token: seen.token.clone(), version, expires, record };
            Committed::Stored(Arc::new(base), TokenChange::HandOut(max_age))
        }
        Updated::Conflict(_) => Committed::Unchanged,
        Updated::Gone => Committed::Gone,
    })
}

fn entry(engine: &Engine, record: &Record, expires: Option<Timestamp>) -> Result<Entry, Error> {
    let limits = &engine.limits;
    if record.content.values.len() > limits.values {
        return Err(Error::TooManyValues { limit: limits.values });
    }
    let bytes = record.encode().map_err(Error::Value)?;
    if bytes.len() > limits.record_bytes {
        return Err(Error::TooLarge { limit: limits.record_bytes });
    }
    let owner = record.content.user.as_deref().map(|user| OwnerKey::derive(&engine.namespace, user));
    Ok(Entry { bytes, expires, owner })
}

/// How long one commit goes on trying.
struct Patience<'a> {
    engine: &'a Engine,
    since: Option<Instant>,
    pauses: u32,
}

impl<'a> Patience<'a> {
    fn new(engine: &'a Engine) -> Self {
        Patience { engine, since: None, pauses: 0 }
    }

    /// Waits behind the other requests of this process.
    async fn stand_in_line(&mut self, id: SessionId) -> Result<Place<'a>, Error> {
        let left = self.left()?;
        let runtime = self.engine.runtime();
        within(&*runtime, left, self.engine.queues.enter(id)).await.ok_or_else(too_long)
    }

    /// Waits a little, longer each time, and at random, so that processes get out of step.
    async fn pause(&mut self) -> Result<(), Error> {
        const FIRST: Duration = Duration::from_micros(250);
        const LONGEST: Duration = Duration::from_millis(16);
        let left = self.left()?;
        let longest = (FIRST * (1 << self.pauses.min(10))).min(LONGEST);
        self.pauses += 1;
        let share = getrandom::u32()?;
        self.engine
            .runtime()
            .sleep((longest / 2 + longest.mul_f64(f64::from(share) / f64::from(u32::MAX)) / 2).min(left))
            .await;
        Ok(())
    }

    fn left(&mut self) -> Result<Duration, Error> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let left = self.engine.wait_limit.saturating_sub(since.elapsed());
        if left.is_zero() { Err(too_long()) } else { Ok(left) }
    }
}

fn too_long() -> Error {
    Error::Unavailable("the session was held by other requests for too long".into())
}
