//! The future of a request inside of the layer.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project_lite::pin_project;
use webstack_core::adapter::{Concluding, Conclusion};
use webstack_core::app::IntoResponse as _;
use webstack_core::{Error, Outcome, ReplyHeaders};

use crate::bodies::Bodies;

type Answer<B, E, K> = Result<Response<<K as Bodies<B>>::Body>, E>;
type Asking<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Inner<F, B, E, K> = Concluding<F, Asking<Answer<B, E, K>>, Replying<B, E, K>>;

pin_project! {
    /// The future of [`SessionService`](crate::SessionService).
    pub struct SessionFuture<F, B, E, K: Bodies<B>> {
        #[pin]
        inner: Inner<F, B, E, K>,
    }
}

impl<F, B, E, K: Bodies<B>> SessionFuture<F, B, E, K> {
    pub(crate) fn new(inner: Inner<F, B, E, K>) -> Self {
        SessionFuture { inner }
    }
}

impl<F, B, E, K> Future for SessionFuture<F, B, E, K>
where
    F: Future<Output = Result<Response<B>, E>>,
    K: Bodies<B>,
{
    type Output = Answer<B, E, K>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(context)
    }
}

/// What becomes of a service's answer.
pub(crate) struct Replying<B, E, K>(PhantomData<(B, E, K)>);

impl<B, E, K: Bodies<B>> Conclusion for Replying<B, E, K> {
    type Answer = Result<Response<B>, E>;
    type Reply = Answer<B, E, K>;

    #[inline]
    fn outcome(answer: &Self::Answer) -> Outcome {
        match answer {
            Ok(response) => Outcome::of_status(response.status().as_u16()),
            // What it becomes is decided outside, without the session's headers.
            Err(_) => Outcome::Discard,
        }
    }

    #[inline]
    fn conclude(answer: Self::Answer, finished: Result<ReplyHeaders, Error>) -> Self::Reply {
        let mut response = answer?;
        match finished {
            Ok(headers) => {
                headers.apply(response.headers_mut());
                Ok(response.map(K::of_service))
            }
            Err(error) => Ok(error.into_response().map(K::of_refusal)),
        }
    }

    fn pass(answer: Self::Answer) -> Self::Reply {
        answer.map(|response| response.map(K::of_service))
    }
}

impl<F, B, E, K: Bodies<B>> fmt::Debug for SessionFuture<F, B, E, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionFuture").finish_non_exhaustive()
    }
}
