//! What the fairing leaves in a request for the guard, and finds again at the end.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rocket::Request;
use webstack_core::{Exchange, Refusal, Session};

/// What the fairing leaves in a request.
#[derive(Default)]
pub(crate) struct Opened(Mutex<Inside>);

/// What is in it until the response.
#[derive(Default)]
pub(crate) struct Inside {
    pub(crate) exchange: Option<Exchange>,
    /// What the guard failed with.
    pub(crate) refused: Option<Refusal>,
}

impl Opened {
    pub(crate) fn new(exchange: Exchange) -> Self {
        Opened(Mutex::new(Inside { exchange: Some(exchange), refused: None }))
    }

    /// That of a request; empty if no fairing opened an exchange.
    pub(crate) fn of<'a>(request: &'a Request<'_>) -> &'a Self {
        request.local_cache(Opened::default)
    }

    pub(crate) fn session(&self) -> Option<Session> {
        self.lock().exchange.as_ref().map(Exchange::session)
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        self.lock().refused = Some(refusal);
    }

    /// Takes it all out.
    pub(crate) fn take(&self) -> Inside {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
