//! Loading a visit's session, once.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::Error;
use crate::load::{Loaded, Search};
use crate::policy::OnStoreFailure;
use crate::state::Stage;
use crate::store::BoxFuture;
use crate::turn::Turn;
use crate::visit::Visit;

/// The future of [`Session::load`](crate::Session::load).
#[must_use = "what is loaded may have to be waited for"]
pub struct Load<'a>(Loading<'a>);

enum Loading<'a> {
    /// It was at hand, or is not to be had.
    Done(Result<(), Error>),
    /// In a box: what few requests do shall not make the future of every request large.
    Waiting(BoxFuture<'a, Result<(), Error>>),
    Over,
}

impl<'a> Load<'a> {
    fn done(done: Result<(), Error>) -> Self {
        Load(Loading::Done(done))
    }

    fn waiting(future: impl Future<Output = Result<(), Error>> + Send + 'a) -> Self {
        Load(Loading::Waiting(Box::pin(future)))
    }
}

impl Visit {
    /// Loads the session, if nobody has yet: at once where the store is at hand.
    pub(crate) fn load(&self) -> Load<'_> {
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
            Some(Stage::Open) => return Load::done(Ok(())),
            Some(Stage::Done) => return Load::done(Err(Error::TooLate)),
            // Another handle is loading it: as soon as that came to an end.
            Some(Stage::Unloaded) => {
                return Load::waiting(async move {
                    drop(self.turn().await);
                    self.load().await
                });
            }
        };
        let mut search = Search::new(&self.engine, &self.presented);
        match search.at_once() {
            Some(found) => Load::done(self.take_up(turn, found, &mut search.loaded)),
            None => Load::waiting(async move {
                let found = search.patiently().await;
                self.take_up(turn, found, &mut search.loaded)
            }),
        }
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

impl Future for Load<'_> {
    type Output = Result<(), Error>;

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

impl fmt::Debug for Load<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load").finish_non_exhaustive()
    }
}
