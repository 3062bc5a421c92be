//! One entry, one caller at a time.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use webstack_core::Timestamp;
use webstack_core::store::{Created, Entry, Removed, StoreAnswer, StoreError, Touched, Updated};

use super::stage::{entry, handle, handles, id, owned, owner, skipped};
use crate::StoreUnderTest;

/// Bytes, deadline and owner come back as they were given: empty, binary, a megabyte.
pub fn an_entry_comes_back_exactly(subject: &StoreUnderTest) {
    let store = handle(subject);
    let now = subject.clock().map_or(Timestamp::from_millis(4_102_444_800_000), webstack_core::Clock::now);
    let every_byte: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let payloads: [Bytes; 6] = [
        Bytes::new(),
        "{}".into(),
        vec![0; 300].into(),
        "\r\n'\"\\%_;\0".into(),
        vec![7; 4096 - 64].into(),
        every_byte.into(),
    ];
    let deadlines = [None, Some(now + Duration::from_millis(100_001))];
    let owners = [None, Some(owner("alice"))];
    let mut number = 0;
    for bytes in payloads {
        for (expires, owner) in deadlines.into_iter().zip(owners) {
            let given = Entry { bytes: bytes.clone(), expires, owner };
            number += 1;
            let created = store.put(&id(number), &given);
            let found = store.load(&id(number)).expect("what was created");
            assert!(found.entry == given, "created with {} bytes", bytes.len());
            assert_eq!(found.version, created);

            let Updated::Applied(updated) = store.update(&id(number), created, &given) else { panic!("unchanged") };
            let found = store.load(&id(number)).expect("what was updated");
            assert!(found.entry == given, "updated with {} bytes", bytes.len());
            assert_eq!(found.version, updated);
        }
    }
}

/// For an id that was never used every operation has an answer, and none is an error.
pub fn an_unknown_id_is_absent(subject: &StoreUnderTest) {
    let store = handle(subject);
    let other = store.put(&id(1), &entry("other"));
    assert_eq!(store.load(&id(2)), None);
    assert_eq!(store.update(&id(2), other, &entry("new")), Updated::Gone);
    assert_eq!(store.touch(&id(2), other, None), Touched::Gone);
    assert_eq!(store.remove(&id(2)), Removed::Absent);
    assert_eq!(store.list(None, 10).len(), 1);
    assert_eq!(store.ids_of(&owner("nobody")), []);
}

/// What is done at once is what would have been done later; a store that cannot do it gives the entry back and does nothing.
pub fn at_once_is_as_later_or_not_at_all(subject: &StoreUnderTest) {
    let store = handle(subject);
    let new = owned("one", owner("alice"));
    let version = match store.store.create_at_once(&id(1), new.clone()) {
        Ok(created) => {
            let Ok(Created::New(version)) = created else { panic!("it is new: {created:?}") };
            let again = store.store.create_at_once(&id(1), entry("again")).expect("as before");
            assert_eq!(again.expect("nobody holds it"), Created::Exists);
            version
        }
        Err(given_back) => {
            assert_eq!(given_back, new);
            assert_eq!(store.load(&id(1)), None, "nothing was done");
            store.put(&id(1), &new)
        }
    };
    let one = store.load(&id(1));
    assert_eq!(one.as_ref().map(|stored| (&stored.entry, stored.version)), Some((&new, version)));
    assert_eq!(store.ids_of(&owner("alice")), [id(1)]);
    if let Some(loaded) = store.store.load_at_once(&id(1)) {
        assert_eq!(loaded.expect("nobody holds it"), one);
    }
    // A cache knows what there is, and not what there is not.
    assert!(matches!(store.store.load_at_once(&id(2)), Some(Ok(None)) | None));
    let two = owned("two", owner("bob"));
    let answer = match store.store.update_at_once(&id(1), version, two.clone()) {
        Ok(answer) => answer,
        Err(given_back) => {
            assert_eq!(given_back, two);
            assert_eq!(store.load(&id(1)), one, "nothing was done");
            return;
        }
    };
    let Ok(Updated::Applied(next)) = answer else { panic!("nobody was faster: {answer:?}") };
    assert_ne!(next, version);
    assert_eq!(store.load(&id(1)).map(|stored| (stored.entry, stored.version)), Some((two, next)));
    assert_eq!((store.ids_of(&owner("alice")), store.ids_of(&owner("bob"))), (vec![], vec![id(1)]));
    let stale = store.store.update_at_once(&id(1), version, entry("three")).expect("as before");
    assert!(matches!(stale, Ok(Updated::Conflict(found)) if found.version == next));
    assert_eq!(store.remove(&id(1)), Removed::Removed);
    let gone = store.store.update_at_once(&id(1), next, entry("four")).expect("as before");
    assert_eq!(gone.expect("nobody holds it"), Updated::Gone);
    assert_eq!(store.load(&id(1)), None, "nothing comes back");
}

/// Creating under an id that is taken changes nothing.
pub fn create_replaces_nothing(subject: &StoreUnderTest) {
    let store = handle(subject);
    let version = store.put(&id(1), &entry("first"));
    assert_eq!(store.create(&id(1), &entry("second")), Created::Exists);
    let found = store.load(&id(1)).expect("the first");
    assert_eq!((found.entry, found.version), (entry("first"), version));
}

