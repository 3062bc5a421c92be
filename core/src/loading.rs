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
            Some(done) => Load(Loading::Done(done)),
            None => {
                let visit = Arc::clone(visit);
                Load(Loading::Waiting(Box::pin(async move { visit.load_patiently().await })))
            }
        }
    }

    pub(crate) fn failed(error: Error) -> Self {
        Load(Loading::Done(Err(error)))
    }
}

impl Visit {
    /// Loads the session; `None` if it has to be waited for.
    fn load_at_once(&self) -> Option<Result<(), Error>> {
        let other = {
            let mut state = self.state();
            let is_first = state.stage == Stage::Unloaded && state.seldom.search.is_none() && state.take_turn();
            state.consulted |= is_first;
            (!is_first).then_some(state.stage)
        };
        let turn = match other {
            None => self.taken_turn(),
            Some(Stage::Open) => return Some(Ok(())),
            Some(Stage::Done) => return Some(Err(Error::TooLate)),
            // Another handle is loading it, or has begun to.
            Some(Stage::Unloaded) => return None,
        };
        let mut search = Search::default();
        let Some(found) = search.at_once(&self.engine, &self.presented) else {
            turn.end_with(|state| state.seldom.get_or_default().search = Some(Box::new(search)));
            return None;
        };
        Some(self.take_up(turn, found, &mut search.loaded))
    }

    /// Loads the session in its turn, if nobody has by then.
    pub(crate) async fn load_patiently(&self) -> Result<(), Error> {
        let (turn, (stage, search)) = self
            .turn_to(|state| {
                state.consulted = true;
                (state.stage, state.seldom.get_mut().and_then(|unusual| unusual.search.take()))
            })
            .await;
        match stage {
            Stage::Unloaded => {}
            Stage::Open => return Ok(()),
            Stage::Done => return Err(Error::TooLate),
        }
        let mut search = search.unwrap_or_default();
        let found = search.patiently(&self.engine, &self.presented).await;
        self.take_up(turn, found, &mut search.loaded)
    }

    #[inline]
    fn take_up(&self, turn: Turn<'_>, found: Result<(), Error>, loaded: &mut Loaded) -> Result<(), Error> {
        match found {
            Ok(()) => turn.end_with(|state| state.take_up(loaded)),
            Err(error) if self.engine.policies.store_failure == OnStoreFailure::Anonymous => {
                self.report_failure(&error);
                turn.end_with(|state| match state.stage {
                    Stage::Done => Err(Error::TooLate),
                    _ => {
                        (state.is_adrift, state.stage) = (true, Stage::Open);
                        Ok(())
                    }
                })
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
