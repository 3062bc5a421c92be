//! How a token travels between the client and the engine.

mod cookie;
mod settings;

pub(crate) use cookie::{CookieCarrier, Presented};
pub(crate) use settings::{CookieFlaw, CookieSettings};
pub use settings::{CookiePath, CookiePrefix, SameSite};
