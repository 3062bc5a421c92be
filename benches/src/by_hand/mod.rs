//! Sessions by hand, no library: how much of what libraries take is the matter itself, and how much is what they promise.

mod least;
mod promising;
mod record;
mod reply;
pub(crate) mod whole;

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};

pub(crate) use least::Least;
pub(crate) use promising::Promising;
pub(crate) use reply::ReplyHeaders;

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

    /// That of a request with these `Cookie` headers.
    fn of<'a>(store: &Self::Store, cookie_lines: impl Iterator<Item = &'a [u8]>) -> Self;

    fn load(&mut self);

    /// Stores what was written, and says so to the browser.
    fn finish(&mut self, headers: &mut impl ReplyHeaders);
}

/// The `Cookie` headers of a request.
pub(crate) fn cookie_lines(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes)
}

pub(crate) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
