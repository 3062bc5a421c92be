//! The future of a request inside of the middleware, and what becomes of the application's answer.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::ServiceResponse;
use pin_project_lite::pin_project;
use webstack_core::adapter::{Concluding, Conclusion};
use webstack_core::{Outcome, ReplyHeaders};

use crate::Error;
use crate::headers::add;

type Answer<B> = Result<ServiceResponse<B>, actix_web::Error>;
type Reply<B> = Answer<EitherBody<B>>;
type Asking<T> = Pin<Box<dyn Future<Output = T>>>;
type Inner<F, B> = Concluding<F, Asking<Reply<B>>, Replying<B>>;

pin_project! {
    /// The future of [`SessionService`](crate::SessionService).
    pub struct SessionFuture<F, B: MessageBody> {
        #[pin]
        inner: Inner<F, B>,
    }
}

impl<F, B: MessageBody> SessionFuture<F, B> {
    pub(crate) fn new(inner: Inner<F, B>) -> Self {
        SessionFuture { inner }
    }
}

impl<F: Future<Output = Answer<B>>, B: MessageBody> Future for SessionFuture<F, B> {
    type Output = Reply<B>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Reply<B>> {
        self.project().inner.poll(context)
    }
}

/// What becomes of an application's answer.
pub(crate) struct Replying<B>(PhantomData<B>);

impl<B: MessageBody> Conclusion for Replying<B> {
    type Answer = Answer<B>;
    type Reply = Reply<B>;

    #[inline]
    fn outcome(answer: &Answer<B>) -> Outcome {
        Outcome::of_status(match answer {
            Ok(response) => response.status().as_u16(),
            Err(error) => error.error_response().status().as_u16(),
        })
    }

    #[inline]
    fn conclude(answer: Answer<B>, finished: Result<ReplyHeaders, webstack_core::Error>) -> Reply<B> {
        let mut response = match answer {
            Ok(response) => response,
            Err(error) => return Err(conclude_error(error, finished)),
        };
        match finished {
            Ok(headers) => {
                add(&headers, response.response_mut());
                Ok(response.map_into_left_body())
            }
            Err(error) => Ok(response.error_response(Error::from(error)).map_into_right_body()),
        }
    }

    fn pass(answer: Answer<B>) -> Reply<B> {
        answer.map(ServiceResponse::map_into_left_body)
    }
}

/// An inner middleware or extractor failed: the reply is made of its error later, and gets its headers then.
fn conclude_error(
    mut error: actix_web::Error,
    finished: Result<ReplyHeaders, webstack_core::Error>,
) -> actix_web::Error {
    match finished {
        Ok(headers) => {
            error.add_response_mapper(move |mut response| {
                add(&headers, &mut response);
                response
            });
            error
        }
        Err(error) => Error::from(error).into(),
    }
}

impl<F, B: MessageBody> fmt::Debug for SessionFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionFuture").finish_non_exhaustive()
    }
}
