//! What a session store promises, as tests that anybody can run over a store of their own; and what tests of
//! sessions need besides: a clock that stands still, a store that counts, a store that fails.
//!
//! A store's own tests are one line:
//!
//! ```
//! use webstack_testkit::{HeldClock, StoreUnderTest, store_suite};
//! use webstack_core::store::MemoryStore;
//! use std::sync::Arc;
//!
//! fn fresh_store() -> StoreUnderTest {
//!     let clock = HeldClock::new();
//!     StoreUnderTest::new(MemoryStore::new().with_clock(Arc::new(clock.clone()))).with_clock(clock)
//! }
//!
//! store_suite!(memory, fresh_store); // a module `memory` with a `#[test]` for each promise
//!
//! // Each promise is an ordinary function as well.
//! webstack_testkit::store_suite::a_conflict_brings_the_current_entry(&fresh_store());
//! webstack_testkit::store_suite::parallel_updates_lose_nothing(&fresh_store());
//! ```
//!
//! Tests of an application begin with a [`Visitor`] who has a session already, for whatever test client its framework has:
//! `docs/testing.md`.
//!
//! What a web server promises with a session is the other suite, `environment_suite!` in [`environment`] (feature
//! `environment`).

mod clock;
mod counting;
#[cfg(feature = "environment")]
pub mod environment;
mod faulty;
mod gate;
mod heard;
mod operation;
pub mod store_suite;
mod under_test;
mod visitor;

pub use clock::HeldClock;
pub use counting::{CountingStore, Counts};
pub use faulty::{Fault, Faults, FaultyStore, Moment};
pub use gate::Gate;
pub use heard::{Heard, News};
pub use operation::Operation;
pub use under_test::StoreUnderTest;
pub use visitor::{Look, Visitor};
