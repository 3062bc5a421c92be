//! Deadlines, the grace period, purging.

use std::time::Duration;

use webstack_core::store::{Created, Entry, GRACE, PurgeStep, Removed, Touched, Updated};
use webstack_core::{Clock as _, Timestamp};

use super::stage::{clock, entry, expiring, handle, id, ids, owned, owner};
use crate::StoreUnderTest;

const MILLISECOND: Duration = Duration::from_millis(1);
/// Longer than anything that a store may spare from a purge to save work.
const YEARS: Duration = Duration::from_secs(3 * 365 * 24 * 3600);

/// At its deadline an entry is absent for readers, one millisecond before it is not; though no purge ever ran.
pub fn expired_is_absent_to_the_millisecond(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "expired_is_absent_to_the_millisecond") else { return };
    let store = handle(subject);
    let deadline = clock.now() + Duration::from_millis(60_007);
    store.put(&id(1), &Entry { owner: Some(owner("alice")), ..expiring("text", deadline) });
    let seen = || (store.load(&id(1)).is_some(), store.list(None, 9).len(), store.ids_of(&owner("alice")).len());
    clock.set(deadline - MILLISECOND);
    assert_eq!(seen(), (true, 1, 1));
    clock.set(deadline);
    assert_eq!(seen(), (false, 0, 0));
}

/// No deadline is too far for a store, and none becomes an earlier one.
pub fn the_end_of_time_is_a_deadline(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "the_end_of_time_is_a_deadline") else { return };
    let store = handle(subject);
    let deadlines = [Timestamp::MAX, Timestamp::MAX - MILLISECOND, clock.now() + 1000 * YEARS];
    for (number, deadline) in (1..).zip(deadlines) {
        let version = store.put(&id(number), &expiring("text", deadline));
        assert_eq!(store.touch(&id(number), version, Some(Timestamp::MAX)), Touched::Extended);
    }
    clock.advance(100 * YEARS);
    assert_eq!(store.purge_all(), 0);
    for number in 1..=3 {
        let found = store.load(&id(number)).expect("it lives").entry.expires;
        assert!(found.is_none_or(|deadline| deadline > clock.now() + 100 * YEARS), "{found:?}");
    }
}

/// An id is never used twice, not even when its entry has expired.
pub fn an_expired_entry_is_in_the_way_of_create(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "an_expired_entry_is_in_the_way_of_create") else { return };
    let store = handle(subject);
    store.put(&id(1), &expiring("text", clock.now() + MILLISECOND));
    clock.advance(MILLISECOND);
    assert_eq!(store.create(&id(1), &entry("new")), Created::Exists);
    assert_eq!(store.load(&id(1)), None);
}

/// Removing what has expired answers that there was nothing, and takes it out of the grace period's reach.
pub fn removing_an_expired_entry_answers_absent(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "removing_an_expired_entry_answers_absent") else { return };
    let store = handle(subject);
    let version = store.put(&id(1), &expiring("text", clock.now() + MILLISECOND));
    clock.advance(MILLISECOND);
    assert_eq!(store.remove(&id(1)), Removed::Absent);
    assert_eq!(store.update(&id(1), version, &entry("new")), Updated::Gone);
    assert_eq!(store.touch(&id(1), version, None), Touched::Gone);
}

