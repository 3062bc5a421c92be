//! A visit: what an exchange and the sessions it handed out have in common. It loads once and stores in turn.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::carrier::{Carrier, Presented, TokenReply};
use crate::commit::{Committed, TokenChange, commit, end};
use crate::edits::Edit;
use crate::engine::Engine;
use crate::events::Event;
use crate::head::is_for_this_machine;
use crate::lease::Hold;
use crate::load::{Base, Found, load};
use crate::policy::{OnGone, OnServerError, OnStoreFailure};
use crate::record::Content;
use crate::rotation::successor;
use crate::state::{Promised, Stage, State};
use crate::store::{Removed, StoreError};
use crate::ticket::Ticket;
use crate::{Error, Outcome, ReplyHeaders, RequestHead, Token};
use async_lock::Mutex as Turn;

/// One request's dealings with its session.
pub(crate) struct Visit {
    pub(crate) engine: Arc<Engine>,
    presented: Presented,
    /// Where a client without a session is sent: the URL it asked for.
    target: Option<Box<str>>,
    mount: Box<str>,
    /// The request came over plain HTTP from another machine.
    plain: bool,
    /// The program carries the token.
    by_token: bool,
    /// Loading, saving and finishing happen one after the other.
    pub(crate) turn: Turn<()>,
    state: Mutex<State>,
}

impl Visit {
    pub(crate) fn new(engine: Arc<Engine>, head: &dyn RequestHead) -> Self {
        let presented = engine.carriers.read(head);
        let redirects = engine.carriers.has_tickets() && matches!(head.method(), "GET" | "HEAD");
        let target = redirects.then(|| head.path_and_query().into());
        let mount = if engine.carriers.cookie.follows_mount() { head.mount().into() } else { Box::default() };
        let plain = engine.watches_for_plain_http() && !head.is_tls() && !is_for_this_machine(head);
        Visit { target, mount, plain, ..Visit::with(engine, presented) }
    }

    /// A visit of a client whose token the program carries.
    pub(crate) fn by_token(engine: Arc<Engine>, text: Option<&str>) -> Self {
        let presented = engine.carriers.given(text);
        Visit { by_token: true, ..Visit::with(engine, presented) }
    }

    fn with(engine: Arc<Engine>, presented: Presented) -> Self {
        Visit {
            engine,
            presented,
            target: None,
            mount: Box::default(),
            plain: false,
            by_token: false,
            turn: Turn::new(()),
            state: Mutex::new(State::default()),
        }
    }

    /// True if the client may have to be sent elsewhere before the application is asked.
    pub(crate) fn may_redirect(&self) -> bool {
        self.target.is_some()
    }

    /// The URL with a ticket that the client should ask for instead, if it has neither session nor ticket.
    pub(crate) async fn redirect(&self) -> Result<Option<String>, Error> {
        let Some(target) = &self.target else { return Ok(None) };
        self.load().await?;
        let has_some = {
            let state = self.state();
            state.base.is_some() || state.promised.ticket.is_some()
        };
        if has_some {
            return Ok(None);
        }
        let ticket = Ticket::new(&self.engine)?;
        let carriers = &self.engine.carriers;
        Ok(Some(carriers.query.with(target, &carriers.wire.ticket(&ticket.token, ticket.issued))))
    }

    /// A link that carries the session, if URLs do.
    pub(crate) fn link(&self, to: &str) -> Result<String, Error> {
        let mut state = self.open()?;
        let carriers = &self.engine.carriers;
        if !carriers.has_tickets() {
            return Ok(to.to_owned());
        }
        let text = match (state.edits.renews(), state.base.clone()) {
            (false, Some(base)) => {
                let next = successor(&self.engine, &base.record, &base.token, self.engine.clock.now());
                carriers.wire.token(next.as_ref().unwrap_or(&base.token))
            }
            (false, None) => {
                let ticket = match state.promised.ticket.take() {
                    Some(ticket) => ticket,
                    None => Ticket::new(&self.engine)?,
                };
                let ticket = state.promised.ticket.insert(ticket);
                carriers.wire.ticket(&ticket.token, ticket.issued)
            }
            (true, base) => {
                let next = match (state.promised.renewed.take(), base) {
                    (Some(token), _) => token,
                    (None, Some(base)) => base.token.renewed()?,
                    (None, None) => Token::generate()?,
                };
                carriers.wire.token(state.promised.renewed.insert(next))
            }
        };
        Ok(carriers.query.link(to, &text).unwrap_or_else(|| to.to_owned()))
    }

    /// Ends the visit if nobody asked for the session; true if so.
    pub(crate) fn close_untouched(&self) -> bool {
        let mut state = self.state();
        if !state.consulted {
            state.stage = Stage::Done;
        }
        !state.consulted
    }

