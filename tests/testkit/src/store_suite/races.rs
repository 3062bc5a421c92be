//! Several threads, over two handles where the store can be opened twice.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use webstack_core::Clock as _;
use webstack_core::SessionId;
use webstack_core::store::{Created, Entry, GRACE, PurgeStep, Removed, Reserved, Touched, Updated};

use super::stage::{Handle, at_once, clock, entry, expiring, handles, id, ids, owned, owner};
use crate::StoreUnderTest;

/// How often a race between two is run. Each has its own interleaving.
const ROUNDS: u64 = 150;

/// Every increment counts, however many try at once: a conflict is told, so it can be replayed.
pub fn parallel_updates_lose_nothing(subject: &StoreUnderTest) {
    const THREADS: usize = 6;
    const EACH: usize = 20;
    let both = handles(subject);
    both[0].put(&id(1), &entry("0"));
    let start = Barrier::new(THREADS);
    std::thread::scope(|threads| {
        for number in 0..THREADS {
            let (store, start) = (&both[number % 2], &start);
            threads.spawn(move || {
                start.wait();
                (0..EACH).for_each(|_| increment(store, &id(1)));
            });
        }
    });
    assert_eq!(count(&both[0], &id(1)), THREADS * EACH);
}

/// Of any number who create under one id at once, one does; all others are told, and what they brought is dropped.
pub fn a_race_to_create_has_one_winner(subject: &StoreUnderTest) {
    const THREADS: usize = 4;
    let both = handles(subject);
    for round in 0..ROUNDS / 3 {
        let (start, winner) = (Barrier::new(THREADS), AtomicUsize::new(THREADS));
        let winners = AtomicUsize::new(0);
        std::thread::scope(|threads| {
            for number in 0..THREADS {
                let (store, start, winner, winners) = (&both[number % 2], &start, &winner, &winners);
                threads.spawn(move || {
                    start.wait();
                    if let Created::New(_) = store.create(&id(round), &entry(number.to_string())) {
                        winner.store(number, Ordering::SeqCst);
                        winners.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(winners.load(Ordering::SeqCst), 1);
        let found = both[0].load(&id(round)).expect("the winner's");
        assert_eq!(found.entry, entry(winner.load(Ordering::SeqCst).to_string()));
    }
}

/// A logout is final: no update under way brings the session back.
pub fn removal_beats_updates_in_flight(subject: &StoreUnderTest) {
    let [one, other] = handles(subject);
    let given = owned("text", owner("alice"));
    for round in 0..ROUNDS {
        let version = one.put(&id(round), &given);
        let ((), removed) = at_once(
            || {
                let mut seen = version;
                for _ in 0..5 {
                    match one.update(&id(round), seen, &given) {
                        Updated::Applied(version) => seen = version,
                        Updated::Gone => {}
                        Updated::Conflict(_) => panic!("nobody else updates"),
                    }
                }
            },
            || other.remove(&id(round)),
        );
        assert_eq!(removed, Removed::Removed, "it was alive all the time");
        assert_eq!(one.load(&id(round)), None, "round {round}");
    }
    assert_eq!((one.list(None, 10), one.ids_of(&owner("alice"))), (vec![], vec![]));
}

/// A logout is final: no touch under way brings the session back.
pub fn removal_beats_touches_in_flight(subject: &StoreUnderTest) {
    let [one, other] = handles(subject);
    // Far ahead of any clock, and later with each touch.
    let deadline = |number: u64| Some(webstack_core::Timestamp::from_millis(4_102_444_800_000 + number));
    for round in 0..ROUNDS {
        let version = one.put(&id(round), &Entry { expires: deadline(0), ..entry("text") });
        let ((), removed) = at_once(
            || (1..6).for_each(|number| assert_ne!(one.touch(&id(round), version, deadline(number)), Touched::Stale)),
            || other.remove(&id(round)),
        );
        assert_eq!(removed, Removed::Removed, "it was alive all the time");
        assert_eq!(one.load(&id(round)), None, "round {round}");
    }
}

/// Of any number who remove an entry at once, one is told that it did.
pub fn a_race_to_remove_has_one_winner(subject: &StoreUnderTest) {
    let [one, other] = handles(subject);
    for round in 0..ROUNDS {
        one.put(&id(round), &entry("text"));
        let (first, second) = at_once(|| one.remove(&id(round)), || other.remove(&id(round)));
        assert_ne!(first, second, "round {round}");
    }
}

/// A session that is saved in its grace period while purges come by is there afterwards, or was gone before.
pub fn purge_never_removes_what_was_renewed(subject: &StoreUnderTest) {
    let Some(clock) = clock(subject, "purge_never_removes_what_was_renewed") else { return };
    let [one, other] = handles(subject);
    for round in 0..ROUNDS {
        let (deadline, session) = (clock.now(), id(round));
        let renewed = expiring("renewed", deadline + 100 * GRACE);
        let version = one.put(&session, &expiring("old", deadline));
        // This entry and no other, over and over, so that a purge meets every moment of the update.
        let before = u128::from_be_bytes(*session.as_bytes()).wrapping_sub(1).to_be_bytes();
        let step = PurgeStep::new(1).after(Some(SessionId::from_bytes(before)));
        clock.set(deadline + GRACE - Duration::from_millis(1));
        let done = Done::default();
        let (updated, ()) = at_once(
            || {
                let _done = done.when_dropped();
                std::thread::scope(|threads| {
                    let update = threads.spawn(|| one.update(&session, version, &renewed));
                    (0..round * 20).for_each(|_| std::hint::spin_loop());
                    clock.advance(Duration::from_millis(1));
                    update.join().expect("a thread that does not panic")
                })
            },
            || {
                while !done.is_set() {
                    let _ = other.purge(step);
                }
            },
        );
        let found = one.load(&session).map(|found| found.entry);
        match updated {
            Updated::Applied(_) => assert_eq!(found, Some(renewed), "round {round}"),
            Updated::Gone => assert_eq!(found, None, "round {round}"),
            Updated::Conflict(_) => panic!("nobody else updates"),
        }
        let _ = one.remove(&session);
    }
}

/// A reader sees an entry as somebody wrote it, and never an older one than it saw before; nor one torn or absent.
pub fn readers_see_whole_entries_and_never_an_older_one(subject: &StoreUnderTest) {
    let [one, other] = handles(subject);
    // The number of the writing, then bytes and a length that follow from it: one block, or several.
    let written = |number: u64| {
        let filling = vec![number.to_le_bytes()[0]; number as usize * 977 % 20_000];
        entry([&number.to_be_bytes()[..], &filling].concat())
    };
    let mut version = one.put(&id(1), &written(0));
    let done = Done::default();
    std::thread::scope(|threads| {
        let _done = done.when_dropped();
        for store in [&one, &other] {
            let (done, written) = (&done, &written);
            threads.spawn(move || {
                let mut latest = 0;
                while !done.is_set() {
                    let found = store.load(&id(1)).expect("it is there all the time").entry;
                    let number = found.bytes.first_chunk().copied().map(u64::from_be_bytes).expect("a number");
                    assert!(found == written(number), "parts of two writings");
                    assert!(number >= latest, "back in time");
                    latest = number;
                }
            });
        }
        for number in 1..200 {
            let Updated::Applied(next) = one.update(&id(1), version, &written(number)) else { panic!("one writer") };
            version = next;
        }
    });
}

/// What is there from the first page to the last is listed exactly once, whatever comes and goes meanwhile.
pub fn listing_is_complete_while_others_create(subject: &StoreUnderTest) {
    let [one, other] = handles(subject);
    let stay = ids(0..60);
    for id in &stay {
        one.put(id, &entry("stays"));
    }
    let done = Done::default();
    std::thread::scope(|threads| {
        let _done = done.when_dropped();
        threads.spawn(|| {
            for number in (1000..).take_while(|_| !done.is_set()) {
                other.put(&id(number), &entry("comes and goes"));
                assert_eq!(
                    other.remove(&id(number - number % 2)),
                    [Removed::Removed, Removed::Absent][(number % 2) as usize]
                );
            }
        });
        for _ in 0..10 {
            let mut listed: Vec<SessionId> = Vec::new();
            loop {
                let page = one.list(listed.last(), 7);
                listed.extend(page.iter().map(|listed| listed.id));
                if page.len() < 7 {
                    break;
                }
            }
            assert!(listed.is_sorted_by(|a, b| a < b), "in order, each once");
            assert!(stay.iter().all(|id| listed.contains(id)), "none is missing");
        }
    });
}

/// Of any number of logins at once, as many are granted as there are places.
pub fn a_race_to_reserve_stays_within_the_limit(subject: &StoreUnderTest) {
    const THREADS: u64 = 5;
    const LIMIT: usize = 3;
    let both = handles(subject);
    for round in 0..ROUNDS / 5 {
        let (owner, start, granted) = (owner(&format!("user {round}")), Barrier::new(5), AtomicUsize::new(0));
        std::thread::scope(|threads| {
            for number in 0..THREADS {
                let (store, start, granted, owner) = (&both[number as usize % 2], &start, &granted, &owner);
                let id = id(round * THREADS + number);
                threads.spawn(move || {
                    start.wait();
                    if let Reserved::Granted = store.reserve(owner, &id, LIMIT) {
                        granted.fetch_add(1, Ordering::SeqCst);
                        store.put(&id, &owned("text", *owner));
                    }
                });
            }
        });
        assert_eq!(granted.load(Ordering::SeqCst), LIMIT, "round {round}");
        assert_eq!(both[1].ids_of(&owner).len(), LIMIT);
    }
}

/// A living session is among its owner's at every moment, though others come and go and purges tidy up.
pub fn owned_by_never_misses_a_living_session(subject: &StoreUnderTest) {
    let [one, other] = handles(subject);
    let alice = owner("alice");
    let done = Done::default();
    std::thread::scope(|threads| {
        let _done = done.when_dropped();
        threads.spawn(|| {
            while !done.is_set() {
                let _ = other.purge_all();
                // Long enough for every marker and reservation to look old.
                subject.clock().into_iter().for_each(|clock| clock.advance(100 * GRACE));
            }
        });
        for round in 0..ROUNDS {
            let session = id(round);
            if round % 2 == 0 {
                one.put(&session, &owned("text", alice));
            } else {
                let version = one.put(&session, &entry("nobody's"));
                assert!(matches!(one.update(&session, version, &owned("text", alice)), Updated::Applied(_)));
            }
            assert!(one.ids_of(&alice).contains(&session), "round {round}");
            assert!(other.ids_of(&alice).contains(&session), "round {round}");
            assert_eq!(one.remove(&session), Removed::Removed);
            assert!(!one.ids_of(&alice).contains(&session), "round {round}");
        }
    });
}

/// Whoever hands a session to and fro at the same time, it ends up listed for the owner that it has.
pub fn a_race_of_owners_leaves_the_index_right(subject: &StoreUnderTest) {
    let [one, other] = handles(subject);
    let [alice, bob] = [owner("alice"), owner("bob")];
    for round in 0..ROUNDS / 3 {
        one.put(&id(round), &owned("text", alice));
        let hand_over = |store: &Handle<'_>, first: usize| {
            for number in first..first + 4 {
                let next = owned("text", [alice, bob][number % 2]);
                let seen = store.load(&id(round)).expect("it lives").version;
                let _ = store.update(&id(round), seen, &next);
            }
        };
        at_once(|| hand_over(&one, 0), || hand_over(&other, 1));
        let has = one.load(&id(round)).expect("it lives").entry.owner.expect("somebody's");
        assert_eq!(one.ids_of(&alice).contains(&id(round)), has == alice, "round {round}");
        assert_eq!(one.ids_of(&bob).contains(&id(round)), has == bob, "round {round}");
    }
}

/// Tells other threads that the race is over, even if it ends in a panic: they would run for ever otherwise.
#[derive(Default)]
struct Done(AtomicBool);

impl Done {
    fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn when_dropped(&self) -> impl Drop {
        struct Set<'a>(&'a AtomicBool);
        impl Drop for Set<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        Set(&self.0)
    }
}

fn increment(store: &Handle<'_>, id: &SessionId) {
    let mut seen = store.load(id).expect("the counter");
    loop {
        let count: usize =
            std::str::from_utf8(&seen.entry.bytes).ok().and_then(|text| text.parse().ok()).expect("digits");
        match store.update(id, seen.version, &entry((count + 1).to_string())) {
            Updated::Applied(_) => return,
            Updated::Conflict(found) => seen = found,
            Updated::Gone => panic!("nobody removes it"),
        }
    }
}

fn count(store: &Handle<'_>, id: &SessionId) -> usize {
    let found = store.load(id).expect("the counter");
    std::str::from_utf8(&found.entry.bytes).ok().and_then(|text| text.parse().ok()).expect("digits")
}
