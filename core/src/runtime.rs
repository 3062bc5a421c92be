//! Waiting and shielding, without naming a runtime.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use crate::store::BoxFuture;

/// What the engine needs of a runtime: a timer, and a place where a future runs to its end.
///
/// The adapters of asynchronous frameworks hand in theirs ([`Tokio`], feature `tokio`); without one, [`Blocking`] does.
pub trait Runtime: fmt::Debug + Send + Sync + 'static {
    /// Ready after this time.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Runs a future to its end, whoever lost interest in it.
    fn spawn(&self, future: BoxFuture<'static, ()>);
}

/// No runtime: waiting blocks the thread, and a spawned future runs to its end at once.
///
/// Right for CGI programs, command lines and tests; wrong inside an asynchronous server.
///
/// ```
/// use webstack_core::runtime::{Blocking, Runtime, block_on};
///
/// block_on(Blocking.sleep(std::time::Duration::from_millis(1)));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Blocking;

impl Runtime for Blocking {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async move { std::thread::sleep(duration) })
    }

    fn spawn(&self, future: BoxFuture<'static, ()>) {
        block_on(future);
    }
}

/// tokio's timers and tasks.
///
/// # Panics
///
/// As tokio's own timers do, `sleep` panics outside a runtime with time enabled. `spawn` does not: outside a runtime it
/// runs the future on the spot.
#[cfg(feature = "tokio")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokio;

#[cfg(feature = "tokio")]
impl Runtime for Tokio {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async move { tokio::time::sleep(duration).await })
    }

    fn spawn(&self, future: BoxFuture<'static, ()>) {
        match tokio::runtime::Handle::try_current() {
            Ok(handle) => drop(handle.spawn(future)),
            Err(_) => block_on(future),
        }
    }
}

/// Runs a future to its end on this thread.
///
/// ```
/// assert_eq!(webstack_core::runtime::block_on(async { 6 * 7 }), 42);
/// ```
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A future that is not interrupted: dropped while pending, it goes on in the runtime.
///
/// It is polled in place, so the ordinary request, which waits for it, pays nothing for the shield.
#[must_use = "nothing is done before it is awaited"]
pub(crate) struct Shielded<T: Send + 'static> {
    future: Option<BoxFuture<'static, T>>,
    runtime: Arc<dyn Runtime>,
}

impl<T: Send + 'static> Shielded<T> {
    pub(crate) fn new(runtime: Arc<dyn Runtime>, future: impl Future<Output = T> + Send + 'static) -> Self {
        Shielded { future: Some(Box::pin(future)), runtime }
    }
}

impl<T: Send + 'static> Future for Shielded<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(future) = self.future.as_mut() else { return Poll::Pending };
        let polled = future.as_mut().poll(context);
        if polled.is_ready() {
            self.future = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Shielded<T> {
    fn drop(&mut self) {
        if let Some(future) = self.future.take() {
            self.runtime.spawn(Box::pin(async move { drop(future.await) }));
        }
    }
}

impl<T: Send + 'static> fmt::Debug for Shielded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shielded").finish_non_exhaustive()
    }
}
