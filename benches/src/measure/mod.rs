//! How a subject is measured: time, allocations, instructions.

pub(crate) mod allocations;
#[cfg(feature = "peers")]
pub(crate) mod atomics;
pub(crate) mod instructions;
pub(crate) mod profile;
#[cfg(feature = "peers")]
pub(crate) mod time;
