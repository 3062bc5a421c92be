//! The future of a request inside of the layer: first the service's answer, then what the session's end makes of it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use webstack_core::app::IntoResponse as _;
use webstack_core::{Error, Exchange, Finish, Outcome, ReplyHeaders};

use crate::bodies::Bodies;

type Answer<B, E, K> = Result<Response<<K as Bodies<B>>::Body>, E>;

pin_project! {
    /// The future of [`SessionService`](crate::SessionService).
    pub struct SessionFuture<F, B, E, K: Bodies<B>> {
        #[pin]
        stage: Stage<F, B, E, K>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F, B, E, K: Bodies<B>> {
        // An outer layer of the same sessions sees to them.
        Passing { #[pin] inner: F },
        // Whether the application is called at all is not known yet.
        Asking { asking: Pin<Box<dyn Future<Output = Answer<B, E, K>> + Send>> },
        Answering { exchange: Option<Exchange>, #[pin] inner: F },
        Finishing { finish: Finish, answer: Option<Result<Response<B>, E>> },
    }
}

impl<F, B, E, K: Bodies<B>> SessionFuture<F, B, E, K> {
    pub(crate) fn passing(inner: F) -> Self {
        SessionFuture { stage: Stage::Passing { inner } }
    }

    pub(crate) fn asking(asking: Pin<Box<dyn Future<Output = Answer<B, E, K>> + Send>>) -> Self {
        SessionFuture { stage: Stage::Asking { asking } }
    }

    pub(crate) fn answering(exchange: Exchange, inner: F) -> Self {
        SessionFuture { stage: Stage::Answering { exchange: Some(exchange), inner } }
    }
}

impl<F, B, E, K> Future for SessionFuture<F, B, E, K>
where
    F: Future<Output = Result<Response<B>, E>>,
    K: Bodies<B>,
{
    type Output = Answer<B, E, K>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stage = self.project().stage;
        loop {
            match stage.as_mut().project() {
                StageProjection::Passing { inner } => {
                    return inner.poll(context).map_ok(|response| response.map(K::of_service));
                }
                StageProjection::Asking { asking } => return asking.as_mut().poll(context),
                StageProjection::Answering { exchange, inner } => {
                    let answer = ready!(inner.poll(context));
                    let exchange = exchange.take().expect("a future is not polled after its end");
                    let outcome = match &answer {
                        Ok(response) => Outcome::of_status(response.status().as_u16()),
                        // What it becomes is decided outside, without the session's headers.
                        Err(_) => Outcome::Discard,
                    };
                    match exchange.finish(outcome).at_once() {
                        // As a rule: most requests have nothing to store, and most stores are at hand.
                        Ok(finished) => return Poll::Ready(closed::<B, E, K>(answer, finished)),
                        // What the service held is let go.
                        Err(finish) => stage.set(Stage::Finishing { finish, answer: Some(answer) }),
                    }
                }
                StageProjection::Finishing { finish, answer } => {
                    let finished = ready!(Pin::new(finish).poll(context));
                    let answer = answer.take().expect("a future is not polled after its end");
                    return Poll::Ready(closed::<B, E, K>(answer, finished));
                }
            }
        }
    }
}

/// The service's answer, with what the session's end adds to it or puts in its place.
#[inline(always)]
fn closed<B, E, K: Bodies<B>>(
    answer: Result<Response<B>, E>,
    finished: Result<ReplyHeaders, Error>,
) -> Answer<B, E, K> {
    let mut response = answer?;
    match finished {
        Ok(headers) => {
            headers.apply(response.headers_mut());
            Ok(response.map(K::of_service))
        }
        Err(error) => Ok(error.into_response().map(K::of_refusal)),
    }
}

impl<F, B, E, K: Bodies<B>> std::fmt::Debug for SessionFuture<F, B, E, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionFuture").finish_non_exhaustive()
    }
}
