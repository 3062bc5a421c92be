//! Handlers that save early, use two handles at once, or hand in functions that go wrong.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use webstack_core::{CookieLifetime, Error, Event, OnStoreFailure, Outcome, runtime::block_on};
use webstack_testkit::{Fault, Moment, Operation};

use crate::visitor::{MINUTE, Site, Visitor, header, known, set_cookie, value};

fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn add(n: Option<u32>) -> u32 {
    n.unwrap_or(0) + 1
}

#[test]
fn a_removal_decided_early_is_not_sent_after_somebody_filled_the_session_again() {
    let site = Site::new();
    let mut visitor = known(&site);
    let slow = visitor.arrive(&site);
    slow.session.clear().unwrap();
    block_on(slow.session.save()).unwrap();
    visitor.visit(&site, |session| session.insert("other", &2).unwrap());
    assert_eq!(set_cookie(&slow.answer(Outcome::Keep)), None);
    assert_eq!(value(&site, &visitor, "other"), Some(2));
}

#[test]
fn a_removal_decided_early_is_sent_if_the_session_stayed_empty() {
    let site = Site::new();
    let slow = known(&site).arrive(&site);
    slow.session.clear().unwrap();
    block_on(slow.session.save()).unwrap();
    assert!(set_cookie(&slow.answer(Outcome::Keep)).unwrap().contains("Max-Age=0"));
}

#[test]
fn a_token_decided_early_is_not_sent_over_that_of_a_login() {
    let site = Site::with(|builder| builder.cookie_lifetime(CookieLifetime::For(Duration::from_secs(100))));
    let mut visitor = known(&site);
    site.clock.advance(Duration::from_secs(60));
    let slow = visitor.arrive(&site);
    block_on(slow.session.apply("n", add)).unwrap();
    visitor.visit(&site, |session| session.set_user("alice").unwrap());
    assert_eq!(set_cookie(&slow.answer(Outcome::Keep)), None);
    visitor.visit(&site, |session| assert_eq!(session.user().unwrap().as_deref(), Some("alice")));
}

#[test]
fn a_logout_by_another_handle_beats_a_save_in_flight() {
    let site = Site::new();
    for operation in [Operation::Create, Operation::Update] {
        let mut visitor = if operation == Operation::Create { Visitor::default() } else { known(&site) };
        let request = visitor.arrive(&site);
        request.session.set_user("alice").unwrap();
        let gate = site.faults.hold_next(operation, Moment::After);
        let session = request.session.clone();
        let mut save = Box::pin(async move { session.save().await });
        assert!(poll(&mut save).is_pending());
        request.session.invalidate().unwrap();
        gate.open();
        assert!(matches!(block_on(save), Err(Error::Gone)));
        visitor.take(&request.answer(Outcome::Keep));
        visitor.visit(&site, |session| assert_eq!(session.user().unwrap(), None));
        assert_eq!(site.alive(), 0);
    }
}

#[test]
fn two_handles_load_once_and_the_one_that_waited_keeps_what_the_other_did() {
    let site = Site::new();
    let visitor = known(&site);
    let exchange = visitor.open(&site);
    let session = exchange.session();
    let gate = site.faults.hold_next(Operation::Load, Moment::Before);
    let before = site.counts.of(Operation::Load);
    let (mut first, mut second) = (Box::pin(session.load()), Box::pin(exchange.session().load()));
    assert!(poll(&mut first).is_pending() && poll(&mut second).is_pending());
    gate.open();
    block_on(first).unwrap();
    session.update("n", add).unwrap();
    block_on(second).unwrap();
    assert_eq!(site.counts.of(Operation::Load) - before, 1);
    block_on(exchange.finish(Outcome::Keep)).unwrap();
    assert_eq!((value(&site, &visitor, "n"), value(&site, &visitor, "kept")), (Some(1), Some(1)));
}

