//! Deadlines: idle and absolute timeout, how long a cookie lasts. Pure functions of the time they are given.

use std::time::{Duration, SystemTime};

use crate::Timestamp;

/// The longest that a browser keeps a cookie: 400 days (RFC 6265bis §5.5).
pub(crate) const COOKIE_AGE_LIMIT: Duration = Duration::from_secs(400 * 24 * 3600);

/// How long a session with nothing in it is kept, so that a request in flight that adds something is not lost.
pub(crate) const EMPTIED_LIFETIME: Duration = Duration::from_secs(60);

/// The coarsest resolution of "last used"; finer if the idle timeout is short.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// How long a session lives.
///
/// ```
/// use std::time::Duration;
/// use webstack_core::Timeouts;
///
/// assert_eq!(Timeouts::default().idle, Some(Duration::from_secs(1800)));
/// assert_eq!(Timeouts::AAL3.absolute, Some(Duration::from_secs(12 * 3600)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Without a request, for this long; `None`: it does not end for that reason.
    pub idle: Option<Duration>,
    /// With requests, for this long since it was created or a user last signed in; `None`: it does not end for that
    /// reason.
    pub absolute: Option<Duration>,
}

impl Default for Timeouts {
    /// Half an hour without a request.
    fn default() -> Self {
        Timeouts { idle: Some(Duration::from_secs(1800)), absolute: None }
    }
}

impl Timeouts {
    /// The longest at authenticator assurance level 1: 30 days (NIST SP 800-63B-4 §2.1.3).
    pub const AAL1: Timeouts = Timeouts { idle: None, absolute: Some(Duration::from_secs(30 * 24 * 3600)) };

    /// The longest at authenticator assurance level 2: 24 hours, an hour without a request (NIST SP 800-63B-4 §2.2.3).
    pub const AAL2: Timeouts =
        Timeouts { idle: Some(Duration::from_secs(3600)), absolute: Some(Duration::from_secs(24 * 3600)) };

    /// The longest at authenticator assurance level 3: 12 hours, 15 minutes without a request (NIST SP 800-63B-4 §2.3.3).
    pub const AAL3: Timeouts =
        Timeouts { idle: Some(Duration::from_secs(900)), absolute: Some(Duration::from_secs(12 * 3600)) };

    /// The shortest that a session may live.
    pub(crate) fn shortest(&self) -> Option<Duration> {
        match (self.idle, self.absolute) {
            (Some(idle), Some(absolute)) => Some(idle.min(absolute)),
            (one, other) => one.or(other),
        }
    }
}

/// How long a session lives, as it is reckoned with at each request: in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifespan {
    idle: u64,
    absolute: u64,
    /// How much later than the present one a deadline has to be to be worth a write.
    worth: u64,
}

/// What does not end.
const FOREVER: u64 = u64::MAX;

impl From<Timeouts> for Lifespan {
    fn from(Timeouts { idle, absolute }: Timeouts) -> Self {
        let worth = idle.map_or(TOUCH_EVERY, |idle| TOUCH_EVERY.min(idle / 10));
        let millis = |timeout: Duration| {
            u64::try_from(timeout.as_millis()).map_or(FOREVER - 1, |millis| millis.min(FOREVER - 1))
        };
        let [idle, absolute, worth] = [idle, absolute, Some(worth)].map(|timeout| timeout.map_or(FOREVER, millis));
        Lifespan { idle, absolute, worth }
    }
}

impl Lifespan {
    /// The deadline of a session used now and begun then; `None`: never.
    #[inline]
    pub(crate) fn deadline(&self, now: Timestamp, begun: Timestamp) -> Option<Timestamp> {
        let end = now.as_millis().saturating_add(self.idle).min(begun.as_millis().saturating_add(self.absolute));
        (self.idle.min(self.absolute) != FOREVER).then_some(Timestamp::from_millis(end))
    }

    #[inline]
    pub(crate) fn absolute_deadline(&self, begun: Timestamp) -> Option<Timestamp> {
        (self.absolute != FOREVER).then(|| Timestamp::from_millis(begun.as_millis().saturating_add(self.absolute)))
    }

    /// The new deadline, if the present one is old enough to be worth a write.
    #[inline]
    pub(crate) fn touch(&self, now: Timestamp, begun: Timestamp, present: Option<Timestamp>) -> Option<Timestamp> {
        let (present, next) = (present?.as_millis(), self.deadline(now, begun)?);
        let gained = next.as_millis().saturating_sub(present);
        (self.idle != FOREVER && gained > 0 && gained >= self.worth).then_some(next)
    }

    /// When the session was last used, to the resolution of touches.
    pub(crate) fn accessed(&self, written: Timestamp, deadline: Option<Timestamp>) -> Timestamp {
        match deadline {
            Some(deadline) if self.idle != FOREVER => {
                written.max(Timestamp::from_millis(deadline.as_millis().saturating_sub(self.idle)))
            }
            _ => written,
        }
    }
}

