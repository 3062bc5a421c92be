//! A clock that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use webstack_core::{Clock, Timestamp};

/// A clock in a test's hand: it stands still until it is moved. Clones show the same time.
///
/// ```
/// use std::time::Duration;
/// use webstack_core::Clock;
/// use webstack_testkit::HeldClock;
///
/// let clock = HeldClock::new();
/// let (other, before) = (clock.clone(), clock.now());
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(other.now(), before + Duration::from_secs(60));
/// ```
#[derive(Clone, Debug)]
pub struct HeldClock(Arc<AtomicU64>);

impl HeldClock {
    /// A clock that stands at the present moment, so that it agrees with the dates of files made now.
    pub fn new() -> Self {
        HeldClock::at(SystemTime::now().into())
    }

    /// A clock that stands at this moment.
    pub fn at(moment: Timestamp) -> Self {
        HeldClock(Arc::new(AtomicU64::new(moment.as_millis())))
    }

    /// Moves the clock on.
    pub fn advance(&self, duration: Duration) {
        // The function always answers, so the update always happens.
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |millis| {
            Some((Timestamp::from_millis(millis) + duration).as_millis())
        });
    }

    /// Puts the clock at a moment, which may be an earlier one.
    pub fn set(&self, moment: Timestamp) {
        self.0.store(moment.as_millis(), Ordering::SeqCst);
    }
}

impl Default for HeldClock {
    fn default() -> Self {
        HeldClock::new()
    }
}

impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
