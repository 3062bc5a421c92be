//! Waiting and shielding, without naming a runtime.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crate::store::BoxFuture;

/// What the engine needs of a runtime: a timer, and a place where a future runs to its end.
///
/// The adapters of asynchronous frameworks hand in theirs (`Tokio`, with feature `tokio`); without one, [`Blocking`] does.
pub trait Runtime: fmt::Debug + Send + Sync + 'static {
    /// Ready after this time.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Runs a future to its end, whoever lost interest in it.
    fn spawn(&self, future: BoxFuture<'static, ()>);

    /// True if `spawn` returns before the future has ended: there can be a background task.
    fn has_background(&self) -> bool;
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
        let end = Instant::now() + duration;
        Box::pin(std::future::poll_fn(move |_| {
            let now = Instant::now();
            if now >= end {
                return Poll::Ready(());
            }
            if ALARM.get() == Alarm::Nobody {
                std::thread::sleep(end - now);
                return Poll::Ready(());
            }
            if !matches!(ALARM.get(), Alarm::At(set) if set <= end) {
                ALARM.set(Alarm::At(end));
            }
            Poll::Pending
        }))
    }

    fn spawn(&self, future: BoxFuture<'static, ()>) {
        block_on(future);
    }

    fn has_background(&self) -> bool {
        false
    }
}

/// When [`block_on`] has to poll again though nobody woke it.
#[derive(Clone, Copy, PartialEq)]
enum Alarm {
    /// The thread is not inside `block_on`: whoever polls here could not be told.
    Nobody,
    Unset,
    At(Instant),
}

thread_local! {
    static ALARM: Cell<Alarm> = const { Cell::new(Alarm::Nobody) };
}

/// tokio's timers and tasks. Outside a runtime of tokio it does as [`Blocking`].
///
/// # Panics
///
/// As tokio's own timers do, `sleep` panics inside a runtime that was built without time.
#[cfg(feature = "tokio")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokio;

#[cfg(feature = "tokio")]
impl Runtime for Tokio {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        match tokio::runtime::Handle::try_current() {
            Ok(_) => Box::pin(async move { tokio::time::sleep(duration).await }),
            Err(_) => Blocking.sleep(duration),
        }
    }

    fn spawn(&self, future: BoxFuture<'static, ()>) {
        match tokio::runtime::Handle::try_current() {
            Ok(handle) => drop(handle.spawn(future)),
            Err(_) => block_on(future),
        }
    }

    fn has_background(&self) -> bool {
        tokio::runtime::Handle::try_current().is_ok()
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
    /// Restores the alarm of an outer `block_on`, also after a panic.
    struct Restore(Alarm);
    impl Drop for Restore {
        fn drop(&mut self) {
            ALARM.set(self.0);
        }
    }
    let _restore = Restore(ALARM.get());
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        ALARM.set(Alarm::Unset);
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        match ALARM.get() {
            Alarm::At(end) => std::thread::park_timeout(end.saturating_duration_since(Instant::now())),
            Alarm::Nobody | Alarm::Unset => std::thread::park(),
        }
    }
}

/// Does what blocks its thread on one of tokio's that are for it, and goes on though nobody waits; inline where there is none.
pub(crate) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    #[cfg(feature = "tokio")]
    if tokio::runtime::Handle::try_current().is_ok() {
        return match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        };
    }
    work()
}

/// The future's value, or `None` if it takes longer than this.
pub(crate) async fn within<T>(runtime: &dyn Runtime, duration: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut timer = None;
    std::future::poll_fn(|context| {
        if let Poll::Ready(value) = future.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        timer.get_or_insert_with(|| runtime.sleep(duration)).as_mut().poll(context).map(|()| None)
    })
    .await
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
        // Taken out, so that a future that panics is not polled again when this is dropped.
        let Some(mut future) = self.future.take() else { return Poll::Pending };
        let polled = future.as_mut().poll(context);
        if polled.is_pending() {
            self.future = Some(future);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocking_timer_does_not_hide_a_wake_up() {
        let lock = Arc::new(async_lock::Mutex::new(()));
        let held = block_on(lock.lock_arc());
        let releaser = std::thread::spawn(move || drop(held));
        let entered = block_on(within(&Blocking, Duration::from_secs(3600), lock.lock()));
        assert!(entered.is_some());
        releaser.join().expect("no panic");
    }

    #[test]
    fn what_takes_too_long_is_given_up() {
        let never = std::future::pending::<()>();
        assert!(block_on(within(&Blocking, Duration::from_millis(1), never)).is_none());
    }

    #[test]
    fn a_shielded_future_ends_though_nobody_waits() {
        let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let set = Arc::clone(&done);
        let mut shielded = Shielded::new(Arc::new(Blocking), async move {
            Blocking.sleep(Duration::from_millis(1)).await;
            set.store(true, std::sync::atomic::Ordering::SeqCst);
        });
        ALARM.set(Alarm::Unset);
        assert!(Pin::new(&mut shielded).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(!done.load(std::sync::atomic::Ordering::SeqCst));
        drop(shielded);
        assert!(done.load(std::sync::atomic::Ordering::SeqCst));
    }
}
