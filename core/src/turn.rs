//! A request's dealings with its session come one after the other: loading, saving, finishing.
//!
//! Whose turn it is stands in the visit's state, under the lock that whoever takes a turn needs anyway. One request waits for
//! itself hardly ever, so that is all an ordinary one pays.

use std::mem;
use std::task::{Poll, Waker};

use crate::state::State;
use crate::visit::Visit;

/// A turn of a visit's, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    visit: &'a Visit,
    is_over: bool,
}

impl Turn<'_> {
    /// Has something done with the state, and gives the turn back with it.
    #[inline]
    pub(crate) fn end_with<T>(mut self, last: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.visit.state();
        let answer = last(&mut state);
        self.is_over = true;
        let waiting = state.give_turn_back();
        drop(state);
        waiting.into_iter().for_each(wake);
        answer
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            let waiting = self.visit.state().give_turn_back();
            waiting.into_iter().for_each(wake);
        }
    }
}

fn wake(waiting: Vec<Waker>) {
    waiting.into_iter().for_each(Waker::wake);
}

impl Visit {
    /// Waits for its turn.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        self.turn_to(|_| ()).await.0
    }

    /// Waits for its turn, and begins it with something done with the state.
    pub(crate) async fn turn_to<T>(&self, first: impl Fn(&mut State) -> T) -> (Turn<'_>, T) {
        std::future::poll_fn(|context| {
            let mut state = self.state();
            if state.turn_is_taken {
                state.wait_for_turn(context.waker());
                return Poll::Pending;
            }
            let answer = first(&mut state);
            state.take_turn();
            Poll::Ready((self.taken_turn(), answer))
        })
        .await
    }

    /// The turn that was taken in the state.
    #[inline]
    pub(crate) fn taken_turn(&self) -> Turn<'_> {
        Turn { visit: self, is_over: false }
    }
}

impl State {
    /// Takes the turn; false if somebody has it.
    pub(crate) fn take_turn(&mut self) -> bool {
        !mem::replace(&mut self.turn_is_taken, true)
    }

    /// Has this one woken when the turn is given back.
    fn wait_for_turn(&mut self, waker: &Waker) {
        let waiting = &mut self.seldom.get_or_default().waiting;
        if !waiting.iter().any(|other| other.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    /// Gives the turn back; whoever waited for it is to be woken.
    #[must_use = "they are to be woken, when the state is not locked any more"]
    fn give_turn_back(&mut self) -> Option<Vec<Waker>> {
        self.turn_is_taken = false;
        // Hardly ever is there anybody.
        self.seldom.get_mut().map(|unusual| mem::take(&mut unusual.waiting))
    }
}
