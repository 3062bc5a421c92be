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
        Done,
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
        match stage.as_mut().project() {
            StageProjection::Passing { inner } => inner.poll(context).map_ok(|response| response.map(K::of_service)),
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
                        Poll::Ready(closed::<B, E, K>(answer, finished))
                    }
                    Poll::Pending => {
                        stage.set(Stage::Finishing { finish, answer: Some(answer) });
                        Poll::Pending
                    }
                }
            }
            StageProjection::Finishing { finish, answer } => {
                let finished = ready!(Pin::new(finish).poll(context));
                Poll::Ready(closed::<B, E, K>(answer.take().expect("a future is not polled after its end"), finished))
            }
            StageProjection::Done => panic!("a future is not polled after its end"),
        }
    }
}

/// The service's answer, with what the session's end adds to it or puts in its place.
fn closed<B, E, K: Bodies<B>>(
    answer: Result<Response<B>, E>,
    finished: Result<ReplyHeaders, Error>,
) -> Answer<B, E, K> {
    answer.map(|mut response| match finished {
        Ok(headers) => {
            headers.apply(response.headers_mut());
            response.map(K::of_service)
        }
        Err(error) => error.into_response().map(K::of_refusal),
    })
}

impl<F, B, E, K: Bodies<B>> std::fmt::Debug for SessionFuture<F, B, E, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionFuture").finish_non_exhaustive()
    }
}
