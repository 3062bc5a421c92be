//! When a connection is asked whether it still lives, before something is entrusted to it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Remembers when a connection was found broken: others that were open at that moment are likely broken too.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    last: Mutex<Option<Instant>>,
}

/// After so long without work a connection may have been ended by a server or by something on the way.
const LONG: Duration = Duration::from_secs(1);

impl Trouble {
    pub(crate) fn found(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(crate) fn casts_doubt_on(&self, age: Duration, idle: Duration) -> bool {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        idle > LONG || last.is_some_and(|last| last.elapsed() < age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_doubted_that_are_older_than_trouble_or_long_idle() {
        let trouble = Trouble::default();
        let (young, old) = (Duration::ZERO, Duration::from_secs(60));
        assert!(!trouble.casts_doubt_on(old, Duration::ZERO));
        assert!(trouble.casts_doubt_on(old, 2 * LONG));
        trouble.found();
        assert!(trouble.casts_doubt_on(old, Duration::ZERO));
        assert!(!trouble.casts_doubt_on(young, Duration::ZERO));
    }
}
