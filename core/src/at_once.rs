//! What can be stored without waiting for anybody: the change of a request that met no other, in a store that is at hand.
//!
//! It is what happens nearly always. Whatever is not as simple as that is left to [`commit`](crate::commit::commit).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::committed::TokenChange;
use crate::draft::Draft;
use crate::engine::Engine;
use crate::events::Event;
use crate::lease::Hold;
use crate::load::Base;
use crate::policy::OnGone;
use crate::revise::{date, revise};
use crate::state::State;
use crate::store::{StoreError, Updated};
use crate::visit::Visit;
use crate::{Error, Outcome, ReplyHeaders};

impl Visit {
    /// Finishes a visit that changed its session, if that can be done at once.
    pub(crate) fn finish_at_once(&self, outcome: Outcome) -> Option<Result<ReplyHeaders, Error>> {
        let (turn, base, mut draft) = {
            let mut state = self.state();
            if outcome != Outcome::Keep || !state.is_simple() || !self.engine.may_update_at_once.load(Ordering::Relaxed)
            {
                return None;
            }
            state.close(true);
            let (base, draft) = (state.base.take()?, state.take_draft());
            state.turns.take();
            (self.taken_turn(), base, draft)
        };
        match store(&self.engine, &base, &mut draft) {
            Attempt::Stored(change) => {
                let told = turn.end_with(|state| {
                    state.tell(change);
                    state.take_told()
                });
                Some(Ok(self.headers(told)))
            }
            Attempt::Gone => {
                let told = turn.end_with(|state| {
                    state.gone = true;
                    state.take_told()
                });
                Some(match self.engine.policies.gone {
                    OnGone::Ignore => Ok(self.headers(told)),
                    OnGone::Respond => Err(Error::Gone),
                })
            }
            Attempt::Failed(error) => {
                self.report_failure(&error);
                Some(Err(error))
            }
            Attempt::NotYet(newer) => {
                turn.end_with(|state| {
                    (state.base, state.newer) = (Some(base), newer);
                    state.put_back(draft);
                });
                None
            }
        }
    }
}

impl State {
    /// True if there is nothing to it but edits of a session that was loaded.
    fn is_simple(&self) -> bool {
        !self.turns.is_taken()
            && self.has_edits()
            && self.base.as_ref().is_some_and(|base| base.record.lease.is_none())
            && !self.has_duties()
            && !self.gone
            && !self.is_adrift
            && !self.is_outdated
            && self.token_change.is_none()
            && self.promised.renewed.is_none()
    }
}

/// What came of it.
enum Attempt {
    Stored(TokenChange),
    /// The session has ended meanwhile.
    Gone,
    Failed(Error),
    /// Nothing is stored: somebody was faster, and this is what they stored; or it takes more than one step.
    NotYet(Option<Arc<Base>>),
}

fn store(engine: &Engine, base: &Base, draft: &mut Draft) -> Attempt {
    let id = base.token.id();
    if engine.user_sessions.number().is_some() || engine.queues.is_busy(id) {
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
    let mut record = base.record.with(content);
    let dated = date(engine, base, &draft.edits, renewed.as_ref(), Hold::Nothing, &mut record);
    let made = dated.and_then(|(expires, change)| Ok((engine.entry(&record, expires)?, change)));
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
            let newer = Base::read(base.token.clone(), stored).ok();
            if newer.as_ref().is_some_and(|newer| draft.edits.overwrite(&base.record.content, &newer.record.content)) {
                engine.events.report(Event::Overwritten(*id));
            }
            Attempt::NotYet(newer)
        }
        Ok(Ok(Updated::Gone)) if !base.is_empty() => {
            engine.events.report(Event::Gone(*id));
            Attempt::Gone
        }
        Ok(Ok(Updated::Gone) | Err(StoreError::Busy | StoreError::Corrupt(_))) => {
            draft.give_back(Some(record.content));
            Attempt::NotYet(None)
        }
        Ok(Err(error)) => Attempt::Failed(error.into()),
        Err(_) => {
            engine.may_update_at_once.store(false, Ordering::Relaxed);
            draft.give_back(Some(record.content));
            Attempt::NotYet(None)
        }
    }
}
