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
    rounds: Vec<Round>,
}

impl Rounds {
    pub(super) fn new(staleness: Duration) -> Rounds {
        Rounds { staleness, rounds: Vec::new() }
    }

    /// False if an answer was too stale.
    pub(super) fn add(&mut self, round: Round) -> bool {
        let is_fresh = !self.is_stale(&round);
        self.rounds.push(round);
        is_fresh
    }

    fn is_stale(&self, round: &Round) -> bool {
        round.last_found > i64::try_from(self.staleness.as_nanos()).expect("a moment")
    }

    /// How long it took, from the shortest to the longest.
    fn delays(&self) -> Vec<i64> {
        let mut delays: Vec<i64> = self.rounds.iter().map(|round| round.until_gone).collect();
        delays.sort_unstable();
        delays
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
        let delays = self.delays();
        let millis = |nanos: i64| nanos as f64 / 1e6;
        let at = |share: f64| millis(delays[((delays.len() - 1) as f64 * share).round() as usize]);
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
        let stale = self.rounds.iter().filter(|round| self.is_stale(round)).count();
        assert_eq!(stale, 0, "answers that are staler than {:?}", self.staleness);
    }

    /// Half of the rounds took no longer until the other process knew.
    pub fn median(&self) -> Duration {
        let delays = self.delays();
        Duration::from_nanos(delays[delays.len() / 2].try_into().unwrap_or(0))
    }
}
