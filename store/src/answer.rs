//! What an operation of a store answers: at once, or later.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::{BoxFuture, StoreError};

/// What an operation of a [`Store`](crate::Store) answers; a future, so that it is awaited.
///
/// A store that need not wait for anybody answers at once, and nothing is put into a box for that.
///
/// ```
/// use webstack_store::{Created, Removed, StoreAnswer, StoreError, Version};
/// # webstack_core::runtime::block_on(async {
/// let at_once = StoreAnswer::ready(Ok(Removed::Absent));
/// assert!(matches!(at_once.await, Ok(Removed::Absent)));
///
/// let later = StoreAnswer::later(async { Ok(Created::New(Version::new(1))) });
/// assert!(matches!(later.await, Ok(Created::New(_))));
/// # });
/// ```
#[must_use = "an operation is only sure to be done when its answer has been awaited"]
pub struct StoreAnswer<'a, T>(Stage<'a, T>);

enum Stage<'a, T> {
    Ready(Result<T, StoreError>),
    Later(BoxFuture<'a, Result<T, StoreError>>),
    Taken,
}

impl<'a, T> StoreAnswer<'a, T> {
    /// The operation is done, and this is its answer.
    pub const fn ready(answer: Result<T, StoreError>) -> Self {
        StoreAnswer(Stage::Ready(answer))
    }

    /// The operation is done when this future is ready.
    pub fn later(operation: impl Future<Output = Result<T, StoreError>> + Send + 'a) -> Self {
        StoreAnswer(Stage::Later(Box::pin(operation)))
    }
}

// What it answers is moved out and never pinned.
impl<T> Unpin for StoreAnswer<'_, T> {}

impl<T> Future for StoreAnswer<'_, T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Stage::Later(operation) = &mut self.0 {
            return operation.as_mut().poll(context);
        }
        match std::mem::replace(&mut self.0, Stage::Taken) {
            Stage::Ready(answer) => Poll::Ready(answer),
            _ => panic!("a future is not polled after its end"),
        }
    }
}

impl<T> fmt::Debug for StoreAnswer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreAnswer").field("is_ready", &matches!(self.0, Stage::Ready(_))).finish_non_exhaustive()
    }
}
