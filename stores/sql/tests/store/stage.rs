//! What the tests have in common.

use std::sync::Arc;
use std::time::{Duration, Instant};

use webstack_core::runtime::block_on;
use webstack_store::{Created, Entry, SessionId, Store, StoreError, Version};
use webstack_store_sql::SqlStore;
use webstack_testkit::HeldClock;

pub(crate) fn id(number: u64) -> SessionId {
    let mut bytes = [7; 16];
    bytes[..8].copy_from_slice(&(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    SessionId::from_bytes(bytes)
}

pub(crate) fn entry(text: &str) -> Entry {
    Entry { bytes: text.to_owned().into(), expires: None, owner: None }
}

/// A store whose tables nobody else uses, and its clock.
pub(crate) fn store(url: &str, namespace: &str) -> (SqlStore, HeldClock) {
    let clock = HeldClock::new();
    let builder = SqlStore::builder(url).namespace(namespace).clock(Arc::new(clock.clone()));
    (builder.build().expect("a store"), clock)
}

pub(crate) fn create(store: &impl Store, number: u64, text: &str) -> Version {
    match block_on(store.create(&id(number), entry(text))).expect("it is reached") {
        Created::New(version) => version,
        Created::Exists => panic!("{number} exists already"),
    }
}

/// Asks until there is an answer, as the engine does and visitors do.
pub(crate) fn until_answered<T>(ask: impl AsyncFn() -> Result<T, StoreError>) -> T {
    let began = Instant::now();
    loop {
        match block_on(ask()) {
            Ok(answer) => return answer,
            Err(StoreError::Busy | StoreError::Unavailable(_)) if began.elapsed() < Duration::from_secs(60) => {}
            Err(error) => panic!("it does not come back: {error:?}"),
        }
    }
}

/// An error with all its causes, as a log has it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
