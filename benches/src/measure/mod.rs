//! How a subject is measured: time, allocations, instructions.

pub(crate) mod allocations;
pub(crate) mod instructions;
pub(crate) mod profile;
#[cfg(feature = "peers")]
pub(crate) mod time;
