//! Taking a session's lock, and giving it back.

use std::time::Duration;
use triomphe::Arc;

use crate::Error;
use crate::base::{Base, look};
use crate::create::begin_empty;
use crate::events::Event;
use crate::lease::{Hold, Holder, Lease, Watch};
use crate::patience::{Patience, too_long};
use crate::runtime::within;
use crate::store::{Entry, OwnerKey, StoreError, Stored, Updated};
use crate::visit::Visit;

impl Visit {
    /// Takes the lock of the session, and sees what is stored; `None` if it is held by this request already, or there is
    /// no session that anybody else could know of.
    pub(crate) async fn lock(&self, duration: Duration) -> Result<Option<Holder>, Error> {
        self.lock_once(duration).await.inspect_err(|error| self.call.report_failure(error))
    }

    async fn lock_once(&self, duration: Duration) -> Result<Option<Holder>, Error> {
        let engine = &self.call.engine;
        let Some((base, own)) = (match self.lockable()? {
            None => self.begin_to_lock().await?.map(|base| (base, None)),
            lockable => lockable,
        }) else {
            return Ok(None);
        };
        let _place = match own {
            // Whoever has not given it back yet stands before everybody in line, who may be waiting for it.
            Some(_) => None,
            None => {
                // Requests of one process take it, or write, in the order in which they came.
                let line = engine.queues.enter(*base.token.id());
                Some(within(&*engine.runtime(), engine.wait_limit, line).await.ok_or_else(too_long)?)
            }
        };
        let _turn = self.turn().await;
        let Some((base, own)) = self.lockable()? else { return Ok(None) };
        let holder = Holder::new()?;
        let taken = take(&base, engine, Lease::new(holder, duration), own).await;
        let mut state = self.open()?;
        if matches!(taken, Err(Error::LockLost)) {
            (state.hold, state.gone) = (Hold::Nothing, true);
        }
        let taken = taken?;
        let Some(taken) = taken else {
            state.gone = true;
            drop(state);
            engine.events.report(Event::Gone(*base.token.id()));
            return Err(Error::Gone);
        };
        state.hold = Hold::Keep(holder);
        state.rebase(Some(taken))?;
        Ok(Some(holder))
    }

    /// A session that begins with a ticket, which others may have as well, begins empty, so that there is something to lock.
    async fn begin_to_lock(&self) -> Result<Option<Base>, Error> {
        let _turn = self.turn().await;
        let Some(ticket) = self.open()?.seldom.promised.ticket.clone() else { return Ok(None) };
        let begun = begin_empty(&self.call.engine, &ticket).await?;
        if let Some(base) = &begun {
            let mut state = self.open()?;
            state.seldom.get_or_default().promised.ticket = None;
            state.rebase(Some(base.clone()))?;
        }
        Ok(begun)
    }

    /// The session, if it is one that can be locked and is not locked by this request; and who has the lock if this request is about
    /// to give it back.
    fn lockable(&self) -> Result<Option<(Base, Option<Holder>)>, Error> {
        let state = self.open()?;
        if state.gone {
            return Err(Error::Gone);
        }
        Ok(match state.hold {
            Hold::Keep(_) => None,
            Hold::Nothing | Hold::Release(_) => state.base.clone().map(|base| (base, state.hold.holder())),
        })
    }

    /// Stores what was done under the lock and gives it back, both or neither.
    pub(crate) async fn release(&self, holder: Holder) -> Result<(), Error> {
        let _turn = self.turn().await;
        {
            let mut state = self.open()?;
            if state.hold.holder() != Some(holder) {
                // Whoever ended the session under the lock has given it back with it.
                return if state.gone { Err(Error::LockLost) } else { Ok(()) };
            }
            state.hold = Hold::Release(holder);
        }
        self.store().await
    }

    /// Gives the lock back with the next commit; at once if there is nothing to store.
    pub(crate) fn let_go(visit: Arc<Self>, holder: Holder) {
        let is_idle = {
            let mut state = visit.state();
            if state.hold != Hold::Keep(holder) {
                return;
            }
            state.hold = Hold::Release(holder);
            !state.has_edits()
        };
        if is_idle {
            let runtime = visit.call.engine.runtime();
            runtime.spawn(Box::pin(async move {
                let _turn = visit.turn().await;
                let is_idle = {
                    let state = visit.state();
                    // It may have been given back meanwhile, or taken again. If there is something to store, it is given back with that.
                    state.hold == Hold::Release(holder) && !state.has_edits()
                };
                if is_idle {
                    // a failure was reported, and the lease runs out by itself
                    let _ = visit.store().await;
                }
            }));
        }
    }
}

/// Writes the lease into the record as soon as there is no other than its `own`; `None` if the session is not the one it was.
async fn take(
    base: &Base,
    engine: &crate::engine::Engine,
    lease: Lease,
    own: Option<Holder>,
) -> Result<Option<Base>, Error> {
    let id = *base.token.id();
    let mut patience = Patience::new(engine);
    let mut watch = Watch::default();
    let mut seen = base.clone();
    loop {
        if seen.record.head().epoch() != base.record.head().epoch() {
            return Ok(None);
        }
        let present = seen.record.details().lease;
        if own.is_some() && present.map(|lease| lease.holder) != own {
            engine.events.report(Event::LockLost(id));
            return Err(Error::LockLost);
        }
        let is_free = present.is_none_or(|other| Some(other.holder) == own || watch.has_run_out(other));
        if is_free {
            let mut revision = seen.record.revised(seen.record.view());
            revision.details.get_or_default().lease = Some(lease);
            let bytes = revision.encode().map_err(Error::Value)?;
            let owner = seen.record.view().user.map(|user| OwnerKey::derive(&engine.namespace, user));
            let entry = Entry { bytes, expires: seen.expires, owner };
            match engine.store.update(&id, seen.version, entry.clone()).await {
                Ok(Updated::Applied(version)) => {
                    return Base::stored(base.token.clone(), Stored { entry, version }).map(Some);
                }
                Ok(Updated::Conflict(stored)) => match Base::read(base.token.clone(), stored) {
                    Ok(found) => seen = found,
                    Err(error) => return engine.corrupt(id, error).map(|()| None),
                },
                Ok(Updated::Gone) => return Ok(None),
                Err(StoreError::Busy) => {}
                Err(StoreError::Corrupt(error)) => return engine.corrupt(id, error).map(|()| None),
                Err(error) => return Err(error.into()),
            }
            if seen.record.details().lease.is_none() {
                continue;
            }
        }
        patience.pause().await?;
        match look(engine, base).await? {
            Some(found) => seen = found,
            None => return Ok(None),
        }
    }
}
