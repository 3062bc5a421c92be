//! The lock of a session, as it stands in the record: a lease, so that it works on every store and outlives no holder.
//!
//! A lease names its holder and how long it may be held. It names no moment, because clocks of machines differ: whoever
//! waits for it may break it after having seen it unchanged for that long.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Error;

/// Who holds a lock: at random, for each taking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder(u64);

impl Holder {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Holder(getrandom::u64()?))
    }
}

/// A lock that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lease {
    pub(crate) holder: Holder,
    millis: u64,
}

impl Lease {
    pub(crate) fn new(holder: Holder, duration: Duration) -> Self {
        Lease { holder, millis: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX) }
    }

    pub(crate) fn duration(&self) -> Duration {
        Duration::from_millis(self.millis)
    }
}

/// Watches the lease of somebody else.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    seen: Option<(Lease, Instant)>,
}

impl Watch {
    /// True if this lease need not be respected: it was seen before, all the time it may be held ago.
    pub(crate) fn has_run_out(&mut self, lease: Lease) -> bool {
        match self.seen {
            Some((seen, since)) if seen == lease => since.elapsed() >= lease.duration(),
            _ => {
                self.seen = Some((lease, Instant::now()));
                lease.duration().is_zero()
            }
        }
    }
}

/// What a commit does about the lock that its request holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Hold {
    /// It holds none.
    #[default]
    Nothing,
    /// It holds this one and goes on doing so.
    Keep(Holder),
    /// It gives this one back.
    Release(Holder),
}

impl Hold {
    pub(crate) fn holder(self) -> Option<Holder> {
        match self {
            Hold::Nothing => None,
            Hold::Keep(holder) | Hold::Release(holder) => Some(holder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_runs_out_only_while_it_stays_the_same() {
        let lease = |duration| Lease::new(Holder::new().expect("a generator"), duration);
        let long = lease(Duration::from_secs(3600));
        let mut watch = Watch::default();
        assert!(!watch.has_run_out(long) && !watch.has_run_out(long));
        let short = lease(Duration::from_nanos(1));
        assert!(watch.has_run_out(short), "it may not be held at all");
        assert!(!watch.has_run_out(long), "it was taken again, and is watched anew");
    }
}
