//! A visit: what an exchange and the sessions it handed out have in common. It loads once and stores in turn.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_lock::Mutex as Turn;
use http::HeaderValue;

use crate::carrier::Presented;
use crate::commit::{Committed, TokenChange, commit, end};
use crate::edits::Edit;
use crate::engine::Engine;
use crate::events::Event;
use crate::head::is_for_this_machine;
use crate::load::{Base, load};
use crate::record::Content;
use crate::state::{Stage, State, TokenReply};
use crate::store::{Removed, StoreError};
use crate::{Error, Outcome, ReplyHeaders, RequestHead};

/// One request's dealings with its session.
pub(crate) struct Visit {
    pub(crate) engine: Arc<Engine>,
    presented: Presented,
    mount: Box<str>,
    /// The request came over plain HTTP from another machine.
    plain: bool,
    /// Loading, saving and finishing happen one after the other.
    turn: Turn<()>,
    state: Mutex<State>,
}

impl Visit {
    pub(crate) fn new(engine: Arc<Engine>, head: &dyn RequestHead) -> Self {
        let mut presented = Presented::default();
        head.header("cookie", &mut |line| engine.cookie.read(line, &mut presented));
        let mount = if engine.cookie.follows_mount() { head.mount().into() } else { Box::default() };
        let plain = engine.watches_for_plain_http() && !head.is_tls() && !is_for_this_machine(head);
        Visit { engine, presented, mount, plain, turn: Turn::new(()), state: Mutex::new(State::default()) }
    }

    /// Ends the visit if nobody asked for the session; true if so.
    pub(crate) fn close_untouched(&self) -> bool {
        let mut state = self.state();
        if !state.consulted {
            state.stage = Stage::Done;
        }
        !state.consulted
    }

