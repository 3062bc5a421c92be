//! The future of a request inside of the layer: first the service's answer, then what the session's end makes of it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body_util::Either;
use pin_project_lite::pin_project;
use webstack_core::app::{Body, IntoResponse as _};
use webstack_core::{Error, Exchange, Finish, Outcome, ReplyHeaders};

/// The body of a response: the inner service's, or that of a [refusal](webstack_core::Refusal).
pub type ReplyBody<B> = Either<B, Body>;

type Answer<B, E> = Result<Response<ReplyBody<B>>, E>;

pin_project! {
    /// The future of [`SessionService`](crate::SessionService).
    pub struct SessionFuture<F, B, E> {
        #[pin]
        stage: Stage<F, B, E>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F, B, E> {
        // An outer layer of the same sessions sees to them.
        Passing { #[pin] inner: F },
        // Whether the application is called at all is not known yet.
        Asking { asking: Pin<Box<dyn Future<Output = Answer<B, E>> + Send>> },
        Answering { exchange: Option<Exchange>, #[pin] inner: F },
        Finishing { finish: Finish, answer: Option<Result<Response<B>, E>> },
        Done,
    }
}

impl<F, B, E> SessionFuture<F, B, E> {
    pub(crate) fn passing(inner: F) -> Self {
        SessionFuture { stage: Stage::Passing { inner } }
    }

    pub(crate) fn asking(asking: Pin<Box<dyn Future<Output = Answer<B, E>> + Send>>) -> Self {
        SessionFuture { stage: Stage::Asking { asking } }
    }

    pub(crate) fn answering(exchange: Exchange, inner: F) -> Self {
        SessionFuture { stage: Stage::Answering { exchange: Some(exchange), inner } }
    }
}

impl<F, B, E> Future for SessionFuture<F, B, E>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Answer<B, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stage = self.project().stage;
        match stage.as_mut().project() {
            StageProjection::Passing { inner } => inner.poll(context).map_ok(|response| response.map(Either::Left)),
            StageProjection::Asking { asking } => asking.as_mut().poll(context),
            StageProjection::Answering { exchange, inner } => {
                let answer = ready!(inner.poll(context));
                let exchange = exchange.take().expect("it is taken here, and this stage is left then");
                let outcome = match &answer {
                    Ok(response) => Outcome::of_status(response.status().as_u16()),
                    // What it becomes is decided outside, without the session's headers.
                    Err(_) => Outcome::Discard,
                };
                let mut finish = exchange.finish(outcome);
                // At once, as a rule: most requests have nothing to store.
                let finished = Pin::new(&mut finish).poll(context);
                // What the service held is let go.
                match finished {
                    Poll::Ready(finished) => {
                        stage.set(Stage::Done);
                        Poll::Ready(closed(answer, finished))
                    }
                    Poll::Pending => {
                        stage.set(Stage::Finishing { finish, answer: Some(answer) });
                        Poll::Pending
                    }
                }
            }
            StageProjection::Finishing { finish, answer } => {
                let finished = ready!(Pin::new(finish).poll(context));
                Poll::Ready(closed(answer.take().expect("a future is not polled after its end"), finished))
            }
            StageProjection::Done => panic!("a future is not polled after its end"),
        }
    }
}

/// The service's answer, with what the session's end adds to it or puts in its place.
fn closed<B, E>(answer: Result<Response<B>, E>, finished: Result<ReplyHeaders, Error>) -> Answer<B, E> {
    answer.map(|mut response| match finished {
        Ok(headers) => {
            headers.apply(response.headers_mut());
            response.map(Either::Left)
        }
        Err(error) => error.into_response().map(Either::Right),
    })
}

impl<F, B, E> std::fmt::Debug for SessionFuture<F, B, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionFuture").finish_non_exhaustive()
    }
}
