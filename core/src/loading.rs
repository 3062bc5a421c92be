//! Loading a visit's session, once.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::Error;
use crate::policy::OnStoreFailure;
use crate::search::{Loaded, Search};
use crate::state::Stage;
use crate::store::BoxFuture;
use crate::turn::Turn;
use crate::visit::Visit;

/// The future of [`Session::load`](crate::Session::load).
#[must_use = "what is loaded may have to be waited for"]
pub struct Load(Loading);

enum Loading {
    /// It was at hand, or is not to be had.
    Done(Result<(), Error>),
    /// In a box: what few requests do shall not make the future of every request large.
    Waiting(BoxFuture<'static, Result<(), Error>>),
    Over,
}

impl Load {
    /// Loads the session of a visit, if nobody has yet: at once where the store is at hand.
    #[inline]
    pub(crate) fn of(visit: &Arc<Visit>) -> Self {
        match visit.load_at_once() {
            Ok(done) => Load(Loading::Done(done)),
            Err(search) => {
                let visit = Arc::clone(visit);
                Load(Loading::Waiting(Box::pin(async move { visit.load_patiently(search).await })))
            }
        }
    }

    pub(crate) fn failed(error: Error) -> Self {
        Load(Loading::Done(Err(error)))
    }
}

impl Visit {
    /// Loads the session, unless it has to be waited for; then this is how far the search has come.
    fn load_at_once(&self) -> Result<Result<(), Error>, Box<Search>> {
        let other = {
            let state = &mut *self.state();
            match state.stage {
                Stage::Unloaded if state.turns.take() => {
                    state.consulted = true;
                    None
                }
                stage => Some(stage),
            }
        };
        let turn = match other {
            None => self.taken_turn(),
            Some(Stage::Open) => return Ok(Ok(())),
            Some(Stage::Done) => return Ok(Err(Error::TooLate)),
            // Another handle is loading it.
            Some(Stage::Unloaded) => return Err(Box::default()),
        };
        let mut search = Search::default();
        match search.at_once(&self.engine, &self.presented) {
            Some(found) => Ok(self.take_up(turn, found, &mut search.loaded)),
            None => Err(Box::new(search)),
        }
    }

    /// Loads the session in its turn, if nobody has by then.
    pub(crate) async fn load_patiently(&self, mut search: Box<Search>) -> Result<(), Error> {
        let (turn, stage) = self
            .turn_to(|state| {
                state.consulted = true;
                state.stage
            })
            .await;
        match stage {
            Stage::Unloaded => {}
            Stage::Open => return Ok(()),
            Stage::Done => return Err(Error::TooLate),
        }
        let found = search.patiently(&self.engine, &self.presented).await;
        self.take_up(turn, found, &mut search.loaded)
    }

    #[inline]
    fn take_up(&self, turn: Turn<'_>, found: Result<(), Error>, loaded: &mut Loaded) -> Result<(), Error> {
        match found {
            Ok(()) => turn.end_with(|state| state.take_up(loaded)),
            Err(error) if self.engine.policies.store_failure == OnStoreFailure::Anonymous => {
                self.report_failure(&error);
                turn.end_with(|state| {
                    state.is_adrift = true;
                    state.stage = if state.stage == Stage::Done { Stage::Done } else { Stage::Open };
                });
                Ok(())
            }
            Err(error) => {
                drop(turn);
                self.report_failure(&error);
                Err(error)
            }
        }
    }
}

impl Future for Load {
    type Output = Result<(), Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Loading::Waiting(waiting) = &mut self.0 {
            return waiting.as_mut().poll(context);
        }
        match mem::replace(&mut self.0, Loading::Over) {
            Loading::Done(done) => Poll::Ready(done),
            _ => panic!("a future is not polled after its end"),
        }
    }
}

impl fmt::Debug for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load").finish_non_exhaustive()
    }
}
