//! The end of a visit: what is stored then, and the headers of the response.

use crate::base::Base;
use crate::call::Call;
use crate::carrier::{Carrier, Handed, TokenReply};
use crate::draft::Draft;
use crate::lease::Hold;
use crate::policy::{OnGone, OnServerError};
use crate::state::{Stage, State};
use crate::visit::Visit;
use crate::{Error, Outcome, ReplyHeaders};

/// What is known when nothing more will be done.
pub(crate) struct Last {
    /// There is something to store, or to end.
    stores: bool,
    had_edits: bool,
    /// Something was decided before that the client is told with the response.
    was_told: bool,
    is_outdated: bool,
    /// What is not stored: what is in it of the application's may look at the session while it goes.
    spent: Option<Draft>,
}

/// What the client is told of its token, and by what way.
pub(crate) struct Told {
    carrier: Option<Carrier>,
    change: Option<TokenReply>,
}

impl Told {
    /// The same, and what became of the token.
    pub(crate) fn with(self, change: Option<TokenReply>) -> Self {
        Told { change, ..self }
    }
}

impl State {
    pub(crate) fn take_told(&mut self) -> Told {
        Told { carrier: self.carrier, change: self.take_token_change() }
    }

    /// Lets nobody do anything any more.
    #[inline]
    pub(crate) fn close(&mut self, keeps: bool) -> Last {
        self.stage = Stage::Done;
        let spent = if keeps { None } else { self.discard_edits() };
        if let Some(holder) = self.hold.holder() {
            self.hold = Hold::Release(holder);
        }
        Last {
            stores: keeps || self.has_duties(),
            had_edits: self.has_edits(),
            was_told: self.seldom.token_change.is_some(),
            is_outdated: self.is_outdated,
            spent,
        }
    }
}

impl Visit {
    pub(crate) async fn finish(&self, outcome: Outcome) -> Result<ReplyHeaders, Error> {
        let policies = self.call.engine.policies;
        let keeps = match (outcome, policies.server_error) {
            (Outcome::Keep, _) | (Outcome::ServerError, OnServerError::Keep) => true,
            (Outcome::Discard, _) | (Outcome::ServerError, OnServerError::Discard) => false,
        };
        let (turn, mut last) = self.turn_to(|state| state.close(keeps)).await;
        drop(last.spent.take());
        if last.stores {
            match self.store().await {
                Ok(()) => {}
                Err(Error::Gone) if !last.had_edits || policies.gone == OnGone::Ignore => {}
                // there is nothing left to give back
                Err(Error::LockLost) if !keeps => {}
                Err(error) => {
                    Box::pin(self.give_back()).await;
                    // Nobody stores it any more, and nothing of the application's that is in it outlives the response.
                    let spent = self.state().take_draft();
                    drop(spent);
                    return Err(error);
                }
            }
        }
        let signed_again = keeps && last.is_outdated && self.sign_again();
        if last.was_told || signed_again {
            Box::pin(self.confirm()).await;
        }
        Ok(self.call.headers(turn.end_with(State::take_told)))
    }

    /// A lock is given back though what was done under it could not be stored: others need not wait for it to run out.
    async fn give_back(&self) {
        let spent = {
            let mut state = self.state();
            if state.hold == Hold::Nothing {
                return;
            }
            state.discard_edits()
        };
        drop(spent);
        // that it failed again was reported, and the lease runs out by itself
        let _ = self.store().await;
    }

    /// A token that an older key had signed is handed out again, signed by the first; true if so.
    fn sign_again(&self) -> bool {
        let mut state = self.state();
        let base = state.base.clone().filter(|base| !state.gone && !base.is_empty());
        let is_due = state.seldom.token_change.is_none();
        if let Some(base) = base.filter(|_| is_due) {
            let now = self.call.engine.clock.now();
            // A cookie lasts as long as it would have.
            let age = base.record.head().cookie_expires().map(|end| end.since(now));
            state.tell(Some(TokenReply::hand_out(base.token.clone(), age)));
            return true;
        }
        false
    }

    /// What a save decided to tell the browser may be overtaken by the time the response leaves: by a login elsewhere, by
    /// the next token, or by somebody who filled an emptied session again.
    async fn confirm(&self) {
        let (base, change) = {
            let state = self.state();
            // A new session's token is known to nobody else.
            let base = state.base.clone().filter(|_| state.presented);
            (base, state.seldom.token_change.clone())
        };
        let Some(base) = base else { return };
        let takes_back = change.as_ref().is_some_and(|change| change.handed().is_none());
        let Ok(found) = self.call.engine.behind.load(base.token.id()).await else { return };
        let found = found.and_then(|stored| Base::read(base.token.clone(), stored).ok());
        let stands = match found {
            Some(found) => {
                let now = self.call.engine.clock.now();
                let is_good = |handed: &Handed| found.record.tokens().is_current(&self.call.engine, &handed.token, now);
                found.record.head().epoch() == base.record.head().epoch()
                    && found.is_empty() == takes_back
                    && change.as_ref().and_then(TokenReply::handed).is_none_or(is_good)
            }
            None => takes_back,
        };
        if !stands {
            drop(self.state().take_token_change());
        }
    }
}

impl Call {
    /// The headers of the response. The state is not locked: whoever is warned is the application's.
    pub(crate) fn headers(&self, told: Told) -> ReplyHeaders {
        let (carriers, change) = (&self.engine.carriers, told.change.as_ref());
        if self.by_token {
            return carriers.notice(change);
        }
        let Some(change) = change else { return carriers.reply.clone() };
        let carrier = told.carrier.unwrap_or_else(|| carriers.first());
        if self.plain && carrier == Carrier::Cookie && change.handed().is_some() {
            self.engine.warn_of_plain_http();
        }
        carriers.tell(carrier, change, &self.mount)
    }
}
