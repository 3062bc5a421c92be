//! What goes on beside the requests.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use rocket::local::blocking::Client;
use webstack_core::store::MemoryStore;
use webstack_rocket::SessionFairing;
use webstack_testkit::{CountingStore, Operation};

#[test]
fn a_server_purges_without_being_asked() {
    let store = CountingStore::new(MemoryStore::new());
    let counts = store.counts();
    let sessions = webstack_rocket::builder().store(store).purge_every(Some(Duration::from_millis(1))).build().unwrap();
    let _client = Client::untracked(rocket::build().attach(SessionFairing::new(sessions))).unwrap();
    while counts.of(Operation::Purge) < 2 {
        std::thread::yield_now();
    }
}
