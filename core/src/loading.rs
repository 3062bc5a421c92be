//! Loading a visit's session, once.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use triomphe::Arc;

use crate::Error;
use crate::policy::OnStoreFailure;
use crate::search::{Loaded, Search};
use crate::state::Stage;
use crate::store::BoxFuture;
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

    /// What it came to, if nothing has to be waited for; else the future itself.
    #[inline]
    pub(crate) fn at_once(self) -> Result<Result<(), Error>, Self> {
        match self.0 {
            Loading::Done(done) => Ok(done),
            waiting => Err(Load(waiting)),
        }
    }
}

impl Visit {
    /// Loads the session; `None` if it has to be waited for.
    ///
    /// It takes no turn: it only looks, so if two threads of one request should begin at the same moment, both look.
    fn load_at_once(&self) -> Option<Result<(), Error>> {
        if !self.begins_loading() {
            return self.loaded_before();
        }
        let mut search = Search::default();
        let found = search.at_once(&self.call.engine, &self.call.presented);
        let found = found.map(|found| self.judged(found, &mut search.loaded));
        let mut state = self.state();
        let Some(found) = found else {
            state.seldom.get_or_default().search.get_or_insert(Box::new(search));
            return None;
        };
        Some(found.and_then(|()| state.take_up(&mut search.loaded)))
    }

    /// What came of loading it before; `None`: it is being loaded, or has yet to be.
    fn loaded_before(&self) -> Option<Result<(), Error>> {
        match self.state().stage {
            Stage::Open => Some(Ok(())),
            Stage::Done => Some(Err(Error::TooLate)),
            Stage::Unloaded => None,
        }
    }

    /// Loads the session in its turn, if nobody has by then.
    pub(crate) async fn load_patiently(&self) -> Result<(), Error> {
        self.consulted.store(true, Ordering::Relaxed);
        let (turn, (stage, search)) =
            self.turn_to(|state| (state.stage, state.seldom.get_mut().and_then(|unusual| unusual.search.take()))).await;
        match stage {
            Stage::Unloaded => {}
            Stage::Open => return Ok(()),
            Stage::Done => return Err(Error::TooLate),
        }
        let mut search = search.unwrap_or_default();
        let found = search.patiently(&self.call.engine, &self.call.presented).await;
        self.judged(found, &mut search.loaded)?;
        turn.end_with(|state| state.take_up(&mut search.loaded))
    }

    /// True for whoever is the first to load it.
    #[inline]
    fn begins_loading(&self) -> bool {
        let is_first = !self.consulted.load(Ordering::Relaxed);
        if is_first {
            self.consulted.store(true, Ordering::Relaxed);
        }
        is_first
    }

    /// What a search comes to: where the store failed, by policy.
    #[inline]
    fn judged(&self, found: Result<(), Error>, loaded: &mut Loaded) -> Result<(), Error> {
        let Err(error) = found else { return Ok(()) };
        self.call.report_failure(&error);
        match self.call.engine.policies.store_failure {
            OnStoreFailure::Anonymous => {
                *loaded = Loaded::adrift();
                Ok(())
            }
            OnStoreFailure::Fail => Err(error),
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
