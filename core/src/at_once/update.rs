//! A change of a session, stored at once.

use std::sync::atomic::Ordering;

use super::Attempt;
use crate::draft::Draft;
use crate::engine::Engine;
use crate::events::Event;
use crate::lease::Hold;
use crate::load::Base;
use crate::revise::{date, revise};
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
    let mut ready = draft.take_result();
    let content = match revise(base, &draft.edits, &mut ready, renewed.as_ref(), Hold::Nothing) {
        Ok(Some(content)) => content,
        Ok(None) => {
            // Its deadline may have to move.
            draft.give_back(ready);
            return Attempt::NotYet(None);
        }
        Err(error) => return Attempt::Failed(error),
    };
    let mut revision = base.record.revised(content);
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
            match &newer {
                // What it is made of is not what the edits made.
                None => draft.give_back(Some(revision.content)),
                Some(newer) if draft.edits.overwrite(base.record.view(), newer.record.view()) => {
                    engine.events.report(Event::Overwritten(*id));
                }
                Some(_) => {}
            }
            Attempt::NotYet(newer)
        }
        Ok(Ok(Updated::Gone)) if !base.is_empty() => {
            engine.events.report(Event::Gone(*id));
            Attempt::Gone
        }
        Ok(Ok(Updated::Gone) | Err(StoreError::Busy | StoreError::Corrupt(_))) => {
            draft.give_back(Some(revision.content));
            Attempt::NotYet(None)
        }
        Ok(Err(error)) => Attempt::Failed(error.into()),
        Err(_) => {
            engine.at_once.update.store(false, Ordering::Relaxed);
            draft.give_back(Some(revision.content));
            Attempt::NotYet(None)
        }
    }
}
