//! Rows that somebody else wrote, and deadlines at the end of time.

use webstack_core::runtime::block_on;
use webstack_store::{Entry, OwnerKey, Removed, Store as _, StoreError, Timestamp, Updated, Version};
use webstack_test_servers::{Postgres, or_skip};

use crate::places;
use crate::stage::{create, entry, id, store};

#[test]
fn deadlines_at_the_end_of_time_are_kept() {
    let place = tempfile::tempdir().expect("a directory");
    for url in [places::postgres(), places::mariadb(), Some(places::sqlite(place.path()))].iter().flatten() {
        let (store, _) = store(url, &places::namespace());
        let given = Entry { expires: Some(Timestamp::MAX), ..entry("text") };
        let _ = block_on(store.create(&id(1), given.clone())).expect("it is reached");
        let found = block_on(store.load(&id(1))).expect("it is reached").expect("it lives");
        assert_eq!(found.entry, given, "{url}");
        let beyond = Some(Timestamp::from_millis(u64::MAX - 7));
        assert!(block_on(store.touch(&id(1), found.version, beyond)).is_ok());
        assert_eq!(block_on(store.load(&id(1))).expect("it is reached").expect("it lives").entry, given);
        let far = Version::new(u64::MAX);
        assert!(matches!(block_on(store.update(&id(1), far, entry("new"))), Ok(Updated::Conflict(_))));
    }
}

#[test]
fn an_id_that_is_created_again_has_versions_that_it_never_had() {
    let place = tempfile::tempdir().expect("a directory");
    for url in [places::postgres(), places::mariadb(), Some(places::sqlite(place.path()))].iter().flatten() {
        let (store, _) = store(url, &places::namespace());
        let first = create(&store, 1, "first");
        assert_eq!(block_on(store.remove(&id(1))).expect("it is reached"), Removed::Removed);
        create(&store, 1, "second");
        assert!(matches!(block_on(store.update(&id(1), first, entry("third"))), Ok(Updated::Conflict(_))), "{url}");
    }
}

#[test]
fn a_row_that_somebody_spoilt_is_corrupt_and_can_be_removed() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    let (store, clock) = store(&server.url(), "webstack");
    let alice = OwnerKey::derive("", "alice");
    for number in 0..6 {
        let owned = Entry { owner: Some(alice), ..entry("text") };
        let _ = block_on(store.create(&id(number), owned)).expect("it is reached");
    }
    let spoil = |what: &str, number| {
        let _ = server
            .query(&format!("UPDATE webstack_sessions SET {what} WHERE id = '\\x{}'", id(number)))
            .expect("it is changed");
    };
    spoil("owner = 'short'", 0);
    spoil("expires = -5", 1);
    for number in 0..2 {
        assert!(matches!(block_on(store.load(&id(number))), Err(StoreError::Corrupt(_))), "{number}");
        let answer = block_on(store.update(&id(number), Version::new(1), entry("new")));
        assert!(matches!(answer, Err(StoreError::Corrupt(_))), "{answer:?}");
    }
    for limit in 1..6 {
        let (mut listed, mut after) = (0, None);
        loop {
            let page = block_on(store.list(after.as_ref(), limit)).expect("corrupt entries are left out");
            listed += page.len();
            if page.len() < limit {
                break;
            }
            after = page.last().map(|listed| listed.id);
        }
        assert_eq!(listed, 4, "in pages of {limit}");
    }
    assert_eq!(block_on(store.owned_by(&alice, None, 9)).expect("it is reached").len(), 4);
    for number in 0..2 {
        assert_eq!(block_on(store.remove(&id(number))).expect("it is reached"), Removed::Removed, "{number}");
        assert_eq!(block_on(store.load(&id(number))).expect("it is reached"), None);
    }
    drop(clock);
}
