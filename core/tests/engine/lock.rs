//! The session's lock: one at a time, and none that outlives its holder.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use webstack_core::{CookieLifetime, Error, Event, Outcome, runtime::block_on};
use webstack_testkit::Operation;

use crate::visitor::{MINUTE, Site, known, set_cookie, value};

const MOMENT: Duration = Duration::from_millis(1);

const HOUR: Duration = Duration::from_secs(3600);

/// Waiting is over soon, and no lease runs out before.
fn impatient() -> Site {
    Site::with(|builder| builder.wait_limit(20 * MOMENT).lock_lease(10 * MOMENT))
}

#[test]
fn what_is_done_under_the_lock_is_done_one_after_the_other() {
    let site = Site::new();
    let visitor = known(&site);
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                let request = visitor.arrive(&site);
                let session = &request.session;
                let lock = block_on(session.lock()).unwrap();
                let n: u32 = session.get("n").unwrap().unwrap_or(0);
                std::thread::yield_now();
                session.insert("n", &(n + 1)).unwrap();
                block_on(lock.release()).unwrap();
                request.answer(Outcome::Keep);
            });
        }
    });
    assert_eq!(value(&site, &visitor, "n"), Some(10));
    assert_eq!(site.heard(|event| matches!(event, Event::Overwritten(_))), 0);
}

#[test]
fn a_writer_without_the_lock_waits_for_it_and_a_reader_does_not() {
    let site = Site::new();
    let visitor = known(&site);
    let early = visitor.arrive(&site);
    let holder = visitor.arrive(&site);
    let lock = block_on(holder.session.lock()).unwrap();
    let released = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let request = early;
            request.session.insert("other", &1).unwrap();
            request.answer(Outcome::Keep);
            assert!(released.load(Ordering::SeqCst), "it was stored before the lock was given back");
        });
        // it tries, and then looks again and again
        let before = site.counts.of(Operation::Load);
        while site.counts.of(Operation::Load) < before + 3 {
            std::thread::yield_now();
        }
        assert_eq!(value(&site, &visitor, "kept"), Some(1), "a reader");
        holder.session.insert("n", &1).unwrap();
        released.store(true, Ordering::SeqCst);
        block_on(lock.release()).unwrap();
        writer.join().unwrap();
    });
    assert_eq!([value(&site, &visitor, "n"), value(&site, &visitor, "other")], [Some(1), Some(1)]);
}

#[test]
fn who_waits_for_too_long_is_503_and_nothing_is_stored() {
    let site = impatient();
    let visitor = known(&site);
    let holder = visitor.arrive(&site);
    let _lock = block_on(holder.session.lock_for(HOUR)).unwrap();
    let waiting = visitor.arrive(&site);
    assert!(matches!(block_on(waiting.session.lock()), Err(Error::Unavailable(_))));
    let writing = visitor.arrive(&site);
    writing.session.insert("other", &1).unwrap();
    let refused = block_on(writing.exchange.finish(Outcome::Keep)).unwrap_err();
    assert_eq!(refused.refusal().status(), 503);
    assert_eq!(value(&site, &visitor, "other"), None);
}

#[test]
fn a_logout_does_not_wait_and_the_holder_stores_nothing() {
    let site = impatient();
    let mut visitor = known(&site);
    let holder = visitor.arrive(&site);
    let lock = block_on(holder.session.lock_for(HOUR)).unwrap();
    visitor.visit(&site, |session| session.invalidate().unwrap());
    holder.session.insert("n", &1).unwrap();
    assert!(matches!(block_on(lock.release()), Err(Error::Gone)));
    assert_eq!(site.alive(), 0);
}

