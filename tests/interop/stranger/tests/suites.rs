//! Both suites, used as their documentation says.

use std::sync::Arc;

use stranger::Shelf;
use webstack_core::store::MemoryStore;
use webstack_testkit::environment::{PanicIs, Program};
use webstack_testkit::{HeldClock, StoreUnderTest, environment_suite, store_suite};

fn fresh_store() -> StoreUnderTest {
    let clock = HeldClock::new();
    StoreUnderTest::new(Shelf(MemoryStore::new().with_clock(Arc::new(clock.clone())))).with_clock(clock)
}

store_suite!(shelf, fresh_store);

environment_suite!(server, Program::new(env!("STRANGER_SERVER")).panics(PanicIs::Closed).multi_process());
