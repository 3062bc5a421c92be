//! What came of the rounds.

use std::io::Write as _;
use std::time::Duration;

/// In nanoseconds from the moment at which the logout was answered.
#[derive(Debug)]
pub(super) struct Round {
    /// The first answer that there is no session.
    pub(super) until_gone: i64,
    /// The beginning of the last question that was answered with the session.
    pub(super) last_found: i64,
}

/// What came of all rounds of a [`Pair`](super::Pair).
#[derive(Debug)]
pub struct Rounds {
    staleness: Duration,
    /// From the shortest to the longest.
    delays: Vec<i64>,
    rounds: Vec<Round>,
}

impl Rounds {
    pub(super) fn new(staleness: Duration, rounds: Vec<Round>) -> Rounds {
        let mut delays: Vec<i64> = rounds.iter().map(|round| round.until_gone).collect();
        delays.sort_unstable();
        Rounds { staleness, delays, rounds }
    }

    /// Asserts that no question was answered with the session that began later than it may, and says how long it took.
    ///
    /// There is no allowance, and none is needed: what is measured is not how long an answer takes but when its question began, by the
    /// clock that both processes and both of their caches read. A process that is held up answers later, or asks the store.
    ///
    /// # Panics
    ///
    /// If one was.
    pub fn judge(&self, what: &str) {
        let staleness = i64::try_from(self.staleness.as_nanos()).expect("a moment");
        let millis = |nanos: i64| nanos as f64 / 1e6;
        let at = |share: f64| millis(self.delays[((self.delays.len() - 1) as f64 * share).round() as usize]);
        let latest = self.rounds.iter().map(|round| round.last_found).max().expect("a round");
        // not `eprintln`, which the test's harness would keep to itself
        let _ = writeln!(
            std::io::stderr(),
            "{what}: {} rounds, staleness {:?}: until the other process knows of a logout, in milliseconds: \
             min {:.3}, median {:.3}, 95% {:.3}, 99% {:.3}, max {:.3}; \
             the latest question that was answered with the session began {:.3} after the logout",
            self.rounds.len(),
            self.staleness,
            at(0.0),
            at(0.5),
            at(0.95),
            at(0.99),
            at(1.0),
            millis(latest),
        );
        let stale = self.rounds.iter().filter(|round| round.last_found > staleness).count();
        assert_eq!(stale, 0, "answers that are staler than {:?}", self.staleness);
    }

    /// Half of the rounds took no longer until the other process knew.
    pub fn median(&self) -> Duration {
        Duration::from_nanos(self.delays[self.delays.len() / 2].try_into().unwrap_or(0))
    }
}
