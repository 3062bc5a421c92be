//! The future of a request: first the application's answer, then what the session's end makes of it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::{Error, Exchange, Finish, Outcome, ReplyHeaders};

/// What an environment makes of an application's answer when the exchange around it ends.
pub trait Conclusion {
    /// What the application answers; where it may be an error, that as well.
    type Answer;

    /// What goes out.
    type Reply;

    /// The outcome of a request that is answered so, by the final status. An answer that becomes a response later, with a status that
    /// cannot be known, is [`Outcome::Discard`].
    fn outcome(answer: &Self::Answer) -> Outcome;

    /// The answer with the headers that are to be added to it; or, in place of the whole answer, what [`Error::refusal`] says: what the
    /// application says may rest on what was not stored.
    fn conclude(answer: Self::Answer, finished: Result<ReplyHeaders, Error>) -> Self::Reply;

    /// An answer that a middleware of the same sessions further outside concludes: nothing is added.
    fn pass(answer: Self::Answer) -> Self::Reply;
}

pin_project! {
    /// The future of a request with an exchange around it: the application's answer is waited for, and concluded.
    ///
    /// `F` is the application's future. `A` is used only where the engine has to be asked first ([`Exchange::may_preempt`]); if that is never
    /// so, write `Pending<_>`. Dropped before the application has answered, it stores nothing, and a logout holds; dropped later, what is
    /// stored goes on to its end. The application's future is let go of before anything is stored.
    ///
    /// # Panics
    ///
    /// If it is polled after its end.
    ///
    /// ```
    /// use std::future::Pending;
    ///
    /// use http::{Request, Response};
    /// use webstack_core::adapter::{Concluding, Conclusion};
    /// use webstack_core::{Error, Outcome, ReplyHeaders, Sessions, runtime::block_on, store::MemoryStore};
    ///
    /// struct Plain;
    ///
    /// impl Conclusion for Plain {
    ///     type Answer = Response<&'static str>;
    ///     type Reply = Result<Response<&'static str>, Error>;
    ///
    ///     fn outcome(answer: &Self::Answer) -> Outcome {
    ///         Outcome::of_status(answer.status().as_u16())
    ///     }
    ///
    ///     fn conclude(mut answer: Self::Answer, finished: Result<ReplyHeaders, Error>) -> Self::Reply {
    ///         finished?.apply(answer.headers_mut());
    ///         Ok(answer)
    ///     }
    ///
    ///     fn pass(answer: Self::Answer) -> Self::Reply {
    ///         Ok(answer)
    ///     }
    /// }
    ///
    /// let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
    /// let exchange = sessions.open(&Request::new(()));
    /// let session = exchange.session();
    /// let handler = async move {
    ///     session.load().await.unwrap();
    ///     session.insert("name", "Ada").unwrap();
    ///     Response::new("hello")
    /// };
    /// let request = Concluding::<_, Pending<_>, Plain>::answering(exchange, handler);
    /// assert!(block_on(request)?.headers().contains_key("set-cookie"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct Concluding<F, A, C: Conclusion> {
        #[pin]
        stage: Stage<F, A, C>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F, A, C: Conclusion> {
        // A middleware of the same sessions further outside sees to the session.
        Passing { #[pin] inner: F },
        // Whether the application is called at all is not known yet.
        Asking { #[pin] asking: A },
        // In this order: the application is let go of before the exchange, so what it does while it goes counts, a logout above all.
        Answering { #[pin] inner: F, exchange: Option<Exchange> },
        Finishing { finish: Finish, answer: Option<C::Answer> },
        Over,
    }
}

impl<F, A, C: Conclusion> Concluding<F, A, C> {
    /// For a request inside of another middleware of the same sessions.
    pub fn passing(inner: F) -> Self {
        Concluding { stage: Stage::Passing { inner } }
    }

    /// For a request that may be answered in the application's place: `asking` awaits [`Exchange::preempt`], and then perhaps an
    /// `answering` of its own.
    pub fn asking(asking: A) -> Self {
        Concluding { stage: Stage::Asking { asking } }
    }

    /// For any other request.
    pub fn answering(exchange: Exchange, inner: F) -> Self {
        Concluding { stage: Stage::Answering { inner, exchange: Some(exchange) } }
    }
}

impl<F, A, C> Future for Concluding<F, A, C>
where
    F: Future<Output = C::Answer>,
    A: Future<Output = C::Reply>,
    C: Conclusion,
{
    type Output = C::Reply;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<C::Reply> {
        let mut stage = self.project().stage;
        loop {
            match stage.as_mut().project() {
                StageProjection::Passing { inner } => return inner.poll(context).map(C::pass),
                StageProjection::Asking { asking } => return asking.poll(context),
                StageProjection::Answering { inner, exchange } => {
                    let answer = ready!(inner.poll(context));
                    let exchange = exchange.take().expect("it is taken here, and this stage is left then");
                    stage.set(Stage::Over);
                    match exchange.finish(C::outcome(&answer)).at_once() {
                        // As a rule: most requests have nothing to store, and most stores are at hand.
                        Ok(finished) => return Poll::Ready(C::conclude(answer, finished)),
                        Err(finish) => stage.set(Stage::Finishing { finish, answer: Some(answer) }),
                    }
                }
                StageProjection::Finishing { finish, answer } => {
                    let finished = ready!(Pin::new(finish).poll(context));
                    let answer = answer.take().expect("it is taken here, and this stage is left then");
                    stage.set(Stage::Over);
                    return Poll::Ready(C::conclude(answer, finished));
                }
                StageProjection::Over => panic!("a future is not polled after its end"),
            }
        }
    }
}

impl<F, A, C: Conclusion> fmt::Debug for Concluding<F, A, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Concluding").finish_non_exhaustive()
    }
}