    /// Ends the visit without storing anything; true if there is something to be done all the same.
    pub(crate) fn abandon(&self) -> bool {
        let mut state = self.state();
        state.stage = Stage::Done;
        state.has_duties()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        let engine = &self.engine;
        let loaded = match load(engine, self.presented.verify(&engine.carriers, &engine.events)).await {
            Err(error) if engine.policies.store_failure == OnStoreFailure::Anonymous => {
                self.report_failure(&error);
                let mut state = self.state();
                state.is_adrift = true;
                state.stage = if state.stage == Stage::Done { Stage::Done } else { Stage::Open };
                return Ok(());
            }
            loaded => loaded?,
        };
        let mut state = self.state();
        if state.stage == Stage::Done {
            return Err(Error::TooLate);
        }
        state.asked = loaded.asked;
        state.others = loaded.others;
        state.promised.ticket = loaded.ticket;
        if let Some(Found { base, carrier, is_outdated }) = loaded.first {
            state.found = !base.is_empty();
            state.base = Some(Arc::new(base));
            state.carrier = Some(carrier);
            state.is_outdated = is_outdated;
        }
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
            if !matches!(error, Error::Gone | Error::LockLost)
                && (state.incarnation, state.reverts) == (incarnation, reverts)
            {
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
        let policies = self.engine.policies;
        let outcome = match (outcome, policies.server_error) {
            (Outcome::ServerError, OnServerError::Keep) => Outcome::Keep,
            (Outcome::ServerError, OnServerError::Discard) => Outcome::Discard,
            (outcome, _) => outcome,
        };
        let had_edits = {
            let mut state = self.state();
            state.stage = Stage::Done;
            if outcome == Outcome::Discard {
                state.discard_edits();
            }
            if let Some(holder) = state.hold.holder() {
                state.hold = Hold::Release(holder);
            }
            !state.edits.is_empty()
        };
        let early = self.state().token_change.is_some();
        if outcome == Outcome::Keep || self.state().has_duties() {
            match self.store().await {
                Ok(()) => {}
                Err(Error::Gone) if !had_edits || policies.gone == OnGone::Ignore => {}
                // there is nothing left to give back
                Err(Error::LockLost) if outcome == Outcome::Discard => {}
                Err(error) => return Err(error),
            }
        }
        if early {
            self.confirm().await;
        }
        if outcome == Outcome::Keep {
            self.sign_again();
        }
        Ok(self.headers())
    }

    /// A token that an older key had signed is handed out again, signed by the first.
    fn sign_again(&self) {
        let mut state = self.state();
        let base = state.base.clone().filter(|base| state.is_outdated && !state.gone && !base.is_empty());
        if let (Some(base), None) = (base, &state.token_change) {
            let now = self.engine.clock.now();
            // A cookie lasts as long as it would have.
            let age = base.record.cookie_expires.map(|end| end.since(now));
            state.token_change = Some(TokenReply::HandOut(base.token.clone(), age));
        }
    }

    /// What a save decided to tell the browser may be overtaken by the time the response leaves: by a login elsewhere, or
    /// by somebody who filled an emptied session again.
    async fn confirm(&self) {
        let (base, takes_back) = {
            let state = self.state();
            // A new session's token is known to nobody else.
            let base = state.base.clone().filter(|base| state.asked.contains(base.token.id()));
            (base, matches!(state.token_change, Some(TokenReply::TakeBack)))
        };
        let Some(base) = base else { return };
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
    pub(crate) async fn store(&self) -> Result<(), Error> {
        self.store_once().await.inspect_err(|error| self.report_failure(error))
    }

    async fn store_once(&self) -> Result<(), Error> {
        if self.state().is_adrift_with_work() {
            return Err(Error::Unavailable("the session could not be loaded".into()));
        }
        self.end_sessions().await?;
        let (base, mut edits, gone, incarnation, reverts, promised, hold) = {
            let mut state = self.state();
            let edits = std::mem::take(&mut state.edits);
            let promised = state.promised.clone();
            (state.base.clone(), edits, state.gone, state.incarnation, state.reverts, promised, state.hold)
        };
        if gone {
            return Err(Error::Gone);
        }
        let committed = commit(&self.engine, base.as_ref(), &mut edits, &promised, hold).await;
        let mut state = self.state();
        if state.incarnation != incarnation {
            // Another handle ended the session while this one was storing it: what was stored is ended, too.
            if let Ok(Committed::Stored(base, _)) = committed {
                state.ending.push(*base.token.id());
            }
            return Err(Error::Gone);
        }
        match committed {
            Ok(Committed::Unchanged) => {
                if base.as_ref().is_none_or(|base| base.is_empty()) {
                    // There may be a label that waits for something worth a session.
                    state.edits.restore(edits);
                }
                state.rebase(base)
            }
            Ok(Committed::Stored(base, change)) => {
                state.promised = Promised::default();
                if hold == state.hold && matches!(hold, Hold::Release(_)) {
                    state.hold = Hold::Nothing;
                }
                match change {
                    TokenChange::Keep => {}
                    TokenChange::HandOut(token, age) => state.token_change = Some(TokenReply::HandOut(token, age)),
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
            Err(Error::LockLost) => {
                // What was seen under the lock is not what is stored any more, so nothing of it may ever be.
                state.hold = Hold::Nothing;
                state.gone = true;
                Err(Error::LockLost)
            }
            Err(error) => {
                if state.reverts == reverts {
                    state.edits.restore(edits);
                }
                Err(error)
            }
        }
    }

    /// Ends the sessions that are to end, whatever anybody else does with them; returns how many it ended.
    pub(crate) async fn end_sessions(&self) -> Result<u64, Error> {
        let mut ended = 0;
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
                ended += 1;
                state.token_change = Some(TokenReply::TakeBack);
            }
        }
        Ok(ended)
    }

    /// The browser is told nothing of the cause, so the log has to be.
    pub(crate) fn report_failure(&self, error: &Error) {
        if matches!(
            error,
            Error::Unavailable(_) | Error::Broken(_) | Error::Random(_) | Error::Value(_) | Error::NewerValue { .. }
        ) {
            self.engine.events.report_failure(Event::Failed, error);
        }
    }

    fn headers(&self) -> ReplyHeaders {
        let carriers = &self.engine.carriers;
        let mut state = self.state();
        let carrier = state.carrier.unwrap_or_else(|| carriers.first());
        let change = state.token_change.take();
        if self.by_token {
            return carriers.notice(change.as_ref());
        }
        if self.plain && carrier == Carrier::Cookie && matches!(change, Some(TokenReply::HandOut(..))) {
            self.engine.warn_of_plain_http();
        }
        carriers.reply(carrier, change.as_ref(), &self.mount)
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
