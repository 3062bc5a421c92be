//! Whose turn it is among those who deal with one request's session.

use std::mem;
use std::task::Waker;

/// Whether somebody has the turn, and who waits for it.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    is_taken: bool,
    /// Some of them may not be waiting any more.
    waiting: Vec<Waker>,
}

impl Turns {
    /// Takes the turn; false if somebody has it.
    pub(crate) fn take(&mut self) -> bool {
        !mem::replace(&mut self.is_taken, true)
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.is_taken
    }

    pub(crate) fn wait(&mut self, waker: &Waker) {
        if !self.waiting.iter().any(|other| other.will_wake(waker)) {
            self.waiting.push(waker.clone());
        }
    }

    #[must_use = "they are to be woken, when the state is not locked any more"]
    pub(crate) fn give_back(&mut self) -> Option<Vec<Waker>> {
        self.is_taken = false;
        // Hardly ever is there anybody.
        (!self.waiting.is_empty()).then(|| mem::take(&mut self.waiting))
    }
}
