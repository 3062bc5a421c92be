//! Directories for sessions: made, examined and refused by the same rules in every store that has one.

mod access;
mod error;
mod examine;
mod filesystem;
mod furnish;
mod make;

pub use access::Access;
pub use error::OpenError;
pub use examine::{Demands, examine};
pub use furnish::{furnish, holds_only, is_furnished};
pub use make::make;