#[test]
fn a_load_that_nobody_waits_for_any_more_makes_room_for_another() {
    let site = Site::new();
    let exchange = known(&site).open(&site);
    let gate = site.faults.hold_next(Operation::Load, Moment::Before);
    let mut given_up = Box::pin(exchange.session().load());
    assert!(poll(&mut given_up).is_pending());
    drop(given_up);
    gate.open();
    block_on(exchange.session().load()).unwrap();
    assert_eq!(exchange.session().get("kept").unwrap(), Some(1));
}

#[test]
fn a_response_does_not_wait_for_a_load_that_nobody_waits_for() {
    for fails in [false, true] {
        let site = Site::with(|builder| builder.on_store_failure(OnStoreFailure::Anonymous));
        let exchange = known(&site).open(&site);
        let gate = site.faults.hold_next(Operation::Load, Moment::Before);
        if fails {
            site.faults.fail_next(Operation::Load, Fault::Unavailable, 1);
        }
        let mut kept = Box::pin(exchange.session().load());
        assert!(poll(&mut kept).is_pending());
        let reply = block_on(exchange.finish(Outcome::Keep)).unwrap();
        assert_eq!(header(&reply, "vary").as_deref(), Some("Cookie"));
        gate.open();
        assert!(matches!(block_on(kept), Err(Error::TooLate)));
    }
}

#[test]
fn a_response_waits_for_a_save_of_another_handle_that_is_under_way() {
    let site = Site::new();
    for operation in [Operation::Create, Operation::Update] {
        let mut visitor = if operation == Operation::Create { Visitor::default() } else { known(&site) };
        let request = visitor.arrive(&site);
        request.session.set_user("alice").unwrap();
        let gate = site.faults.hold_next(operation, Moment::Before);
        let session = request.session.clone();
        let mut save = Box::pin(async move { session.save().await });
        assert!(poll(&mut save).is_pending());
        let mut finish = Box::pin(request.exchange.finish(Outcome::Keep));
        assert!(poll(&mut finish).is_pending());
        gate.open();
        block_on(save).unwrap();
        visitor.take(&block_on(finish).unwrap());
        visitor.visit(&site, |session| assert_eq!(session.user().unwrap().as_deref(), Some("alice")));
    }
}

#[test]
fn an_emptied_session_that_is_gone_leaves_nothing_to_the_one_that_begins() {
    let site = Site::new();
    let mut visitor = known(&site);
    visitor.clone().visit(&site, |session| {
        session.set_label("an old device").unwrap();
        session.clear().unwrap();
    });
    let request = visitor.arrive(&site);
    request.session.insert("n", &1).unwrap();
    site.clock.advance(5 * MINUTE);
    visitor.take(&request.answer(Outcome::Keep));
    visitor.visit(&site, |session| {
        assert_eq!((session.get("n").unwrap(), session.label().unwrap()), (Some(1), None));
    });
}

#[test]
fn a_logout_by_another_handle_during_a_failing_save_leaves_nothing_to_forget() {
    let site = Site::new();
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.invalidate().unwrap();
    let gate = site.faults.hold_next(Operation::Remove, Moment::Before);
    site.faults.fail_next(Operation::Remove, Fault::Unavailable, 1);
    let session = request.session.clone();
    let mut apply = Box::pin(async move { session.apply("n", add).await });
    assert!(poll(&mut apply).is_pending());
    request.session.invalidate().unwrap();
    gate.open();
    assert!(matches!(block_on(apply), Err(Error::Unavailable(_))));
    request.answer(Outcome::Keep);
    assert_eq!(site.alive(), 0);
}

#[test]
fn a_logout_ends_every_session_that_the_request_presented() {
    let site = Site::new();
    let both = [known(&site), known(&site)].map(|visitor| visitor.cookie.unwrap()).join("; ");
    let mut visitor = Visitor { cookie: Some(both.clone()) };
    let reply = visitor.visit(&site, |session| session.invalidate().unwrap());
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=0"));
    assert_eq!(site.alive(), 0);
    Visitor { cookie: Some(both) }.visit(&site, |session| assert!(session.was_invalidated().unwrap()));
}