/// A request that loaded the session alive can still save it, until the grace period is over to the millisecond.
pub fn update_and_touch_find_an_entry_for_the_grace_period(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "update_and_touch_find_an_entry_for_the_grace_period") else { return };
    let store = handle(subject);
    let start = clock.now();
    let deadline = start + Duration::from_secs(10);
    let later = deadline + GRACE + Duration::from_secs(100);
    let versions = [1, 2, 3, 4].map(|number| store.put(&id(number), &expiring("text", deadline)));

    clock.set(deadline + GRACE - MILLISECOND);
    assert!(matches!(store.update(&id(1), versions[0], &expiring("new", later)), Updated::Applied(_)));
    assert_eq!(store.touch(&id(2), versions[1], Some(later)), Touched::Extended);
    assert!(store.load(&id(1)).is_some_and(|found| found.entry == expiring("new", later)));
    assert!(store.load(&id(2)).is_some_and(|found| found.entry == expiring("text", later)));

    clock.set(deadline + GRACE);
    assert_eq!(store.update(&id(3), versions[2], &expiring("new", later)), Updated::Gone);
    assert_eq!(store.touch(&id(4), versions[3], Some(later)), Touched::Gone);
    assert_eq!((store.load(&id(3)), store.load(&id(4))), (None, None));
}

/// A purge leaves what lives, and what a request in flight may still save.
pub fn purge_spares_what_lives_and_the_grace_period(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "purge_spares_what_lives_and_the_grace_period") else { return };
    let store = handle(subject);
    clock.advance(YEARS);
    let deadline = clock.now() + MILLISECOND;
    store.put(&id(1), &entry("for ever"));
    store.put(&id(2), &expiring("living", deadline + GRACE + MILLISECOND));
    let version = store.put(&id(3), &expiring("expired", deadline));
    clock.set(deadline + GRACE - MILLISECOND);
    assert_eq!(store.purge_all(), 0);
    assert!(store.load(&id(1)).is_some() && store.load(&id(2)).is_some());
    assert!(matches!(store.update(&id(3), version, &entry("saved")), Updated::Applied(_)));
}

/// A purge removes what expired long ago, and nothing else.
pub fn purge_removes_what_expired_long_ago(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "purge_removes_what_expired_long_ago") else { return };
    let store = handle(subject);
    let deadline = clock.now() + Duration::from_secs(1);
    for number in 0..40 {
        store.put(&id(number), &expiring("text", deadline));
    }
    store.put(&id(40), &entry("for ever"));
    store.put(&id(41), &expiring("longer", deadline + YEARS + GRACE));
    clock.set(deadline + YEARS);
    assert_eq!(store.purge_all(), 40);
    assert_eq!(store.purge_all(), 0);
    assert_eq!(store.list(None, 100).len(), 2);
}

/// Steps follow each other to the end: each looks at about what it may, and together they remove what has expired.
pub fn purge_in_steps_comes_to_its_end(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "purge_in_steps_comes_to_its_end") else { return };
    let store = handle(subject);
    let deadline = clock.now() + Duration::from_secs(1);
    for (number, id) in ids(0..50).iter().enumerate() {
        store.put(id, &if number % 2 == 0 { expiring("text", deadline) } else { entry("for ever") });
    }
    clock.set(deadline + YEARS);
    let (mut step, mut removed, mut remaining) = (PurgeStep::new(7), 0, 0);
    for steps in 0.. {
        assert!(steps < 60, "it goes on and on");
        let purged = store.purge(step);
        assert!(purged.removed + purged.remaining <= 14, "a step is bounded");
        removed += purged.removed;
        remaining += purged.remaining;
        let Some(next) = purged.next else { break };
        step = step.after(Some(next));
    }
    assert_eq!(removed, 25);
    assert!(remaining == 25 || remaining == 0, "what lives is looked at once, or not at all");
}

/// A purged session is no longer among its owner's.
pub fn purged_sessions_leave_the_owner_index(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "purged_sessions_leave_the_owner_index") else { return };
    let store = handle(subject);
    let deadline = clock.now() + Duration::from_secs(1);
    store.put(&id(1), &Entry { expires: Some(deadline), ..owned("text", owner("alice")) });
    store.put(&id(2), &owned("text", owner("alice")));
    clock.set(deadline + YEARS);
    assert_eq!(store.purge_all(), 1);
    assert_eq!(store.ids_of(&owner("alice")), [id(2)]);
    assert_eq!(store.purge_all(), 0);
    assert_eq!(store.ids_of(&owner("alice")), [id(2)]);
}
