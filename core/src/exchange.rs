//! One request and its response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use async_lock::Mutex as Turn;

use crate::carrier::Presented;
use crate::commit::{Base, Committed, TokenChange, commit, end, read};
use crate::edits::{Edit, Edits};
use crate::events::Event;
use crate::record::Content;
use crate::runtime::Shielded;
use crate::sessions::Engine;
use crate::store::{Removed, StoreError};
use crate::{Error, Outcome, ReplyHeaders, RequestHead, Session, SessionId, Token};

/// One request and its response, from [`Sessions::open`](crate::Sessions::open) to [`finish`](Exchange::finish).
///
/// The application gets the [`session`](Exchange::session). Whoever answers the request calls `finish` with the
/// outcome before the first byte of the response, and adds the headers. An exchange that is dropped unfinished,
/// because the handler panicked or was cancelled, stores nothing; a session that the handler had ended is ended all the same.
pub struct Exchange {
    shared: Arc<Shared>,
    finished: bool,
}

impl Exchange {
    pub(crate) fn open(engine: Arc<Engine>, head: &dyn RequestHead) -> Self {
        let mut presented = Presented::default();
        head.header("cookie", &mut |line| engine.cookie.read(line, &mut presented));
        let mount = if engine.cookie.follows_mount() { head.mount().into() } else { Box::default() };
        let plain = engine.watches_for_plain_http() && !head.is_tls() && !crate::head::is_for_this_machine(head);
        let state = Mutex::new(State::default());
        let shared = Shared { engine, presented, mount, plain, turn: Turn::new(()), state };
        Exchange { shared: Arc::new(shared), finished: false }
    }

    /// The session, for the application. It is not loaded yet.
    pub fn session(&self) -> Session {
        Session::new(Arc::clone(&self.shared))
    }

    /// Stores what the request did and says which headers its response gets.
    ///
    /// Once begun it completes: the future goes on in the runtime if it is dropped, as servers do when a client leaves.
    ///
    /// # Errors
    ///
    /// If it could not be stored. The response is then [`Error::refusal`] and not the application's.
    pub fn finish(mut self, outcome: Outcome) -> Finish {
        self.finished = true;
        if !self.shared.state().consulted {
            self.shared.state().stage = Stage::Done;
            return Finish(Finishing::Untouched);
        }
        let shared = Arc::clone(&self.shared);
        let runtime = shared.engine.runtime();
        Finish(Finishing::Storing(Shielded::new(runtime, async move { shared.finish(outcome).await })))
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let ends = {
            let mut state = self.shared.state();
            state.stage = Stage::Done;
            state.ending.is_some()
        };
        if ends {
            let shared = Arc::clone(&self.shared);
            let runtime = shared.engine.runtime();
            runtime.spawn(Box::pin(async move { drop(shared.finish(Outcome::Discard).await) }));
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}

/// The future of [`Exchange::finish`].
#[derive(Debug)]
#[must_use = "nothing is stored before it is awaited or dropped"]
pub struct Finish(Finishing);

#[derive(Debug)]
enum Finishing {
    /// Nobody asked for the session: nothing to do.
    Untouched,
    /// The session was consulted: there may be something to store, and there are headers to send.
    Storing(Shielded<Result<ReplyHeaders, Error>>),
}

impl Future for Finish {
    type Output = Result<ReplyHeaders, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Finishing::Untouched => Poll::Ready(Ok(ReplyHeaders::default())),
            Finishing::Storing(storing) => Pin::new(storing).poll(context),
        }
    }
}

/// What an exchange and the sessions it handed out have in common.
pub(crate) struct Shared {
    pub(crate) engine: Arc<Engine>,
    presented: Presented,
    mount: Box<str>,
    /// The request came over plain HTTP from another machine.
    plain: bool,
    /// Loading, saving and finishing happen one after the other.
    turn: Turn<()>,
    state: Mutex<State>,
}

/// How far an exchange has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    #[default]
    Unloaded,
    Open,
    Done,
}

/// What is known of the session during an exchange.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) stage: Stage,
    /// Somebody asked for the session, whether or not it could be loaded.
    consulted: bool,
    /// What is stored, as last seen; `None`: no session, or one that begins with this request.
    pub(crate) base: Option<Arc<Base>>,
    /// What the request did and has not stored yet.
    pub(crate) edits: Edits,
    /// Base and edits together, once there are edits.
    draft: Option<Content>,
    /// A session that is to end with this request.
    pub(crate) ending: Option<SessionId>,
    /// The session ended or changed hands meanwhile: edits are void.
    gone: bool,
    /// The request presented a living session with something in it.
    pub(crate) found: bool,
    /// The response so far.
    token_change: Option<TokenReply>,
}

