//! A place in a handler where a test stops it, and sees how it went on.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;

/// How a handler ended that had come to the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It went through.
    Completed,
    /// It was given up.
    Dropped,
}

/// The gate of the one test that needs one.
pub(crate) static GATE: Gate = Gate {
    seen: Mutex::new(Seen { entered: 0, ended: Vec::new() }),
    changed: Condvar::new(),
    open: Semaphore::const_new(0),
};

pub(crate) struct Gate {
    seen: Mutex<Seen>,
    changed: Condvar,
    open: Semaphore,
}

struct Seen {
    entered: usize,
    ended: Vec<Ended>,
}

/// A handler at the gate; what it says when it is dropped.
struct Here(Ended);

impl Drop for Here {
    fn drop(&mut self) {
        GATE.tell(|seen| seen.ended.push(self.0));
    }
}

impl Gate {
    /// The handler waits here.
    pub(crate) async fn pass(&self) {
        let mut here = Here(Ended::Dropped);
        self.tell(|seen| seen.entered += 1);
        self.open.acquire().await.expect("it is never closed").forget();
        here.0 = Ended::Completed;
    }

    /// Waits until a handler has come.
    pub(crate) fn entered(&self) {
        self.wait(|seen| seen.entered.checked_sub(1).map(|rest| seen.entered = rest));
    }

    /// Waits until the handler has ended; opens the gate if it is to go through.
    pub(crate) fn ended(&self, expected: Ended) -> Ended {
        if expected == Ended::Completed {
            self.open.add_permits(1);
        }
        self.wait(|seen| seen.ended.pop())
    }

    fn tell(&self, what: impl FnOnce(&mut Seen)) {
        what(&mut self.seen.lock().expect("nobody panics here"));
        self.changed.notify_all();
    }

    fn wait<T>(&self, mut find: impl FnMut(&mut Seen) -> Option<T>) -> T {
        // A bound, not an expectation.
        const PATIENCE: Duration = Duration::from_secs(30);
        let mut found = None;
        let seen = self.seen.lock().expect("nobody panics here");
        let waited = self.changed.wait_timeout_while(seen, PATIENCE, |seen| {
            found = find(seen);
            found.is_none()
        });
        drop(waited);
        found.expect("the handler comes and ends")
    }
}
