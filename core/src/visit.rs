//! A visit: what an exchange and the sessions it handed out have in common. It loads once and stores in turn.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

use triomphe::{Arc, UniqueArc};

use crate::Error;
use crate::base::look;
use crate::call::Call;
use crate::carrier::TokenReply;
use crate::commit::commit;
use crate::content::View;
use crate::edits::{Edit, Edits};
use crate::ending::end;
use crate::events::Event;
use crate::held::Held;
use crate::state::{Stage, State};
use crate::store::Removed;

/// One request's dealings with its session.
pub(crate) struct Visit {
    pub(crate) call: Call,
    /// Somebody asked for the session, whether or not it could be loaded.
    pub(crate) consulted: AtomicBool,
    state: Mutex<State>,
}

impl Visit {
    #[inline]
    pub(crate) fn new(call: Call) -> UniqueArc<Self> {
        UniqueArc::new(Visit { call, consulted: AtomicBool::new(false), state: Mutex::default() })
    }

    /// What is known of the request, and the state of a visit that is at its end.
    #[inline]
    pub(crate) fn at_its_end(visit: &mut Arc<Self>) -> (&Call, Held<'_>) {
        if !visit.is_unique() {
            return (&visit.call, Held::of(&visit.state));
        }
        let Visit { call, state, .. } = Arc::get_mut(visit).expect("nobody else has it");
        (call, Held::Alone(state.get_mut().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Ends the visit without storing anything; true if there is something to be done all the same.
    pub(crate) fn abandon(&self) -> bool {
        let mut state = self.state();
        state.stage = Stage::Done;
        let has_only_looked = state.draft().is_none() && !state.has_duties() && !state.turn_is_taken;
        !has_only_looked && Self::give_up(state)
    }

    /// Lets go of what was to be stored; true if there is something to be done all the same.
    #[cold]
    fn give_up(mut state: MutexGuard<'_, State>) -> bool {
        // What another handle is storing may belong to a session that has ended meanwhile.
        let has_duties = state.has_duties() || (state.turn_is_taken && state.incarnation > 0);
        let spent = state.take_draft();
        drop(state);
        // What is in it of the application's may look at the session while it goes.
        drop(spent);
        has_duties
    }

    #[inline]
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores what was done so far, in its turn.
    pub(crate) async fn save(&self) -> Result<(), Error> {
        let _turn = self.turn().await;
        drop(self.open()?);
        self.store().await
    }

    /// Applies one edit, and stores it together with all that came before; then looks at what is stored.
    pub(crate) async fn apply<T>(
        &self,
        edit: Edit,
        look: impl FnOnce(View<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _turn = self.turn().await;
        let (index, incarnation, reverts) = {
            let mut state = self.open()?;
            state.edit(edit)?;
            let count = state.edits().map_or(0, Edits::len);
            (count - 1, state.incarnation, state.reverts)
        };
        if let Err(error) = self.store().await {
            let mut state = self.state();
            let is_there = (state.incarnation, state.reverts) == (incarnation, reverts)
                && !matches!(error, Error::Gone | Error::LockLost);
            let spent = if is_there { state.withdraw(index) } else { None };
            drop(state);
            drop(spent);
            return Err(error);
        }
        let state = self.state();
        look(state.base.as_ref().map_or(View::of_nothing(), |base| base.record.view()))
    }

    /// Sees what others stored meanwhile, under the edits of this request.
    pub(crate) async fn reload(&self) -> Result<(), Error> {
        let _turn = self.turn().await;
        let (base, incarnation) = {
            let state = self.open()?;
            (state.base.clone(), state.incarnation)
        };
        let Some(base) = base else { return Ok(()) };
        let found = look(&self.call.engine, &base).await.inspect_err(|error| self.call.report_failure(error));
        let mut state = self.state();
        if state.incarnation != incarnation {
            return Err(Error::Gone);
        }
        match found? {
            Some(found) if found.record.head().epoch() == base.record.head().epoch() => state.rebase(Some(found)),
            _ => {
                state.gone = true;
                drop(state);
                self.call.engine.events.report(Event::Gone(*base.token.id()));
                Err(Error::Gone)
            }
        }
    }

    /// Ends what is to end, then commits the edits. The caller has the turn.
    pub(crate) async fn store(&self) -> Result<(), Error> {
        self.store_once().await.inspect_err(|error| self.call.report_failure(error))
    }

    async fn store_once(&self) -> Result<(), Error> {
        let mut work = loop {
            let work = self.state().next_work()?;
            match work {
                Some(work) => break work,
                None => Box::pin(self.end_sessions()).await?,
            };
        };
        let committed = commit(&self.call.engine, &mut work).await;
        let settled = self.state().settle(&mut work, committed);
        // What is in it of the application's may look at the session while it goes.
        drop(work);
        settled
    }

    /// Ends the sessions that are to end, whatever anybody else does with them; returns how many it ended.
    pub(crate) async fn end_sessions(&self) -> Result<u64, Error> {
        let mut ended = 0;
        let ending = self.state().seldom.ending.clone();
        for (index, id) in ending.into_iter().enumerate() {
            let removed = end(&self.call.engine, &id).await?;
            let mut state = self.state();
            let unusual = state.seldom.get_or_default();
            unusual.ending.retain(|other| *other != id);
            if index == 0 {
                // Whatever was to be told of a token concerned a session that is ended now.
                unusual.token_change = None;
            }
            if removed == Removed::Removed {
                ended += 1;
                unusual.token_change = Some(TokenReply::take_back());
            }
        }
        Ok(ended)
    }

    /// The state, if the session may be used now.
    #[inline]
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