/// An update replaces all of the entry and gives it a version it never had.
pub fn update_replaces_the_entry_and_its_version(subject: &StoreUnderTest) {
    let store = handle(subject);
    let mut versions = vec![store.put(&id(1), &owned("0", owner("alice")))];
    for round in 1..20_usize {
        let next = entry(vec![b'x'; round * 37 % 200]);
        let Updated::Applied(version) = store.update(&id(1), versions[round - 1], &next) else { panic!("unchanged") };
        assert!(!versions.contains(&version), "a version tells one state from every other");
        versions.push(version);
        let found = store.load(&id(1)).expect("what was updated");
        assert_eq!((found.entry, found.version), (next, version));
    }
}

/// An update of something that changed meanwhile changes nothing, and brings what stands there.
pub fn a_conflict_brings_the_current_entry(subject: &StoreUnderTest) {
    let store = handle(subject);
    let first = store.put(&id(1), &entry("first"));
    let Updated::Applied(second) = store.update(&id(1), first, &owned("second", owner("alice"))) else {
        panic!("it is unchanged")
    };
    let Updated::Conflict(found) = store.update(&id(1), first, &entry("third")) else { panic!("it changed") };
    assert_eq!((found.entry, found.version), (owned("second", owner("alice")), second));
    assert_eq!(store.load(&id(1)).expect("the second").version, second);
    let Updated::Applied(_) = store.update(&id(1), found.version, &entry("third")) else {
        panic!("the version a conflict brings is good for an update")
    };
}

/// Only `create` brings an entry into being.
pub fn update_and_touch_create_nothing(subject: &StoreUnderTest) {
    let store = handle(subject);
    let version = store.put(&id(1), &owned("first", owner("alice")));
    assert_eq!(store.remove(&id(1)), Removed::Removed);
    assert_eq!(store.update(&id(1), version, &owned("second", owner("alice"))), Updated::Gone);
    assert_eq!(store.touch(&id(1), version, None), Touched::Gone);
    assert_eq!(store.load(&id(1)), None);
    assert_eq!((store.list(None, 10), store.ids_of(&owner("alice"))), (vec![], vec![]));
}

/// A touch moves the deadline and nothing else, so an update that was prepared before it still applies.
pub fn touch_extends_and_keeps_bytes_and_version(subject: &StoreUnderTest) {
    let store = handle(subject);
    let soon = far(1);
    let given = Entry { expires: Some(soon), ..owned("text", owner("alice")) };
    let version = store.put(&id(1), &given);
    assert_eq!(store.touch(&id(1), version, Some(far(2))), Touched::Extended);
    let found = store.load(&id(1)).expect("it lives");
    assert_eq!((&found.entry.bytes, found.entry.owner, found.version), (&given.bytes, given.owner, version));
    assert_eq!(found.entry.expires, Some(far(2)));
    assert!(matches!(store.update(&id(1), version, &given), Updated::Applied(_)));
}

/// A touch with an earlier deadline leaves the later one; and "never" is the latest.
pub fn touch_never_shortens(subject: &StoreUnderTest) {
    let store = handle(subject);
    let deadline = |number| store.load(&id(number)).expect("it lives").entry.expires;
    let version = store.put(&id(1), &Entry { expires: Some(far(2)), ..entry("text") });
    assert_eq!(store.touch(&id(1), version, Some(far(1))), Touched::Extended);
    assert_eq!(deadline(1), Some(far(2)));
    assert_eq!(store.touch(&id(1), version, None), Touched::Extended);
    assert_eq!(deadline(1), None);
    assert_eq!(store.touch(&id(1), version, Some(far(3))), Touched::Extended);
    assert_eq!(deadline(1), None);
}

/// A touch of something that changed meanwhile is told so, and changes nothing.
pub fn a_stale_touch_changes_nothing(subject: &StoreUnderTest) {
    let store = handle(subject);
    let given = Entry { expires: Some(far(1)), ..entry("text") };
    let old = store.put(&id(1), &given);
    assert!(matches!(store.update(&id(1), old, &given), Updated::Applied(_)));
    assert_eq!(store.touch(&id(1), old, Some(far(2))), Touched::Stale);
    assert_eq!(store.load(&id(1)).expect("it lives").entry, given);
}

/// What was removed is absent for everybody, and removed only once.
pub fn a_removed_entry_stays_removed(subject: &StoreUnderTest) {
    let store = handle(subject);
    let version = store.put(&id(1), &entry("text"));
    assert_eq!(store.remove(&id(1)), Removed::Removed);
    assert_eq!(store.remove(&id(1)), Removed::Absent);
    assert_eq!(store.load(&id(1)), None);
    assert_eq!(store.update(&id(1), version, &entry("text")), Updated::Gone);
    assert_eq!(store.list(None, 10), []);
}

