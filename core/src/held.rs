//! The state of a visit that is at its end: whoever finishes it has it alone, as a rule.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::state::State;

/// The state, for whoever finishes a visit.
pub(crate) enum Held<'a> {
    /// The application let go of its handles: nobody else can ask for it any more, and there is nothing to lock.
    Alone(&'a mut State),
    /// Somebody still has one.
    Locked(&'a Mutex<State>, MutexGuard<'a, State>),
}

/// The state while a store is asked, or something of the application's is let go: it is not locked.
pub(crate) enum Left<'a> {
    Alone(&'a mut State),
    Unlocked(&'a Mutex<State>),
}

impl<'a> Held<'a> {
    #[inline]
    pub(crate) fn of(state: &'a Mutex<State>) -> Self {
        Held::Locked(state, state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[inline]
    pub(crate) fn leave(self) -> Left<'a> {
        match self {
            Held::Alone(state) => Left::Alone(state),
            Held::Locked(state, _) => Left::Unlocked(state),
        }
    }
}

impl<'a> Left<'a> {
    pub(crate) fn hold(self) -> Held<'a> {
        match self {
            Left::Alone(state) => Held::Alone(state),
            Left::Unlocked(state) => Held::of(state),
        }
    }
}

impl Deref for Held<'_> {
    type Target = State;

    #[inline]
    fn deref(&self) -> &State {
        match self {
            Held::Alone(state) => state,
            Held::Locked(_, state) => state,
        }
    }
}

impl DerefMut for Held<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut State {
        match self {
            Held::Alone(state) => state,
            Held::Locked(_, state) => state,
        }
    }
}