    /// Ends the visit without storing anything; true if there is a session to be ended all the same.
    pub(crate) fn abandon(&self) -> bool {
        let mut state = self.state();
        state.stage = Stage::Done;
        state.ending.is_some()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if a well-formed token was presented.
    pub(crate) fn presented_token(&self) -> bool {
        !self.presented.tokens.is_empty()
    }

    pub(crate) async fn load(&self) -> Result<(), Error> {
        let loaded = self.load_once().await;
        self.report_failure(&loaded);
        loaded
    }

    async fn load_once(&self) -> Result<(), Error> {
        if self.state().stage == Stage::Open {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        {
            let mut state = self.state();
            match state.stage {
                Stage::Unloaded => state.consulted = true,
                Stage::Open => return Ok(()),
                Stage::Done => return Err(Error::TooLate),
            }
        }
        let found = load(&self.engine, &self.presented).await?;
        let mut state = self.state();
        if state.stage == Stage::Done {
            return Err(Error::TooLate);
        }
        state.found = found.as_ref().is_some_and(|base| !base.is_empty());
        state.base = found.map(Arc::new);
        state.stage = Stage::Open;
        Ok(())
    }

    /// Stores what was done so far, in its turn.
    pub(crate) async fn save(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        drop(self.open()?);
        self.store().await
    }

    /// Applies one edit, and stores it together with all that came before; then looks at what is stored.
    pub(crate) async fn apply<T>(
        &self,
        edit: Edit,
        look: impl FnOnce(&Content) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _turn = self.turn.lock().await;
        let index = {
            let mut state = self.open()?;
            state.edit(edit)?;
            state.edits.len() - 1
        };
        if let Err(error) = self.store().await {
            let mut state = self.state();
            if !matches!(error, Error::Gone) {
                state.edits.forget(index);
                let base = state.base.clone();
                state.rebase(base)?;
            }
            return Err(error);
        }
        let state = self.state();
        match &state.base {
            Some(base) => look(&base.record.content),
            None => Err(Error::Gone),
        }
    }

    /// Sees what others stored meanwhile, under the edits of this request.
    pub(crate) async fn reload(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let base = self.open()?.base.clone();
        let Some(base) = base else { return Ok(()) };
        let id = *base.token.id();
        let found = match self.engine.store.load(&id).await {
            Ok(Some(stored)) => Base::read(base.token.clone(), stored).map_err(|error| self.engine.corrupt(id, error)),
            Ok(None) => Err(Ok(())),
            Err(StoreError::Corrupt(error)) => Err(self.engine.corrupt(id, error)),
            Err(error) => return Err(error.into()),
        };
        let mut state = self.state();
        match found {
            Ok(found) if found.record.epoch == base.record.epoch => state.rebase(Some(Arc::new(found))),
            Err(Err(error)) => Err(error),
            Ok(_) | Err(Ok(())) => {
                self.engine.events.report(Event::Gone(id));
                state.gone = true;
                Err(Error::Gone)
            }
        }
    }

    pub(crate) async fn finish(&self, outcome: Outcome) -> Result<ReplyHeaders, Error> {
        let _turn = self.turn.lock().await;
        {
            let mut state = self.state();
            state.stage = Stage::Done;
            if outcome == Outcome::Discard {
                state.discard_edits();
            }
        }
        if outcome == Outcome::Keep || self.state().ending.is_some() {
            match self.store().await {
                Ok(()) | Err(Error::Gone) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.headers())
    }

    /// Ends what is to end, then commits the edits. The caller has the turn.
    async fn store(&self) -> Result<(), Error> {
        let stored = self.store_once().await;
        self.report_failure(&stored);
        stored
    }

    async fn store_once(&self) -> Result<(), Error> {
        let ending = self.state().ending;
        if let Some(id) = ending {
            let removed = end(&self.engine, &id).await?;
            let mut state = self.state();
            state.ending = None;
            state.token_change = (removed == Removed::Removed).then_some(TokenReply::TakeBack);
        }
        let (base, mut edits, gone) = {
            let mut state = self.state();
            (state.base.clone(), std::mem::take(&mut state.edits), state.gone)
        };
        if gone {
            return Err(Error::Gone);
        }
        let committed = commit(&self.engine, base.as_ref(), &mut edits).await;
        let mut state = self.state();
        match committed {
            Ok(Committed::Unchanged) => state.rebase(base),
            Ok(Committed::Stored(base, change)) => {
                match change {
                    TokenChange::Keep => {}
                    TokenChange::HandOut(age) => {
                        state.token_change = Some(TokenReply::HandOut(base.token.clone(), age))
                    }
                    TokenChange::TakeBack => state.token_change = Some(TokenReply::TakeBack),
                }
                state.rebase(Some(base))
            }
            Ok(Committed::Gone) => {
                state.gone = true;
                if matches!(state.token_change, Some(TokenReply::HandOut(..))) {
                    state.token_change = None;
                }
                Err(Error::Gone)
            }
            Err(error) => {
                state.edits.restore(edits);
                Err(error)
            }
        }
    }

    /// The browser is told nothing of the cause, so the log has to be.
    fn report_failure(&self, result: &Result<(), Error>) {
        if let Err(error @ (Error::Unavailable(_) | Error::Broken(_) | Error::Random(_))) = result {
            self.engine.events.report_failure(Event::Failed, error);
        }
    }

    fn headers(&self) -> ReplyHeaders {
        let cookie = &self.engine.cookie;
        let set_cookie = self.state().token_change.take().map(|change| match change {
            TokenReply::HandOut(token, max_age) => {
                if self.plain {
                    self.engine.warn_of_plain_http();
                }
                cookie.hand_out(&token, &self.mount, max_age)
            }
            TokenReply::TakeBack => cookie.take_back(&self.mount),
        });
        ReplyHeaders { set_cookie, vary: Some(HeaderValue::from_static("Cookie")) }
    }

    /// The state, if the session may be used now.
    pub(crate) fn open(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.state();
        match state.stage {
            Stage::Unloaded => Err(Error::NotLoaded),
            Stage::Open => Ok(state),
            Stage::Done => Err(Error::TooLate),
        }
    }
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").field("stage", &self.state().stage).finish_non_exhaustive()
    }
}