/// What the response says of the token.
#[derive(Debug)]
enum TokenReply {
    HandOut(Token, Option<std::time::Duration>),
    TakeBack,
}

impl State {
    /// The content as the handler sees it.
    pub(crate) fn content(&self) -> Option<&Content> {
        self.draft.as_ref().or(self.base.as_ref().map(|base| &base.record.content))
    }

    /// Applies an edit to what the handler sees, and remembers it.
    pub(crate) fn edit(&mut self, edit: Edit) -> Result<(), Error> {
        if self.draft.is_none() {
            self.draft = Some(self.content().cloned().unwrap_or_default());
        }
        if let Some(draft) = &mut self.draft {
            edit.apply(draft).map_err(Error::Value)?;
        }
        self.edits.push(edit);
        Ok(())
    }

    /// Ends the session that the request presented or began; what follows begins a new one.
    pub(crate) fn invalidate(&mut self) {
        if let Some(base) = self.base.take() {
            self.ending = Some(*base.token.id());
        }
        *self = State {
            stage: self.stage,
            consulted: self.consulted,
            ending: self.ending,
            token_change: self.token_change.take(),
            ..State::default()
        };
    }

    fn rebase(&mut self, base: Option<Arc<Base>>) -> Result<(), Error> {
        self.base = base;
        self.draft = None;
        if !self.edits.is_empty() {
            let mut draft = self.content().cloned().unwrap_or_default();
            let replayed = self.edits.replay(&mut draft).map_err(Error::Value);
            self.draft = Some(draft);
            return replayed;
        }
        Ok(())
    }
}

impl Shared {
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
        if self.presented.malformed {
            self.engine.events.report(Event::MalformedToken);
        }
        let mut first: Option<Base> = None;
        for token in &self.presented.tokens {
            let Some(base) = self.find(token).await? else { continue };
            match &first {
                None => first = Some(base),
                Some(first) if first.token.id() == token.id() => {}
                // Emptied, and kept a moment for requests in flight: any session with something in it comes first.
                Some(empty) if empty.record.content.is_empty() => first = Some(base),
                Some(_) if base.record.content.is_empty() => {}
                Some(_) => self.engine.events.report(Event::SecondSession(*token.id())),
            }
        }
        let mut state = self.state();
        if state.stage == Stage::Done {
            return Err(Error::TooLate);
        }
        state.found = first.as_ref().is_some_and(|base| !base.record.content.is_empty());
        state.base = first.map(Arc::new);
        state.stage = Stage::Open;
        Ok(())
    }

    /// The living session that a token opens.
    async fn find(&self, token: &Token) -> Result<Option<Base>, Error> {
        let engine = &self.engine;
        let id = *token.id();
        let stored = match engine.store.load(&id).await {
            Ok(Some(stored)) => stored,
            Ok(None) => {
                engine.events.report(Event::UnknownToken(id));
                return Ok(None);
            }
            Err(StoreError::Corrupt(error)) => return engine.corrupt(id, error).map(|()| None),
            Err(error) => return Err(error.into()),
        };
        let base = match read(token.clone(), stored) {
            Ok(base) => base,
            Err(error) => return engine.corrupt(id, error).map(|()| None),
        };
        if base.record.digest != token.digest(&engine.namespace) {
            engine.events.report(Event::WrongSecret(id));
            return Ok(None);
        }
        Ok(Some(base))
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
            Ok(Some(stored)) => read(base.token.clone(), stored).map_err(|error| self.engine.corrupt(id, error)),
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

    async fn finish(&self, outcome: Outcome) -> Result<ReplyHeaders, Error> {
        let _turn = self.turn.lock().await;
        {
            let mut state = self.state();
            state.stage = Stage::Done;
            if outcome == Outcome::Discard {
                state.edits = Edits::default();
                state.draft = None;
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
        ReplyHeaders { set_cookie, vary: Some(http::HeaderValue::from_static("Cookie")) }
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

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("stage", &self.state().stage).finish_non_exhaustive()
    }
}
