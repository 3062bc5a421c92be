//! Places among an owner's sessions.

use std::time::Duration;

use webstack_core::Clock as _;
use webstack_core::store::{Entry, GRACE, Removed, Reserved, Updated};

use super::stage::{clock, entry, expiring, handle, id, ids, owned, owner};
use crate::StoreUnderTest;

/// As many as live, so many places are gone; a refusal says which sessions have them.
pub fn reserve_counts_living_sessions(subject: &StoreUnderTest) {
    let store = handle(subject);
    let (alice, three) = (owner("alice"), ids(0..3));
    for id in &three {
        store.put(id, &owned("text", alice));
    }
    store.put(&id(10), &owned("text", owner("bob")));
    store.put(&id(11), &entry("nobody's"));
    let Reserved::Full(mut having) = store.reserve(&alice, &id(12), 3) else { panic!("three of three live") };
    having.sort_unstable();
    assert_eq!(having, three);
    assert_eq!(store.reserve(&alice, &id(12), 4), Reserved::Granted);
    assert_eq!(store.reserve(&owner("carol"), &id(13), 0), Reserved::Full(vec![]));
}

/// A place that is kept for one session is not given to another.
pub fn reserve_counts_kept_places(subject: &StoreUnderTest) {
    let store = handle(subject);
    let alice = owner("alice");
    assert_eq!(store.reserve(&alice, &id(1), 2), Reserved::Granted);
    assert_eq!(store.reserve(&alice, &id(2), 2), Reserved::Granted);
    assert!(matches!(store.reserve(&alice, &id(3), 2), Reserved::Full(_)));
    assert_eq!(store.reserve(&owner("bob"), &id(4), 1), Reserved::Granted, "another owner has places of his own");
}

/// Who has a place already may ask again, even if there are none left.
pub fn a_session_that_counts_is_granted_again(subject: &StoreUnderTest) {
    let store = handle(subject);
    let alice = owner("alice");
    assert_eq!(store.reserve(&alice, &id(1), 2), Reserved::Granted);
    store.put(&id(2), &owned("text", alice));
    for _ in 0..2 {
        assert_eq!(store.reserve(&alice, &id(1), 2), Reserved::Granted, "a kept place");
        assert_eq!(store.reserve(&alice, &id(2), 2), Reserved::Granted, "a living session");
    }
    assert!(matches!(store.reserve(&alice, &id(3), 2), Reserved::Full(_)));
}

/// An entry takes the place that was kept for it, whether it is created or comes to its owner by an update.
pub fn a_place_is_taken_by_the_entry(subject: &StoreUnderTest) {
    let store = handle(subject);
    let alice = owner("alice");
    assert_eq!(store.reserve(&alice, &id(1), 3), Reserved::Granted);
    store.put(&id(1), &owned("text", alice));
    let version = store.put(&id(2), &entry("nobody's"));
    assert_eq!(store.reserve(&alice, &id(2), 3), Reserved::Granted);
    assert!(matches!(store.update(&id(2), version, &owned("hers", alice)), Updated::Applied(_)));
    assert_eq!(store.reserve(&alice, &id(3), 3), Reserved::Granted, "two are counted once each");
    assert!(matches!(store.reserve(&alice, &id(4), 3), Reserved::Full(_)));
}

/// A place is kept for the entry that shall have this owner, whatever is done to the entry before that.
pub fn a_place_is_kept_while_the_entry_is_still_anothers(subject: &StoreUnderTest) {
    let store = handle(subject);
    let alice = owner("alice");
    let version = store.put(&id(1), &entry("nobody's"));
    assert_eq!(store.reserve(&alice, &id(1), 1), Reserved::Granted);
    let Updated::Applied(version) = store.update(&id(1), version, &entry("nobody's still")) else { panic!("alone") };
    assert_eq!(store.reserve(&alice, &id(2), 1), Reserved::Full(vec![]));
    let Updated::Applied(_) = store.update(&id(1), version, &owned("his", owner("bob"))) else { panic!("alone") };
    assert_eq!(store.reserve(&alice, &id(2), 1), Reserved::Full(vec![]));
}

/// An entry that has expired may be updated for a while, so a place that is kept for it meanwhile counts.
pub fn a_place_is_kept_for_an_entry_that_has_just_expired(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "a_place_is_kept_for_an_entry_that_has_just_expired") else { return };
    let store = handle(subject);
    let (alice, deadline) = (owner("alice"), clock.now() + Duration::from_secs(5));
    store.put(&id(1), &Entry { owner: Some(alice), ..expiring("text", deadline) });
    clock.set(deadline);
    assert_eq!(store.reserve(&alice, &id(1), 1), Reserved::Granted);
    assert_eq!(store.reserve(&alice, &id(2), 1), Reserved::Full(vec![]));
}

/// A place that nobody takes is given back, to the millisecond.
pub fn a_place_is_given_back_after_the_grace_period(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "a_place_is_given_back_after_the_grace_period") else { return };
    let store = handle(subject);
    let alice = owner("alice");
    clock.advance(Duration::from_millis(123_456));
    assert_eq!(store.reserve(&alice, &id(1), 1), Reserved::Granted);
    clock.advance(GRACE - Duration::from_millis(1));
    assert_eq!(store.reserve(&alice, &id(2), 1), Reserved::Full(vec![]));
    clock.advance(Duration::from_millis(1));
    assert_eq!(store.reserve(&alice, &id(2), 1), Reserved::Granted);
}

/// A session that was removed, or that is another's now, leaves its place at once.
pub fn ended_sessions_leave_their_place(subject: &StoreUnderTest) {
    let store = handle(subject);
    let alice = owner("alice");
    assert_eq!(store.reserve(&alice, &id(1), 1), Reserved::Granted);
    let version = store.put(&id(1), &owned("text", alice));
    assert!(matches!(store.update(&id(1), version, &owned("his", owner("bob"))), Updated::Applied(_)));
    assert_eq!(store.reserve(&alice, &id(2), 1), Reserved::Granted);
    store.put(&id(2), &owned("text", alice));
    assert_eq!(store.remove(&id(2)), Removed::Removed);
    assert_eq!(store.reserve(&alice, &id(3), 1), Reserved::Granted);
}

/// A session that expired leaves its place at its deadline, though no purge ran.
pub fn an_expired_session_leaves_its_place(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "an_expired_session_leaves_its_place") else { return };
    let store = handle(subject);
    let (alice, deadline) = (owner("alice"), clock.now() + Duration::from_secs(5));
    assert_eq!(store.reserve(&alice, &id(1), 1), Reserved::Granted);
    store.put(&id(1), &Entry { owner: Some(alice), ..expiring("text", deadline) });
    clock.set(deadline - Duration::from_millis(1));
    assert_eq!(store.reserve(&alice, &id(2), 1), Reserved::Full(vec![id(1)]));
    clock.set(deadline);
    assert_eq!(store.reserve(&alice, &id(2), 1), Reserved::Granted);
}
