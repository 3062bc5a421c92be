//! Whose turn it is among those who deal with one request's session.

use std::mem;
use std::task::Waker;

use crate::state::State;

impl State {
    /// Takes the turn; false if somebody has it.
    pub(crate) fn take_turn(&mut self) -> bool {
        !mem::replace(&mut self.turn_is_taken, true)
    }

    pub(crate) fn wait_for_turn(&mut self, waker: &Waker) {
        let waiting = &mut self.seldom.get_or_default().waiting;
        if !waiting.iter().any(|other| other.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    #[must_use = "they are to be woken, when the state is not locked any more"]
    pub(crate) fn give_turn_back(&mut self) -> Option<Vec<Waker>> {
        self.turn_is_taken = false;
        // Hardly ever is there anybody.
        self.seldom.get_mut().map(|unusual| mem::take(&mut unusual.waiting))
    }
}
