//! Sessions by hand, no library: how much of what libraries take is the matter itself, and how much is what they promise.

mod least;
mod promising;
mod record;

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderMap;

pub(crate) use least::Least;
pub(crate) use promising::Promising;

/// The number that a session holds.
pub(crate) trait Number {
    fn read(&self, key: &str) -> Option<u64>;
    fn write(&mut self, key: &str, value: u64);
}

/// What is known of one request's session.
pub(crate) trait ByHand: Number + Send + 'static {
    /// What it is called in tables.
    const NAME: &'static str;

    /// Where sessions are; a handle of it.
    type Store: Clone + Default + Send + Sync + 'static;

    /// That of a request with these headers.
    fn of(store: &Self::Store, headers: &HeaderMap) -> Self;

    fn load(&mut self);

    /// Stores what was written, and says so to the browser.
    fn finish(&mut self, headers: &mut HeaderMap);
}

pub(crate) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