#[test]
fn what_cannot_be_read_back_is_not_stored() {
    let site = Site::new();
    let mut visitor = Visitor::default();
    visitor.visit(&site, |session| session.insert("average", &1.5).unwrap());
    visitor.visit(&site, |session| {
        let not_a_number = |_: Option<f64>| f64::NAN;
        assert!(matches!(session.update("average", not_a_number), Err(Error::Value(_))));
        assert!(matches!(block_on(session.apply("average", not_a_number)), Err(Error::Value(_))));
    });
    visitor.visit(&site, |session| assert_eq!(session.get("average").unwrap(), Some(1.5)));
}

#[test]
fn a_function_that_panics_is_an_ordinary_panic() {
    let site = Site::new();
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    let apply = || block_on(request.session.apply("n", |_: Option<u32>| -> u32 { panic!("the application's") }));
    assert!(catch_unwind(AssertUnwindSafe(apply)).is_err());
    drop(request);
    assert_eq!(value(&site, &visitor, "kept"), Some(1));
}

/// Adds one, but the second time it is asked.
fn add_but_panic_once() -> impl Fn(Option<u32>) -> u32 + Send + 'static {
    let runs = AtomicUsize::new(0);
    move |n| {
        assert!(runs.fetch_add(1, Ordering::Relaxed) != 1, "the application's");
        n.unwrap_or(0) + 1
    }
}

#[test]
fn a_login_whose_saving_panicked_is_not_stored_with_what_comes_later() {
    let site = Site::new();
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.set_user("alice").unwrap();
    request.session.update("n", add_but_panic_once()).unwrap();
    visitor.clone().visit(&site, |session| session.insert("faster", &1).unwrap());
    assert!(catch_unwind(AssertUnwindSafe(|| block_on(request.session.save()))).is_err());
    request.session.insert("later", &1).unwrap();
    request.answer(Outcome::Keep);
    let request = visitor.arrive(&site);
    assert_eq!(request.session.user().unwrap(), None, "the token is the old one");
    assert_eq!(request.session.keys().unwrap(), ["faster", "kept", "later"]);
}

#[test]
fn a_reload_that_panicked_forgets_nothing() {
    let site = Site::new();
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.update("n", add_but_panic_once()).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| block_on(request.session.reload()))).is_err());
    request.answer(Outcome::Keep);
    assert_eq!(value(&site, &visitor, "n"), Some(1));
}

#[test]
fn what_another_handle_does_wrong_is_no_failure_of_an_apply() {
    let site = Site::new();
    let mut visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.insert("first", &1).unwrap();
    let gate = site.faults.hold_next(Operation::Update, Moment::Before);
    let applied = std::thread::scope(|scope| {
        let applying = scope.spawn(|| block_on(request.session.apply("n", add)));
        block_on(gate.reached());
        request.session.update("kept", add).unwrap();
        visitor.visit(&site, |session| session.insert("kept", "no number").unwrap());
        gate.open();
        applying.join()
    });
    assert_eq!(applied.expect("no panic").unwrap(), 1, "it is stored");
    assert!(matches!(block_on(request.exchange.finish(Outcome::Keep)), Err(Error::Value(_))));
    let keys = visitor.arrive(&site).session.keys().unwrap();
    assert_eq!(keys, ["first", "kept", "n"]);
}

#[test]
fn what_ends_in_a_500_is_told() {
    let site = Site::new();
    let mut visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.update("kept", add).unwrap();
    visitor.visit(&site, |session| session.insert("kept", "a text").unwrap());
    assert!(matches!(block_on(request.exchange.finish(Outcome::Keep)), Err(Error::Value(_))));
    let request = visitor.arrive(&site);
    site.faults.fail_next(Operation::Load, Fault::Unavailable, 1);
    assert!(matches!(block_on(request.session.reload()), Err(Error::Unavailable(_))));
    assert_eq!(site.heard(|event| *event == Event::Failed), 2);
}
