//! Time, as the engine sees it: a moment in milliseconds, and a clock that a test can hold.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment in time: whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Arithmetic saturates, so no duration, however extreme, makes it panic.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use webstack_store::Timestamp;
///
/// let start = Timestamp::from_millis(1_000);
/// assert_eq!(start + Duration::from_secs(1), Timestamp::from_millis(2_000));
/// assert_eq!(start + Duration::MAX, Timestamp::MAX);
/// assert_eq!(start.since(Timestamp::from_millis(5_000)), Duration::ZERO);
/// assert_eq!(SystemTime::from(start), SystemTime::UNIX_EPOCH + Duration::from_secs(1));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The last moment that can be told.
    pub const MAX: Timestamp = Timestamp(u64::MAX);

    /// The moment that many milliseconds after the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Timestamp(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The time that passed since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(millis(duration)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(millis(duration)))
    }
}

impl From<SystemTime> for Timestamp {
    /// Moments before 1970 become the epoch itself.
    fn from(time: SystemTime) -> Self {
        Timestamp(millis(time.duration_since(UNIX_EPOCH).unwrap_or_default()))
    }
}

impl From<Timestamp> for SystemTime {
    /// Moments that the system cannot represent become the latest that it can, a few centuries ahead.
    fn from(time: Timestamp) -> Self {
        const FAR: Duration = Duration::from_secs(200 * 365 * 24 * 3600);
        UNIX_EPOCH.checked_add(Duration::from_millis(time.0)).unwrap_or(UNIX_EPOCH + FAR)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({} ms)", self.0)
    }
}

/// Tells the time. The engine and the stores ask nobody else.
///
/// ```
/// use webstack_store::{Clock, SystemClock, Timestamp};
///
/// #[derive(Debug)]
/// struct Noon;
/// impl Clock for Noon {
///     fn now(&self) -> Timestamp {
///         Timestamp::from_millis(12 * 3_600_000)
///     }
/// }
/// assert!(SystemClock.now() > Noon.now());
/// ```
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present moment, by wall time: deadlines are shared between processes and machines.
    fn now(&self) -> Timestamp;
}

/// The operating system's wall clock.
///
/// On Linux it is the coarse one (`CLOCK_REALTIME_COARSE`), which moves with the kernel's ticks, some milliseconds apart, and costs
/// a fraction of the other: it is asked twice in every request. It is the same for all processes of a machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[cfg(target_os = "linux")]
    fn now(&self) -> Timestamp {
        let Some((seconds, nanos)) = coarse() else { return SystemTime::now().into() };
        Timestamp(seconds.saturating_mul(1_000).saturating_add(nanos / 1_000_000))
    }

    #[cfg(not(target_os = "linux"))]
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }
}

/// Seconds and nanoseconds of the coarse clock.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn coarse() -> Option<(u64, u64)> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    Some((u64::try_from(time.tv_sec).ok()?, u64::try_from(time.tv_nsec).ok()?))
}

/// The same by way of libc: in a static program only libc knows where the clock can be read without a system call.
#[cfg(all(target_os = "linux", not(target_env = "gnu")))]
fn coarse() -> Option<(u64, u64)> {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_REALTIME_COARSE).ok()?;
    Some((u64::try_from(time.tv_sec()).ok()?, u64::try_from(time.tv_nsec()).ok()?))
}

fn millis(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000).saturating_add(u64::from(duration.subsec_millis()))
}
