//! Telling events while a state may be locked.

use std::sync::MutexGuard;

use crate::events::{Event, Events};
use crate::state::State;

/// Tells events, and lets go of the lock of a state before: whoever is told may look at the session.
#[derive(Debug)]
pub(crate) struct Teller<'a> {
    events: &'a Events,
    held: Option<MutexGuard<'a, State>>,
}

impl<'a> Teller<'a> {
    /// One who holds nothing.
    pub(crate) fn new(events: &'a Events) -> Self {
        Teller { events, held: None }
    }

    /// One who holds a state for as long as nothing is told.
    #[inline]
    pub(crate) fn holding(events: &'a Events, state: MutexGuard<'a, State>) -> Self {
        Teller { events, held: Some(state) }
    }

    pub(crate) fn report(&mut self, event: Event) {
        self.let_go();
        self.events.report(event);
    }

    /// Holds nothing any more.
    pub(crate) fn let_go(&mut self) {
        self.held = None;
    }

    /// What is still held.
    #[inline]
    pub(crate) fn into_held(self) -> Option<MutexGuard<'a, State>> {
        self.held
    }
}
