//! What happens to a memory store that is full.

use std::sync::Arc;
use std::time::Duration;

use webstack_core::runtime::block_on;
use webstack_core::store::{Created, Entry, GRACE, MemoryStore, Store, StoreError, Touched, Updated, Version};
use webstack_core::{Clock as _, SessionId, Timestamp};
use webstack_testkit::HeldClock;

struct Small {
    clock: HeldClock,
    store: MemoryStore,
}

impl Small {
    /// A store for two.
    fn new() -> Self {
        let clock = HeldClock::new();
        let store = MemoryStore::new().with_capacity(2).with_clock(Arc::new(clock.clone()));
        Small { clock, store }
    }

    fn create(&self, number: u8, expires: Option<Timestamp>) -> Result<Created, StoreError> {
        block_on(self.store.create(&id(number), Entry { bytes: "text".into(), expires, owner: None }))
    }

    fn put(&self, number: u8, expires: Option<Timestamp>) -> Version {
        match self.create(number, expires) {
            Ok(Created::New(version)) => version,
            other => panic!("{other:?}"),
        }
    }

    fn holds(&self, number: u8) -> bool {
        block_on(self.store.load(&id(number))).expect("memory").is_some()
    }
}

fn id(number: u8) -> SessionId {
    SessionId::from_bytes([number; 16])
}

#[test]
fn a_full_store_refuses_rather_than_drop_somebody() {
    let small = Small::new();
    small.put(1, Some(small.clock.now() + Duration::from_millis(1)));
    small.put(2, None);
    assert!(matches!(small.create(3, None), Err(StoreError::Unavailable(_))));
    assert!(matches!(small.create(1, None), Ok(Created::Exists)), "which is more to the point than being full");
    assert!(small.holds(1) && small.holds(2) && !small.holds(3));
}

#[test]
fn room_is_made_of_what_a_purge_would_remove_and_no_sooner() {
    let small = Small::new();
    let deadline = small.clock.now() + Duration::from_secs(1);
    small.put(1, Some(deadline));
    small.put(2, None);
    small.clock.set(deadline + GRACE - Duration::from_millis(1));
    assert!(matches!(small.create(3, None), Err(StoreError::Unavailable(_))), "a request may still save it");
    small.clock.set(deadline + GRACE);
    small.put(3, None);
    assert!(small.holds(2) && small.holds(3));
    assert!(matches!(small.create(4, None), Err(StoreError::Unavailable(_))));
}

#[test]
fn an_entry_that_was_touched_is_not_dropped_at_its_old_deadline() {
    let small = Small::new();
    let deadline = small.clock.now() + Duration::from_secs(1);
    let version = small.put(1, Some(deadline));
    small.put(2, None);
    let touched = block_on(small.store.touch(&id(1), version, Some(deadline + 100 * GRACE)));
    assert!(matches!(touched, Ok(Touched::Extended)));
    small.clock.set(deadline + GRACE);
    assert!(matches!(small.create(3, None), Err(StoreError::Unavailable(_))));
    assert!(small.holds(1));
}

#[test]
fn what_ends_leaves_room() {
    let small = Small::new();
    small.put(1, None);
    small.put(2, None);
    let _ = block_on(small.store.remove(&id(1))).expect("memory");
    small.put(3, None);
}

#[test]
fn room_is_made_at_the_deadline_that_was_written_last() {
    let small = Small::new();
    let hour = Duration::from_secs(3600);
    let begun = small.clock.now();
    let version = small.put(1, Some(begun + hour));
    small.put(2, None);
    let update = |number, seen, expires| {
        let entry = Entry { bytes: "other".into(), expires: Some(expires), owner: None };
        assert!(matches!(block_on(small.store.update(&id(number), seen, entry)), Ok(Updated::Applied(_))));
    };
    update(1, version, begun + Duration::from_secs(1));
    small.clock.set(begun + Duration::from_secs(1) + GRACE);
    let version = small.put(3, Some(begun + hour));
    assert!(!small.holds(1), "it was to end sooner");

    update(3, version, begun + 3 * hour);
    small.clock.set(begun + hour + GRACE);
    assert!(matches!(small.create(4, None), Err(StoreError::Unavailable(_))), "it was to end later");
    small.clock.set(begun + 3 * hour + GRACE);
    small.put(4, None);
}