/// How long the browser keeps the session cookie.
///
/// Whatever is asked for, a cookie never outlives 400 days (RFC 6265bis §5.5), nor the session's absolute timeout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieLifetime {
    /// Until the browser is closed: a cookie without `Max-Age`.
    #[default]
    Session,
    /// As long as browsers allow.
    Never,
    /// For this long; sent again when less than half of it is left.
    For(Duration),
    /// Until this moment.
    Until(SystemTime),
}

impl CookieLifetime {
    /// The age that a cookie sent now gets; `None`: the browser's session.
    #[inline]
    pub(crate) fn max_age(&self, now: Timestamp, absolute_deadline: Option<Timestamp>) -> Option<Duration> {
        let age = match self {
            CookieLifetime::Session => return None,
            CookieLifetime::Never => COOKIE_AGE_LIMIT,
            CookieLifetime::For(duration) => *duration,
            CookieLifetime::Until(end) => Timestamp::from(*end).since(now),
        };
        let left = absolute_deadline.map_or(Duration::MAX, |deadline| deadline.since(now));
        Some(age.min(COOKIE_AGE_LIMIT).min(left))
    }

    /// True if a cookie that ends then should be sent again: less than half of what it could have is left, or more than
    /// all of it, since the session shall end earlier.
    #[inline]
    pub(crate) fn is_due(
        &self,
        now: Timestamp,
        absolute_deadline: Option<Timestamp>,
        cookie_expires: Option<Timestamp>,
    ) -> bool {
        let Some(full) = self.max_age(now, absolute_deadline) else { return false };
        let left = cookie_expires.map_or(Duration::ZERO, |end| end.since(now));
        !matches!(self, CookieLifetime::Until(_)) && (left < full / 2 || left > full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const START: Timestamp = Timestamp::from_millis(1_000_000_000);

    #[test]
    fn the_earlier_of_both_deadlines_counts() {
        let both = Lifespan::from(Timeouts { idle: Some(HOUR), absolute: Some(3 * HOUR) });
        assert_eq!(both.deadline(START, START), Some(START + HOUR));
        assert_eq!(both.deadline(START + 5 * HOUR / 2, START), Some(START + 3 * HOUR));
        let none = Lifespan::from(Timeouts { idle: None, absolute: None });
        assert_eq!(none.deadline(START, START), None);
        assert_eq!(none.touch(START + HOUR, START, None), None);
    }

    #[test]
    fn touches_are_throttled_and_never_pass_the_absolute_deadline() {
        let both = Lifespan::from(Timeouts { idle: Some(HOUR), absolute: Some(2 * HOUR) });
        let present = both.deadline(START, START);
        let second = Duration::from_secs(1);
        assert_eq!(both.touch(START + 59 * second, START, present), None);
        assert_eq!(both.touch(START + 60 * second, START, present), Some(START + 60 * second + HOUR));
        assert_eq!(both.touch(START + HOUR + HOUR / 2, START, Some(START + 2 * HOUR)), None);
        let short = Lifespan::from(Timeouts { idle: Some(100 * second), absolute: None });
        let present = short.deadline(START, START);
        assert_eq!(short.touch(START + 9 * second, START, present), None, "a tenth");
        assert_eq!(short.touch(START + 10 * second, START, present), Some(START + 110 * second));
    }

    #[test]
    fn an_absolute_timeout_alone_ends_and_no_time_at_all_is_no_touch() {
        let absolute = Lifespan::from(Timeouts { idle: None, absolute: Some(HOUR) });
        assert_eq!(absolute.deadline(START, START), Some(START + HOUR));
        assert_eq!(absolute.touch(START + HOUR / 2, START, Some(START)), None);
        let none = Lifespan::from(Timeouts { idle: Some(Duration::ZERO), absolute: None });
        assert_eq!(none.touch(START, START, Some(START)), None);
    }

    #[test]
    fn extreme_durations_saturate() {
        let forever = Lifespan::from(Timeouts { idle: Some(Duration::MAX), absolute: Some(Duration::MAX) });
        assert_eq!(forever.deadline(START, START), Some(Timestamp::MAX));
        assert_eq!(forever.absolute_deadline(START), Some(Timestamp::MAX));
        assert_eq!(forever.touch(START, START, Some(Timestamp::MAX)), None);
        assert_eq!(forever.accessed(START, Some(START + HOUR)), START);
        assert_eq!(CookieLifetime::For(Duration::MAX).max_age(START, None), Some(COOKIE_AGE_LIMIT));
        assert_eq!(CookieLifetime::Until(SystemTime::UNIX_EPOCH).max_age(START, None), Some(Duration::ZERO));
    }

    #[test]
    fn a_cookie_never_outlives_the_absolute_deadline() {
        assert_eq!(CookieLifetime::Never.max_age(START, Some(START + HOUR)), Some(HOUR));
        assert_eq!(CookieLifetime::Session.max_age(START, Some(START + HOUR)), None);
    }

    #[test]
    fn a_persistent_cookie_is_due_when_less_than_half_is_left() {
        let hourly = CookieLifetime::For(HOUR);
        assert!(!hourly.is_due(START, None, Some(START + HOUR / 2)));
        assert!(hourly.is_due(START, None, Some(START + HOUR / 2 - Duration::from_secs(1))));
        assert!(!CookieLifetime::Session.is_due(START, None, None));
    }
}
