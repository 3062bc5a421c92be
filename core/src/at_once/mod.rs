//! The end of a visit that need not wait for anybody: it asked for nothing, or only looked, or changed its session without meeting
//! another request, in a store that is at hand.
//!
//! It is what happens nearly always. Whatever is not as simple as that is left to [`commit`](crate::commit::commit), and nothing of it is
//! lost by having been tried. Nobody else has the turn when it begins, and it takes none: since the visit is closed, whoever has one
//! meanwhile is told that it is too late.

mod create;
mod update;

use crate::call::Call;
use crate::draft::Draft;
use crate::held::{Held, Left};
use crate::keep_alive::is_quiet;
use crate::state::{Stage, State};
use crate::{Error, Outcome, ReplyHeaders};

impl Call {
    /// Finishes a visit, if that can be done at once.
    #[inline]
    pub(crate) fn finish_at_once(&self, mut held: Held<'_>, outcome: Outcome) -> Option<Result<ReplyHeaders, Error>> {
        let state = &mut *held;
        // What could not be loaded, or nobody waited for, is nothing to wait for here, either.
        let is_loaded = state.stage == Stage::Open;
        if (is_loaded && state.turn_is_taken) || !state.is_simple() {
            return None;
        }
        match (state.has_edits(), &state.base) {
            (false, None) => {}
            (false, Some(base)) if is_quiet(&self.engine, base) => {}
            (true, Some(_)) if state.may_store(outcome) => return self.update_at_once(held),
            (true, None) if state.may_store(outcome) => return self.create_at_once(held),
            _ => return None,
        }
        state.stage = Stage::Done;
        let told = state.take_told();
        drop(held);
        Some(Ok(self.headers(told)))
    }

    /// It takes more than one step: what is to be stored is put back.
    fn not_yet<T>(left: Left<'_>, draft: Option<Draft>) -> Option<T> {
        left.hold().put_back(draft);
        None
    }

    /// It could not be stored.
    fn failed(&self, error: Error) -> Option<Result<ReplyHeaders, Error>> {
        self.report_failure(&error);
        Some(Err(error))
    }
}

impl State {
    /// True if there is nothing to it but, perhaps, edits of a session that was loaded, or of one that begins with them.
    #[inline]
    fn is_simple(&self) -> bool {
        !self.has_duties()
            && !self.is_adrift_with_work()
            && !self.gone
            && !self.is_outdated
            && self.seldom.token_change.is_none()
    }

    /// True if the edits are to be stored, and nobody knows the token that comes of it yet.
    #[inline]
    fn may_store(&self, outcome: Outcome) -> bool {
        outcome == Outcome::Keep && self.seldom.promised.is_nothing()
    }
}