#[test]
fn a_holder_that_is_overtaken_stores_nothing_and_is_told() {
    let site = Site::new();
    let visitor = known(&site);
    let slow = visitor.arrive(&site);
    let lock = block_on(slow.session.lock_for(MOMENT)).unwrap();
    let next = visitor.arrive(&site);
    let taken = block_on(next.session.lock()).unwrap();
    slow.session.insert("n", &1).unwrap();
    assert!(matches!(block_on(lock.release()), Err(Error::LockLost)));
    assert_eq!(site.heard(|event| matches!(event, Event::LockLost(_))), 1);
    assert!(matches!(block_on(slow.session.save()), Err(Error::Gone)), "nor later");
    next.session.insert("m", &1).unwrap();
    block_on(taken.release()).unwrap();
    assert_eq!([value(&site, &visitor, "n"), value(&site, &visitor, "m")], [None, Some(1)]);
}

#[test]
fn a_holder_that_is_overtaken_and_does_not_look_is_refused_at_the_end() {
    let site = Site::new();
    let visitor = known(&site);
    let slow = visitor.arrive(&site);
    let _lock = block_on(slow.session.lock_for(MOMENT)).unwrap();
    drop(block_on(visitor.arrive(&site).session.lock()).unwrap());
    slow.session.insert("n", &1).unwrap();
    let error = block_on(slow.exchange.finish(Outcome::Keep)).unwrap_err();
    assert!(matches!(error, Error::LockLost) && error.refusal().status() == 503);
    assert_eq!(value(&site, &visitor, "n"), None);
}

#[test]
fn a_holder_that_is_overtaken_and_applies_is_told() {
    let site = Site::new();
    let visitor = known(&site);
    let slow = visitor.arrive(&site);
    let _lock = block_on(slow.session.lock_for(MOMENT)).unwrap();
    drop(block_on(visitor.arrive(&site).session.lock()).unwrap());
    let applied = block_on(slow.session.apply("n", |n: Option<u32>| n.unwrap_or(0) + 1));
    assert!(matches!(applied, Err(Error::LockLost)));
    assert_eq!(value(&site, &visitor, "n"), None);
}

/// The next one gets the lock without waiting for any lease to run out.
#[track_caller]
fn assert_free(site: &Site, visitor: &crate::visitor::Visitor) {
    let next = visitor.arrive(site);
    drop(block_on(next.session.lock()).expect("it is free"));
}

#[test]
fn the_lock_is_given_back_however_its_holder_ends() {
    let site = impatient();
    let visitor = known(&site);
    let holding = || {
        let request = visitor.arrive(&site);
        let lock = block_on(request.session.lock_for(HOUR)).unwrap();
        (request, lock)
    };

    let (request, lock) = holding();
    drop(lock);
    assert_free(&site, &visitor);
    drop(request);

    let (request, lock) = holding();
    request.session.insert("stored", &1).unwrap();
    drop(lock);
    request.answer(Outcome::Keep);
    assert_free(&site, &visitor);

    let (request, _lock) = holding();
    request.session.insert("failed", &1).unwrap();
    request.answer(Outcome::Discard);
    assert_free(&site, &visitor);

    let (request, _lock) = holding();
    request.session.insert("cancelled", &1).unwrap();
    drop(request);
    assert_free(&site, &visitor);

    let stored = |key: &str| value(&site, &visitor, key);
    assert_eq!([stored("stored"), stored("failed"), stored("cancelled")], [Some(1), None, None]);
}

#[test]
fn what_is_not_stored_when_the_lock_is_dropped_stays_under_it() {
    let site = impatient();
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    let lock = block_on(request.session.lock_for(HOUR)).unwrap();
    request.session.insert("n", &1).unwrap();
    drop(lock);
    let next = visitor.arrive(&site);
    assert!(matches!(block_on(next.session.lock()), Err(Error::Unavailable(_))), "or it would read the old value");
    request.answer(Outcome::Keep);
    assert_free(&site, &visitor);
}

#[test]
fn a_holder_that_was_killed_delays_the_next_by_its_lease_only() {
    let site = Site::with(|builder| builder.wait_limit(HOUR));
    let visitor = known(&site);
    let kill_a_holder = || {
        let killed = visitor.arrive(&site);
        std::mem::forget(block_on(killed.session.lock_for(5 * MOMENT)).unwrap());
        std::mem::forget(killed);
    };
    kill_a_holder();
    assert_free(&site, &visitor);
    kill_a_holder();
    let writer = visitor.arrive(&site);
    writer.session.insert("n", &1).unwrap();
    writer.answer(Outcome::Keep);
    assert_eq!(value(&site, &visitor, "n"), Some(1));
}