/// The engine never chooses an id twice; but where a version meant two states, whoever slept in between could overwrite
/// what it never saw.
pub fn an_id_that_is_created_again_has_other_versions(subject: &StoreUnderTest) {
    let store = handle(subject);
    let first = store.put(&id(1), &entry("first"));
    let Updated::Applied(second) = store.update(&id(1), first, &entry("second")) else { panic!("unchanged") };
    assert_eq!(store.remove(&id(1)), Removed::Removed);
    store.put(&id(1), &entry("another"));
    for old in [first, second] {
        let Updated::Conflict(found) = store.update(&id(1), old, &entry("late")) else { panic!("{old:?} came back") };
        assert_eq!(found.entry, entry("another"));
        assert_eq!(store.touch(&id(1), old, Some(far(1))), Touched::Stale);
    }
}

/// An entry is removed however often it changed.
pub fn removal_asks_for_no_version(subject: &StoreUnderTest) {
    let store = handle(subject);
    let version = store.put(&id(1), &entry("text"));
    assert!(matches!(store.update(&id(1), version, &entry("other")), Updated::Applied(_)));
    assert_eq!(store.remove(&id(1)), Removed::Removed);
}

/// A caller may lose interest at any moment: then all is done, now or soon, or nothing, and nothing is left held.
pub fn a_dropped_future_did_all_or_nothing(subject: &StoreUnderTest) {
    let store = handle(subject);
    for polls in 0..4 {
        let [created, updated, touched, removed] = [0, 1, 2, 3].map(|number| id(4 * polls + number));
        poll_and_drop(subject, polls, store.store.create(&created, entry("new")));
        assert!(store.load(&created).is_none_or(|found| found.entry == entry("new")));
        let _ = store.create(&created, &entry("again"));

        let version = store.put(&updated, &entry("old"));
        poll_and_drop(subject, polls, store.store.update(&updated, version, entry("new")));
        let found = store.load(&updated).expect("it lives");
        assert_eq!(found.entry == entry("old"), found.version == version, "both or neither");
        match store.update(&updated, found.version, &entry("newer")) {
            Updated::Applied(_) => {}
            // A server may do at last what it was asked before.
            Updated::Conflict(late) => {
                assert!(found.version == version && late.entry == entry("new"), "only what was dropped is done late");
                assert!(matches!(store.update(&updated, late.version, &entry("newer")), Updated::Applied(_)));
            }
            Updated::Gone => panic!("nobody removed it"),
        }

        let version = store.put(&touched, &Entry { expires: Some(far(1)), ..entry("old") });
        poll_and_drop(subject, polls, store.store.touch(&touched, version, Some(far(2))));
        assert_eq!(store.touch(&touched, version, Some(far(3))), Touched::Extended);

        store.put(&removed, &entry("old"));
        poll_and_drop(subject, polls, store.store.remove(&removed));
        let was_there = store.load(&removed).is_some();
        let now_removed = store.remove(&removed) == Removed::Removed;
        assert!(was_there || !now_removed, "what was gone does not come back");
        assert_eq!(store.load(&removed), None);
    }
}

/// Two handles on the same data, in two processes say, see the same.
pub fn handles_share_everything(subject: &StoreUnderTest) {
    if !subject.store().capabilities().multi_process {
        return skipped("handles_share_everything", "the store is for one process");
    }
    let [one, other] = handles(subject);
    let first = one.put(&id(1), &owned("first", owner("alice")));
    assert_eq!(other.create(&id(1), &entry("second")), Created::Exists);
    assert_eq!(other.load(&id(1)).expect("what the first wrote").version, first);
    assert_eq!(other.ids_of(&owner("alice")), [id(1)]);
    let Updated::Applied(second) = other.update(&id(1), first, &entry("second")) else { panic!("unchanged") };
    assert!(matches!(one.update(&id(1), first, &entry("third")), Updated::Conflict(found) if found.version == second));
    assert_eq!(other.remove(&id(1)), Removed::Removed);
    assert_eq!(one.load(&id(1)), None);
}

/// What ends up in logs holds nobody's data.
pub fn debug_output_shows_no_data(subject: &StoreUnderTest) {
    let store = handle(subject);
    store.put(&id(1), &owned("a secret of alice", owner("alice")));
    let shown = format!("{:?} {:#?}", store.store, store.load(&id(1)));
    assert!(!shown.contains("secret"));
    assert!(!shown.contains(&owner("alice").to_string()));
}

/// A deadline that no test reaches.
fn far(years: u64) -> Timestamp {
    Timestamp::from_millis(4_102_444_800_000) + Duration::from_secs(years * 365 * 24 * 3600)
}

/// Polls a future this many times and drops it, ready or not.
fn poll_and_drop<T: Send>(subject: &StoreUnderTest, polls: u64, mut future: StoreAnswer<'_, T>) {
    subject.block_on(poll_fn(move |context| {
        for _ in 0..polls {
            match Pin::new(&mut future).poll(context) {
                Poll::Ready(Ok(_) | Err(StoreError::Busy)) => return Poll::Ready(()),
                Poll::Ready(Err(error)) => panic!("the store failed: {error:?}"),
                Poll::Pending => {}
            }
        }
        Poll::Ready(())
    }));
}
