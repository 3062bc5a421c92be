//! How long Redis keeps what: long enough that nothing is missing, and not for ever.
//!
//! Deadlines are the application's. Redis' own expiry frees memory that nobody purged; what it counts down is a
//! duration, so it works with any clock.

use std::time::Duration;

use webstack_store::{GRACE, Timestamp};

/// How much longer than necessary Redis keeps something, so that whoever purges sees it first.
const SLACK: Duration = Duration::from_secs(3600);

/// For how long a marker is good at least: sessions that live on in short steps need a new one once a day.
const MARKED: Duration = Duration::from_secs(24 * 3600);

/// Longer than that is for ever.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The time to live of something that is needed until [`GRACE`] after its deadline, in milliseconds; empty: for ever.
pub(crate) fn ttl(now: Timestamp, deadline: Option<Timestamp>) -> String {
    match deadline.map(|deadline| deadline.since(now)) {
        Some(left) if left < LONGEST => (left + GRACE + SLACK).as_millis().to_string(),
        _ => String::new(),
    }
}

/// The same for what is needed until a marker is over.
pub(crate) fn ttl_of_marker(now: Timestamp, until: Timestamp) -> String {
    ttl(now, Some(until).filter(|until| *until != Timestamp::MAX))
}

/// The moment until which a marker is good. The longest is for ever.
pub(crate) fn marked_until(now: Timestamp, deadline: Option<Timestamp>) -> Timestamp {
    deadline.map_or(Timestamp::MAX, |deadline| deadline + deadline.since(now).max(MARKED))
}

/// A deadline in an index.
pub(crate) fn score(deadline: Option<Timestamp>) -> String {
    deadline.map_or_else(|| "+inf".to_owned(), |deadline| deadline.as_millis().to_string())
}

pub(crate) fn millis(moment: Timestamp) -> String {
    moment.as_millis().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redis_keeps_an_entry_longer_than_anybody_needs_it() {
        let now = Timestamp::from_millis(5_000_000);
        assert_eq!(ttl(now, Some(now + Duration::from_secs(10))), (10 + 60 + 3600).to_string() + "000");
        assert_eq!(ttl(now, Some(Timestamp::from_millis(1))), "3660000", "a deadline that has passed");
        assert_eq!(ttl(now, None), "");
        assert_eq!(ttl(now, Some(Timestamp::MAX)), "");
    }

    #[test]
    fn a_marker_is_good_for_longer_than_its_entry() {
        let now = Timestamp::from_millis(5_000_000);
        let soon = now + Duration::from_secs(1800);
        assert_eq!(marked_until(now, Some(soon)), soon + MARKED);
        assert_eq!(marked_until(now, Some(now + 10 * MARKED)), now + 20 * MARKED);
        assert_eq!(marked_until(now, None), Timestamp::MAX);
        assert_eq!(ttl_of_marker(now, Timestamp::MAX), "");
    }
}
