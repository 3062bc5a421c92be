//! What can be stored without waiting for anybody: the change of a request that met no other, in a store that is at hand.
//!
//! It is what happens nearly always. Whatever is not as simple as that is left to [`commit`](crate::commit::commit).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::committed::Committed;
use crate::engine::Engine;
use crate::lease::Hold;
use crate::revise::revise;
use crate::state::State;
use crate::store::{StoreError, Updated};
use crate::visit::Visit;
use crate::work::Work;
use crate::{Error, Outcome, ReplyHeaders};

impl Visit {
    /// Finishes a visit that changed its session, if that can be done at once.
    pub(crate) fn finish_at_once(&self, outcome: Outcome) -> Option<Result<ReplyHeaders, Error>> {
        let (turn, mut work) = {
            let mut state = self.state();
            if outcome != Outcome::Keep || !state.is_simple() || !self.engine.is_at_hand.load(Ordering::Relaxed) {
                return None;
            }
            state.close(true);
            let work = state.next_work().ok()??;
            state.turns.take();
            (self.taken_turn(), work)
        };
        let stored = store(&self.engine, &mut work);
        turn.end_with(|state| match stored {
            Stored::Done(committed) => Some(match state.settle(work, committed) {
                Ok(()) => Ok(self.headers(state)),
                Err(error) => {
                    self.report_failure(&error);
                    Err(error)
                }
            }),
            Stored::NotYet => {
                state.put_back(work.draft);
                None
            }
        })
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
    }
}

/// What came of it.
enum Stored {
    Done(Result<Committed, Error>),
    /// Nothing is stored: somebody was faster, or it takes more than one step.
    NotYet,
}

fn store(engine: &Engine, work: &mut Work) -> Stored {
    let Some(base) = &work.base else { return Stored::NotYet };
    let (id, draft) = (base.token.id(), &mut work.draft);
    if draft.edits.renews() || engine.user_sessions.number().is_some() || engine.queues.is_busy(id) {
        return Stored::NotYet;
    }
    let mut ready = draft.take_result();
    let (mut next, change) = match revise(engine, base, &draft.edits, &mut ready, None, Hold::Nothing) {
        Ok(Some(revised)) => revised,
        Ok(None) => {
            // Its deadline may have to move.
            draft.give_back(ready);
            return Stored::NotYet;
        }
        Err(error) => return Stored::Done(Err(error)),
    };
    let entry = match engine.entry(&next.record, next.expires) {
        Ok(entry) => entry,
        Err(error) => return Stored::Done(Err(error)),
    };
    match engine.store.update_at_once(id, base.version, entry) {
        Ok(Ok(Updated::Applied(version))) => {
            Arc::make_mut(&mut next).version = version;
            Stored::Done(Ok(Committed::Stored(next, change)))
        }
        Ok(Ok(Updated::Conflict(_) | Updated::Gone) | Err(StoreError::Busy)) => Stored::NotYet,
        Ok(Err(StoreError::Corrupt(error))) => Stored::Done(engine.corrupt(*id, error).map(|()| Committed::Gone)),
        Ok(Err(error)) => Stored::Done(Err(error.into())),
        Err(_) => {
            engine.is_at_hand.store(false, Ordering::Relaxed);
            draft.give_back(Arc::into_inner(next).map(|next| next.record.content));
            Stored::NotYet
        }
    }
}
