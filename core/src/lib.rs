//! HTTP sessions without lost updates: the engine, for any framework and without one.

mod clock;
mod error;
pub mod runtime;
pub mod store;
mod token;

pub use clock::{Clock, SystemClock, Timestamp};
pub use error::{Error, Refusal};
pub use token::{MalformedId, SecretDigest, SessionId, Token};
