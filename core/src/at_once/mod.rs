//! What can be stored without waiting for anybody: the change of a request that met no other, in a store that is at hand.
//!
//! It is what happens nearly always. Whatever is not as simple as that is left to [`commit`](crate::commit::commit).

mod create;
mod update;

use create::create;
use update::update;

use crate::carrier::TokenReply;
use crate::load::Base;
use crate::policy::OnGone;
use crate::state::State;
use crate::visit::Visit;
use crate::{Error, Outcome, ReplyHeaders};

impl Visit {
    /// Finishes a visit that changed its session or began one, if that can be done at once.
    pub(crate) fn finish_at_once(&self, outcome: Outcome) -> Option<Result<ReplyHeaders, Error>> {
        let mut state = self.state();
        if outcome != Outcome::Keep || !state.is_simple() {
            return None;
        }
        state.close(true);
        state.turns.take();
        let turn = self.taken_turn();
        let base = state.base.take();
        let mut draft = state.take_draft();
        drop(state);
        let attempt = match &base {
            Some(base) => update(&self.engine, base, &mut draft),
            None => create(&self.engine, &draft),
        };
        match attempt {
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
                    (state.base, state.newer) = (base, newer);
                    state.put_back(draft);
                });
                None
            }
        }
    }
}

impl State {
    /// True if there is nothing to it but edits of a session that was loaded, or of one that begins with them.
    fn is_simple(&self) -> bool {
        !self.turns.is_taken()
            && self.has_edits()
            && self.base.as_ref().is_none_or(|base| base.record.details().lease.is_none())
            && !self.has_duties()
            && !self.gone
            && !self.is_adrift
            && !self.is_outdated
            && self.token_change.is_none()
            && self.promised.is_nothing()
    }
}

/// What came of it.
enum Attempt {
    /// It is stored, and this is what the client is to be told of its token.
    Stored(Option<TokenReply>),
    /// The session has ended meanwhile.
    Gone,
    Failed(Error),
    /// Nothing is stored: somebody was faster, and this is what they stored; or it takes more than one step.
    NotYet(Option<Box<Base>>),
}
