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
        !state.ending.is_empty()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if a well-formed token was presented.
    pub(crate) fn presented_token(&self) -> bool {
        !self.presented.tokens.is_empty()
    }

    pub(crate) async fn load(&self) -> Result<(), Error> {
        self.load_once().await.inspect_err(|error| self.report_failure(error))
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
        let loaded = load(&self.engine, &self.presented).await?;
        let mut state = self.state();
        if state.stage == Stage::Done {
            return Err(Error::TooLate);
        }
        state.found = loaded.first.as_ref().is_some_and(|base| !base.is_empty());
        state.base = loaded.first.map(Arc::new);
        state.others = loaded.others;
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
        let (index, incarnation, reverts) = {
            let mut state = self.open()?;
            state.edit(edit)?;
            (state.edits.len() - 1, state.incarnation, state.reverts)
        };
        if let Err(error) = self.store().await {
            let mut state = self.state();
            if !matches!(error, Error::Gone) && (state.incarnation, state.reverts) == (incarnation, reverts) {
                state.edits.forget(index);
                let base = state.base.clone();
                state.rebase(base)?;
            }
            return Err(error);
        }
        let state = self.state();
        let nothing = Content::default();
        look(state.base.as_ref().map_or(&nothing, |base| &base.record.content))
    }

    /// Sees what others stored meanwhile, under the edits of this request.
    pub(crate) async fn reload(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let (base, incarnation) = {
            let state = self.open()?;
            (state.base.clone(), state.incarnation)
        };
        let Some(base) = base else { return Ok(()) };
        let id = *base.token.id();
        let found = match self.engine.store.load(&id).await {
            Ok(Some(stored)) => Base::read(base.token.clone(), stored).map_err(|error| self.engine.corrupt(id, error)),
            Ok(None) => Err(Ok(())),
            Err(StoreError::Corrupt(error)) => Err(self.engine.corrupt(id, error)),
            Err(error) => Err(Err(error.into())),
        };
        let mut state = self.state();
        if state.incarnation != incarnation {
            return Err(Error::Gone);
        }
        match found {
            Ok(found) if found.record.epoch == base.record.epoch => state.rebase(Some(Arc::new(found))),
            Err(Err(error)) => {
                drop(state);
                self.report_failure(&error);
                Err(error)
            }
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
        let early = self.state().token_change.is_some();
        if outcome == Outcome::Keep || !self.state().ending.is_empty() {
            match self.store().await {
                Ok(()) | Err(Error::Gone) => {}
                Err(error) => return Err(error),
            }
        }
        if early {
            self.confirm().await;
        }
        Ok(self.headers())
    }

    /// What a save decided to tell the browser may be overtaken by the time the response leaves: by a login elsewhere, or
    /// by somebody who filled an emptied session again.
    async fn confirm(&self) {
        let (base, takes_back) = {
            let state = self.state();
            (state.base.clone(), matches!(state.token_change, Some(TokenReply::TakeBack)))
        };
        // A new session's token is known to nobody else.
        let Some(base) = base.filter(|base| self.presented.tokens.iter().any(|token| token.id() == base.token.id()))
        else {
            return;
        };
        let Ok(found) = self.engine.store.load(base.token.id()).await else { return };
        let found = found.and_then(|stored| Base::read(base.token.clone(), stored).ok());
        let stands = match found {
            Some(found) => found.record.epoch == base.record.epoch && found.is_empty() == takes_back,
            None => takes_back,
        };
        if !stands {
            self.state().token_change = None;
        }
    }

    /// Ends what is to end, then commits the edits. The caller has the turn.
    async fn store(&self) -> Result<(), Error> {
        self.store_once().await.inspect_err(|error| self.report_failure(error))
    }

    async fn store_once(&self) -> Result<(), Error> {
        self.end_sessions().await?;
        let (base, mut edits, gone, incarnation, reverts) = {
            let mut state = self.state();
            let edits = std::mem::take(&mut state.edits);
            (state.base.clone(), edits, state.gone, state.incarnation, state.reverts)
        };
        if gone {
            return Err(Error::Gone);
        }
        let committed = commit(&self.engine, base.as_ref(), &mut edits).await;
        let mut state = self.state();
        if state.incarnation != incarnation {
            // Another handle ended the session while this one was storing it: what was stored is ended, too.
            if let Ok(Committed::Stored(base, _)) = committed {
                state.ending.push(*base.token.id());
            }
            return Err(Error::Gone);
        }
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
                if state.reverts == reverts {
                    state.edits.restore(edits);
                }
                Err(error)
            }
        }
    }

    /// Ends the sessions that are to end, whatever anybody else does with them.
    async fn end_sessions(&self) -> Result<(), Error> {
        let ending = self.state().ending.clone();
        for (index, id) in ending.into_iter().enumerate() {
            let removed = end(&self.engine, &id).await?;
            let mut state = self.state();
            state.ending.retain(|other| *other != id);
            if index == 0 {
                // Whatever was to be told of a token concerned a session that is ended now.
                state.token_change = None;
            }
            if removed == Removed::Removed {
                state.token_change = Some(TokenReply::TakeBack);
            }
        }
        Ok(())
    }

    /// The browser is told nothing of the cause, so the log has to be.
    fn report_failure(&self, error: &Error) {
        if matches!(
            error,
            Error::Unavailable(_) | Error::Broken(_) | Error::Random(_) | Error::Value(_) | Error::NewerValue { .. }
        ) {
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