#[test]
fn taking_the_lock_shows_what_others_stored() {
    let site = Site::new();
    let mut visitor = known(&site);
    let request = visitor.arrive(&site);
    visitor.visit(&site, |session| session.insert("n", &7).unwrap());
    let _lock = block_on(request.session.lock()).unwrap();
    assert_eq!(request.session.get("n").unwrap(), Some(7));
    let again = block_on(request.session.lock()).unwrap();
    block_on(again.release()).unwrap();
    let other = visitor.arrive(&site);
    other.session.insert("x", &1).unwrap();
    request.session.insert("n", &8).unwrap();
    request.answer(Outcome::Keep);
    other.answer(Outcome::Keep);
    assert_eq!(value(&site, &visitor, "n"), Some(8));
}

#[test]
fn a_session_that_is_not_stored_needs_no_lock() {
    let site = Site::new();
    let request = crate::visitor::Visitor::default().arrive(&site);
    let lock = block_on(request.session.lock()).unwrap();
    request.session.insert("n", &1).unwrap();
    block_on(lock.release()).unwrap();
    request.answer(Outcome::Keep);
    assert_eq!(site.alive(), 1);
}

#[test]
fn a_login_under_way_is_not_locked_over() {
    let site = Site::new();
    let mut visitor = known(&site);
    let slow = visitor.arrive(&site);
    visitor.visit(&site, |session| session.set_user("ann").unwrap());
    assert!(matches!(block_on(slow.session.lock()), Err(Error::Gone)));
}

#[test]
fn a_session_whose_holder_was_killed_lives_as_long_as_it_is_read() {
    let site = Site::new();
    let mut visitor = known(&site);
    let killed = visitor.arrive(&site);
    std::mem::forget(block_on(killed.session.lock()).unwrap());
    std::mem::forget(killed);
    for _ in 0..4 {
        site.clock.advance(Duration::from_secs(1_000));
        visitor.visit(&site, |session| assert!(!session.is_new().unwrap()));
    }
}

#[test]
fn who_only_reads_writes_nothing_under_somebody_s_lock() {
    for is_locked in [false, true] {
        let site = Site::with(|builder| builder.cookie_lifetime(CookieLifetime::For(20 * MINUTE)));
        let visitor = known(&site);
        site.clock.advance(15 * MINUTE);
        let holder = visitor.arrive(&site);
        let _lock = is_locked.then(|| block_on(holder.session.lock()).unwrap());
        let before = site.counts.of(Operation::Update);
        let reply = visitor.clone().visit(&site, |session| assert_eq!(session.get("kept").unwrap(), Some(1)));
        let (writes, is_sent) = (site.counts.of(Operation::Update) - before, set_cookie(&reply).is_some());
        assert_eq!((writes, is_sent), if is_locked { (0, false) } else { (1, true) });
    }
}

#[test]
fn a_logout_under_the_lock_gives_it_back() {
    let site = Site::new();
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    let lock = block_on(request.session.lock()).unwrap();
    request.session.invalidate().unwrap();
    block_on(lock.release()).unwrap();
    request.answer(Outcome::Keep);
    assert_eq!(site.alive(), 0);
}

#[test]
fn what_is_too_large_to_be_stored_does_not_keep_the_lock() {
    let site = Site::with(|builder| builder.wait_limit(20 * MOMENT).record_limit(1_000));
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    let lock = block_on(request.session.lock_for(HOUR)).unwrap();
    request.session.insert("large", &"x".repeat(2_000)).unwrap();
    assert!(matches!(block_on(lock.release()), Err(Error::TooLarge { .. })));
    assert!(matches!(block_on(request.exchange.finish(Outcome::Keep)), Err(Error::TooLarge { .. })));
    assert_free(&site, &visitor);
}
