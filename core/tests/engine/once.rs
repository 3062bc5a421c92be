//! How often a function that was given to a session runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use webstack_core::runtime::block_on;
use webstack_core::store::{Entry, Store as _, Updated};
use webstack_core::{Event, Outcome};
use webstack_testkit::{Fault, Operation};

use crate::visitor::{MINUTE, Site, Visitor, known, value};

/// Counts the runs of a function.
#[derive(Default)]
struct Runs(Arc<AtomicUsize>);

impl Runs {
    /// The function, counted.
    fn of(&self, change: fn(Option<u32>) -> u32) -> impl Fn(Option<u32>) -> u32 + Send + 'static {
        let runs = Arc::clone(&self.0);
        move |before| {
            runs.fetch_add(1, Ordering::SeqCst);
            change(before)
        }
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn a_change_that_changes_nothing_runs_once_too() {
    let site = Site::new();
    let visitor = known(&site);
    let runs = Runs::default();
    for round in 1..=2 {
        let request = visitor.arrive(&site);
        request.session.update("n", runs.of(|_| 7)).unwrap();
        request.answer(Outcome::Keep);
        assert_eq!(runs.count(), round);
    }
}

#[test]
fn a_change_runs_once_though_the_session_ended_or_cannot_be_read_meanwhile() {
    for spoil in [true, false] {
        let site = Site::new();
        let visitor = known(&site);
        let runs = Runs::default();
        let slow = visitor.arrive(&site);
        slow.session.update("n", runs.of(|_| 7)).unwrap();
        if spoil {
            site.faults.fail_next(Operation::Update, Fault::Corrupt, 1);
        } else {
            visitor.clone().visit(&site, |session| session.invalidate().unwrap());
        }
        let before = site.counts.of(Operation::Update);
        slow.answer(Outcome::Keep);
        assert_eq!(runs.count(), 1);
        if !spoil {
            assert_eq!(site.counts.of(Operation::Update) - before, 1);
            assert_eq!(site.heard(|event| matches!(event, Event::Gone(_))), 1);
        }
    }
}

#[test]
fn a_change_runs_once_though_the_store_is_busy() {
    for busy in 1..=2 {
        let site = Site::new();
        let visitor = known(&site);
        let runs = Runs::default();
        let request = visitor.arrive(&site);
        request.session.update("n", runs.of(|n| n.unwrap_or(0) + 1)).unwrap();
        site.faults.fail_next(Operation::Update, Fault::Busy, busy);
        request.answer(Outcome::Keep);
        assert_eq!(runs.count(), 1, "busy {busy} times");
        assert_eq!(value(&site, &visitor, "n"), Some(1));
    }
}

#[test]
fn a_change_runs_once_though_junk_stands_there_or_an_emptied_session_is_gone() {
    for is_junk in [true, false] {
        let site = Site::new();
        let visitor = known(&site);
        if !is_junk {
            visitor.clone().visit(&site, |session| session.clear().unwrap());
        }
        let runs = Runs::default();
        let request = visitor.arrive(&site);
        request.session.update("n", runs.of(|_| 7)).unwrap();
        if is_junk {
            let store = site.sessions.store();
            let listed = block_on(store.list(None, 1)).unwrap().remove(0);
            let junk = Entry { bytes: "junk".into(), ..listed.stored.entry };
            assert!(matches!(block_on(store.update(&listed.id, listed.stored.version, junk)), Ok(Updated::Applied(_))));
        } else {
            site.clock.advance(5 * MINUTE);
        }
        request.answer(Outcome::Keep);
        assert_eq!(runs.count(), 1, "junk: {is_junk}");
    }
}

#[test]
fn a_change_that_begins_a_session_runs_once_though_the_store_is_busy() {
    let site = Site::new();
    site.faults.fail_next(Operation::Create, Fault::Busy, 1);
    let runs = Runs::default();
    let request = Visitor::default().arrive(&site);
    request.session.update("n", runs.of(|n| n.unwrap_or(0) + 1)).unwrap();
    request.answer(Outcome::Keep);
    assert_eq!((runs.count(), site.alive()), (1, 1));
}

#[test]
fn a_change_runs_once_unless_somebody_was_faster() {
    let site = Site::new();
    let mut visitor = known(&site);
    for others in [0, 1] {
        let runs = Runs::default();
        let request = visitor.arrive(&site);
        request.session.update("n", runs.of(|n| n.unwrap_or(0) + 1)).unwrap();
        (0..others).for_each(|_| drop(visitor.visit(&site, |session| session.insert("other", &1).unwrap())));
        request.answer(Outcome::Keep);
        assert_eq!(runs.count(), 1 + others);
    }
    assert_eq!(value(&site, &visitor, "n"), Some(2));
}
