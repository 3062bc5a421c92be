//! A change of a session, stored at once.

use std::sync::atomic::Ordering;

use super::Attempt;
use crate::draft::Draft;
use crate::engine::Engine;
use crate::events::Event;
use crate::lease::Hold;
use crate::load::Base;
use crate::revise::{changes, date};
use crate::store::{StoreError, Updated};

#[inline]
pub(super) fn update(engine: &Engine, base: &Base, draft: &mut Draft) -> Attempt {
    let id = base.token.id();
    let may_be_asked = engine.at_once.update.load(Ordering::Relaxed);
    if !may_be_asked || engine.user_sessions.number().is_some() || engine.queues.is_busy(id) {
        return Attempt::NotYet(None);
    }
    let renewed = match draft.edits.renews().then(|| base.token.renewed()).transpose() {
        Ok(renewed) => renewed,
        Err(error) => return Attempt::Failed(error),
    };
    if let Err(error) = draft.complete(base.record.view()) {
        return Attempt::Failed(error);
    }
    let made = draft.view();
    if !changes(base, made, renewed.as_ref(), Hold::Nothing) {
        // Its deadline may have to move.
        return Attempt::NotYet(None);
    }
    let mut revision = base.record.revised(made);
    let dated = date(engine, base, &draft.edits, renewed.as_ref(), Hold::Nothing, &mut revision);
    let made = dated.and_then(|(expires, change)| Ok((engine.entry(&mut revision, expires)?, change)));
    let (entry, change) = match made {
        Ok(made) => made,
        Err(error) => return Attempt::Failed(error),
    };
    match engine.store.update_at_once(id, base.version, entry) {
        Ok(Ok(Updated::Applied(_))) => {
            if renewed.is_some() {
                engine.events.report(Event::Renewed(*id));
            }
            Attempt::Stored(change)
        }
        Ok(Ok(Updated::Conflict(stored))) => {
            let newer = Base::read(base.token.clone(), stored).ok().map(Box::new);
            if newer.as_ref().is_some_and(|newer| draft.edits.overwrite(base.record.view(), newer.record.view())) {
                engine.events.report(Event::Overwritten(*id));
            }
            Attempt::NotYet(newer)
        }
        Ok(Ok(Updated::Gone)) if !base.is_empty() => {
            engine.events.report(Event::Gone(*id));
            Attempt::Gone
        }
        Ok(Ok(Updated::Gone) | Err(StoreError::Busy | StoreError::Corrupt(_))) => Attempt::NotYet(None),
        Ok(Err(error)) => Attempt::Failed(error.into()),
        Err(_) => {
            engine.at_once.update.store(false, Ordering::Relaxed);
            Attempt::NotYet(None)
        }
    }
}
