//! Two processes that share a store.

use std::time::Duration;

use super::process::Process;
use super::rounds::{Round, Rounds};
use super::{MILLIS, ROUNDS, STORE, WATCH};

/// Two processes with a cache each: A, which ends sessions, and B, which is asked for them.
#[derive(Debug)]
pub struct Pair {
    staleness: Duration,
    a: Process,
    b: Process,
}

impl Pair {
    /// Two processes that both have all sessions of the store at this URL, and have had them for so long that they answer them
    /// only because they are told of changes. B is told through another URL of the same store.
    pub fn start(url: &str, watch: &str, staleness: Duration) -> Pair {
        let millis = staleness.as_millis().to_string();
        let start = |watch: &str| Process::start("worker", &[(STORE, url), (WATCH, watch), (MILLIS, &millis)]);
        let mut pair = Pair { staleness, a: start(url), b: start(watch) };
        for number in 0..ROUNDS {
            pair.a.ask(&format!("create {number}"));
        }
        std::thread::sleep(Duration::from_millis(500));
        for number in 0..ROUNDS {
            pair.a.ask(&format!("load {number}"));
            pair.b.ask(&format!("load {number}"));
        }
        std::thread::sleep(2 * staleness);
        pair
    }

    /// All rounds, while both are told of changes; the first one in which an answer is too stale is the last.
    pub fn rounds(&mut self) -> Rounds {
        let mut rounds = Rounds::new(self.staleness);
        for number in 0..ROUNDS {
            if !rounds.add(self.round(number)) {
                break;
            }
        }
        rounds
    }

    /// The same; in each of them what B is told is held up first, and let go when it is over.
    pub fn rounds_in_silence(&mut self, mut hold_up: impl FnMut(), mut let_go: impl FnMut()) -> Rounds {
        let mut rounds = Rounds::new(self.staleness);
        for number in 0..ROUNDS {
            hold_up();
            let goes_on = rounds.add(self.round(number));
            let_go();
            if !goes_on {
                break;
            }
            // Until there was a sign of life, and what is older than the staleness is answered again.
            std::thread::sleep(self.staleness / 2);
        }
        rounds
    }

    /// A ends a session while B is asked for it again and again.
    fn round(&mut self, number: u64) -> Round {
        self.b.ask(&format!("load-until-gone {number}"));
        let ended = self.a.ask(&format!("remove {number}"))[0];
        let [last_found, gone] = self.b.hear()[..] else { panic!("two moments") };
        Round { until_gone: gone - ended, last_found: last_found - ended }
    }
}
