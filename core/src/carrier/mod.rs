//! How a token travels between the client and the engine.

mod cookie;

pub(crate) use cookie::{CookieCarrier, CookieFlaw, CookieSettings, Presented};
pub use cookie::{CookiePath, CookiePrefix, SameSite};
