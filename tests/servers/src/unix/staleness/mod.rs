//! Two processes, each with a cache over one store: how long one of them goes on answering a session that the other one has
//! ended.
//!
//! A test program that asks has a test `worker` that calls [`worker`], and, if it holds up what a server tells, a test
//! `forwarder` that calls [`forwarder`]: the processes are the program itself, started for one of these.

mod forwarder;
mod pair;
mod process;
mod rounds;
mod through;
mod worker;

pub use forwarder::{Forwarder, forwarder};
pub use pair::Pair;
pub use process::Process;
pub use rounds::Rounds;
pub use worker::worker;

/// How often a session is ended.
pub const ROUNDS: u64 = 1_000;

const STORE: &str = "WEBSTACK_STALENESS_STORE";
const WATCH: &str = "WEBSTACK_STALENESS_WATCH";
const MILLIS: &str = "WEBSTACK_STALENESS_MILLIS";
