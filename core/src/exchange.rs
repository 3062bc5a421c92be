//! One request and its response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use triomphe::Arc;

use crate::call::Call;
use crate::engine::Engine;
use crate::runtime::Shielded;
use crate::state::Stage;
use crate::visit::Visit;
use crate::{Error, Outcome, Refusal, ReplyHeaders, RequestHead, Session};

/// One request and its response, from [`Sessions::open`](crate::Sessions::open) to [`finish`](Exchange::finish).
///
/// The application gets the [`session`](Exchange::session). Whoever answers the request calls `finish` with the
/// outcome before the first byte of the response, and adds the headers. An exchange that is dropped unfinished,
/// because the handler panicked or was cancelled, stores nothing; a session that the handler had ended is ended all the same.
pub struct Exchange {
    /// Nothing as soon as it is finished.
    visit: Option<Arc<Visit>>,
}

impl Exchange {
    #[inline]
    pub(crate) fn of_request(engine: std::sync::Arc<Engine>, head: &dyn RequestHead) -> Self {
        let mut visit = Visit::new(Call::of_request(engine, head));
        // Where they are to stay: it is large, and not to be moved for nothing.
        visit.call.take_tokens(head);
        Exchange { visit: Some(visit.shareable()) }
    }

    pub(crate) fn by_token(engine: std::sync::Arc<Engine>, text: Option<&str>) -> Self {
        Exchange { visit: Some(Visit::new(Call::by_token(engine, text)).shareable()) }
    }

    #[inline]
    fn visit(&self) -> &Arc<Visit> {
        self.visit.as_ref().expect(UNFINISHED)
    }

    /// The session, for the application. It is not loaded yet.
    pub fn session(&self) -> Session {
        Session::new(Arc::clone(self.visit()))
    }

    /// True if [`preempt`](Exchange::preempt) may have an answer. If not, nothing need be asked.
    pub fn may_preempt(&self) -> bool {
        self.visit().may_redirect()
    }

    /// What is to be answered in place of the application, which is then not called; asked before it is.
    ///
    /// Where URLs carry the token, a GET or HEAD without one is sent to the same URL with a ticket.
    pub async fn preempt(&self) -> Option<Refusal> {
        match self.visit().redirect().await {
            Ok(url) => url.map(|url| Refusal::redirect(&url)),
            Err(error) => Some(error.refusal()),
        }
    }

    /// Stores what the request did and says which headers its response gets: at once where the store is at hand, else when the
    /// future is awaited.
    ///
    /// It completes, whoever loses interest: a future that is dropped, as servers do when a client leaves, goes on in the runtime.
    ///
    /// # Errors
    ///
    /// If it could not be stored. The response is then [`Error::refusal`] and not the application's.
    #[inline]
    pub fn finish(mut self, outcome: Outcome) -> Finish {
        let mut visit = self.visit.take().expect(UNFINISHED);
        let consulted = visit.consulted.load(Ordering::Relaxed);
        let (call, mut state) = Visit::at_its_end(&mut visit);
        if !consulted {
            state.stage = Stage::Done;
            // Its URL may hold a token all the same.
            return Finish(Finishing::Done(Ok(call.engine.carriers.untouched_reply.clone())));
        }
        match call.finish_at_once(state, outcome) {
            Some(finished) => Finish(Finishing::Done(finished)),
            None => Self::finish_patiently(visit, outcome),
        }
    }

    #[inline(never)]
    fn finish_patiently(visit: Arc<Visit>, outcome: Outcome) -> Finish {
        let runtime = visit.call.engine.runtime();
        Finish(Finishing::Storing(Shielded::new(runtime, async move { visit.finish(outcome).await })))
    }
}

/// Whoever has it has not finished it: that takes it.
const UNFINISHED: &str = "it is not finished";

impl Drop for Exchange {
    #[inline]
    fn drop(&mut self) {
        if let Some(visit) = self.visit.take() {
            abandon(visit);
        }
    }
}

/// Nobody finishes it: nothing is stored, and what must end is ended.
#[inline(never)]
fn abandon(visit: Arc<Visit>) {
    if visit.abandon() {
        let runtime = visit.call.engine.runtime();
        runtime.spawn(Box::pin(async move { drop(visit.finish(Outcome::Discard).await) }));
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}

/// The future of [`Exchange::finish`].
#[derive(Debug)]
#[must_use = "what is stored may have to be waited for, and the response needs its headers"]
pub struct Finish(Finishing);

impl Finish {
    /// What it comes to, if nothing has to be waited for; else the future itself, to be awaited. For adapters that can save a future
    /// of their own by that.
    ///
    /// # Errors
    ///
    /// The outer one is no failure, and nothing is lost by it: it is the future. The inner one is what [`Exchange::finish`] says.
    ///
    /// ```
    /// use webstack_core::{Outcome, Sessions, runtime::block_on, store::MemoryStore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
    /// let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
    /// let exchange = sessions.open(&http::Request::new(()));
    /// let finished = match exchange.finish(Outcome::Keep).at_once() {
    ///     Ok(finished) => finished,
    ///     Err(finish) => finish.await,
    /// };
    /// assert_eq!(finished?.iter().count(), 0);
    /// # Ok(()) }) }
    /// ```
    #[inline]
    pub fn at_once(self) -> Result<Result<ReplyHeaders, Error>, Self> {
        match self.0 {
            Finishing::Done(finished) => Ok(finished),
            waiting => Err(Finish(waiting)),
        }
    }
}

#[derive(Debug)]
enum Finishing {
    /// There was nothing to store, or it is stored.
    Done(Result<ReplyHeaders, Error>),
    /// There is something to store, or may be.
    Storing(Shielded<Result<ReplyHeaders, Error>>),
    Over,
}

impl Future for Finish {
    type Output = Result<ReplyHeaders, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Finishing::Storing(storing) = &mut self.0 {
            return Pin::new(storing).poll(context);
        }
        match std::mem::replace(&mut self.0, Finishing::Over) {
            Finishing::Done(finished) => Poll::Ready(finished),
            _ => panic!("a future is not polled after its end"),
        }
    }
}
