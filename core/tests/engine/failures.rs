//! Stores that fail, records that cannot be read, clients that leave.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Waker};
use std::time::Duration;

use webstack_core::{Error, Event, OnCorrupt, Outcome, Session, runtime::block_on};
use webstack_testkit::{Fault, Moment, Operation};

use crate::visitor::{Site, Visitor, known, value};

fn fails_to_load(site: &Site, visitor: &Visitor) -> Error {
    let head = http::Request::get("/").header("cookie", visitor.cookie.clone().unwrap()).body(()).unwrap();
    let exchange = site.sessions.open(&head);
    block_on(exchange.session().load()).unwrap_err()
}

#[test]
fn an_unreachable_store_is_503_and_a_broken_one_500() {
    let site = Site::new();
    let visitor = known(&site);
    for (fault, status) in [(Fault::Unavailable, 503), (Fault::Broken, 500)] {
        site.faults.fail_all(fault);
        let refusal = fails_to_load(&site, &visitor).refusal();
        assert_eq!(refusal.status(), status);
        let retry = refusal.headers().any(|header| header.0 == "retry-after");
        assert_eq!(retry, status == 503);
        assert!(refusal.headers().any(|(name, value)| name == "cache-control" && value == "no-store"));
        site.faults.recover();

        let request = visitor.arrive(&site);
        request.session.insert("kept", &2).unwrap();
        site.faults.fail_all(fault);
        let error = block_on(request.exchange.finish(Outcome::Keep)).unwrap_err();
        assert_eq!(error.refusal().status(), status);
        site.faults.recover();
        assert_eq!(value(&site, &visitor, "kept"), Some(1));
    }
    assert_eq!(site.heard(|event| *event == Event::Failed), 4);
}

/// Whoever is told of an event may look at the session that it is about.
#[test]
fn who_is_told_of_an_event_may_look_at_the_session() {
    let current = Arc::<Mutex<Option<Session>>>::default();
    let looked = Arc::new(AtomicUsize::new(0));
    let (session, looks) = (Arc::clone(&current), Arc::clone(&looked));
    let site = Site::with(|builder| {
        builder.on_event(move |_| {
            if let Some(session) = session.lock().unwrap().as_ref() {
                let _ = session.user();
                looks.fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    let (done, is_done) = mpsc::channel();
    // Whoever would wait for itself does so on a thread that nobody waits for.
    std::thread::spawn(move || {
        let visitor = known(&site);
        let arrive = || {
            let request = visitor.arrive(&site);
            *current.lock().unwrap() = Some(request.session.clone());
            request
        };
        let failing = arrive();
        failing.session.insert("kept", &2).unwrap();
        site.faults.fail_next(Operation::Update, Fault::Broken, 1);
        block_on(failing.exchange.finish(Outcome::Keep)).unwrap_err();

        let head = http::Request::get("/").header("host", "shop.example.test").body(()).unwrap();
        let beginning = site.sessions.open(&head);
        *current.lock().unwrap() = Some(beginning.session());
        block_on(beginning.session().load()).unwrap();
        beginning.session().insert("first", &1).unwrap();
        block_on(beginning.finish(Outcome::Keep)).unwrap();

        let (reloading, locking) = (visitor.arrive(&site), visitor.arrive(&site));
        let ending = arrive();
        ending.session.invalidate().unwrap();
        ending.answer(Outcome::Keep);
        *current.lock().unwrap() = Some(reloading.session.clone());
        assert!(matches!(block_on(reloading.session.reload()), Err(Error::Gone)));
        *current.lock().unwrap() = Some(locking.session.clone());
        assert!(matches!(block_on(locking.session.lock()), Err(Error::Gone)));
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(60)).expect("nobody waits for itself");
    assert!(looked.load(Ordering::SeqCst) >= 4);
}

#[test]
fn a_touch_that_fails_does_not_fail_the_request() {
    let site = Site::new();
    let mut visitor = known(&site);
    site.clock.advance(Duration::from_secs(600));
    site.faults.fail_next(Operation::Touch, Fault::Broken, 1);
    visitor.visit(&site, |session| assert!(!session.is_new().unwrap()));
    assert_eq!(site.heard(|event| matches!(event, Event::TouchFailed(_))), 1);
}

#[test]
fn a_session_held_by_others_for_a_moment_is_waited_for() {
    let site = Site::new();
    let mut visitor = known(&site);
    site.faults.fail_next(Operation::Update, Fault::Busy, 5);
    visitor.visit(&site, |session| session.insert("kept", &2).unwrap());
    assert_eq!(value(&site, &visitor, "kept"), Some(2));
    site.faults.fail_next(Operation::Remove, Fault::Busy, 5);
    visitor.visit(&site, |session| session.invalidate().unwrap());
    assert_eq!(site.alive(), 0);
}

#[test]
fn a_session_that_is_held_when_it_is_looked_at_is_waited_for() {
    let site = Site::new();
    let visitor = known(&site);
    site.faults.fail_next(Operation::Load, Fault::Busy, 5);
    let request = visitor.arrive(&site);
    assert_eq!(request.session.get("kept").unwrap(), Some(1));
    site.faults.fail_next(Operation::Load, Fault::Busy, 5);
    block_on(request.session.reload()).unwrap();
}

#[test]
fn a_session_held_for_too_long_when_it_is_looked_at_is_503() {
    let site = Site::with(|builder| builder.wait_limit(Duration::from_millis(20)));
    let visitor = known(&site);
    site.faults.fail_next(Operation::Load, Fault::Busy, 10_000);
    assert_eq!(fails_to_load(&site, &visitor).status(), 503);
}

#[test]
fn a_session_held_for_too_long_is_503_and_nothing_is_stored() {
    let site = Site::with(|builder| builder.wait_limit(Duration::from_millis(20)));
    let visitor = known(&site);
    for operation in [Operation::Update, Operation::Remove] {
        site.faults.fail_next(operation, Fault::Busy, 10_000);
    }
    let request = visitor.arrive(&site);
    request.session.insert("kept", &2).unwrap();
    assert_eq!(block_on(request.exchange.finish(Outcome::Keep)).unwrap_err().refusal().status(), 503);
    let request = visitor.arrive(&site);
    request.session.invalidate().unwrap();
    assert_eq!(block_on(request.exchange.finish(Outcome::Keep)).unwrap_err().refusal().status(), 503);
    assert_eq!(value(&site, &visitor, "kept"), Some(1));
}

#[test]
fn a_corrupt_record_is_a_stranger_or_a_failure_by_policy() {
    for policy in [OnCorrupt::Renew, OnCorrupt::Fail] {
        let site = Site::with(|builder| builder.on_corrupt(policy));
        let visitor = known(&site);
        site.faults.fail_next(Operation::Load, Fault::Corrupt, 1);
        match policy {
            OnCorrupt::Fail => assert_eq!(fails_to_load(&site, &visitor).refusal().status(), 500),
            _ => assert!(visitor.arrive(&site).session.is_new().unwrap()),
        }
        assert_eq!(site.heard(|event| matches!(event, Event::CorruptRecord(_))), 1);
    }
}

#[test]
fn an_entry_that_is_not_a_record_is_corrupt() {
    let site = Site::new();
    let token = webstack_core::Token::generate().unwrap();
    for bytes in ["", "{}", "\u{0}\u{1}", "{\"v\":9}"] {
        let entry = webstack_core::store::Entry { bytes: bytes.into(), expires: None, owner: None };
        let store = site.sessions.store();
        let _ = block_on(store.remove(token.id())).unwrap();
        let _ = block_on(store.create(token.id(), entry)).unwrap();
        let visitor = Visitor { cookie: Some(format!("__Host-webstack_session={}", token.expose())) };
        assert!(visitor.arrive(&site).session.is_new().unwrap());
    }
    assert_eq!(site.heard(|event| matches!(event, Event::CorruptRecord(_))), 4);
}

#[test]
fn a_session_beyond_its_limits_is_413_and_nothing_changes() {
    let site = Site::with(|builder| builder.record_limit(2_000).value_limit(10));
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.insert("kept", &"x".repeat(2_000)).unwrap();
    assert_eq!(block_on(request.exchange.finish(Outcome::Keep)).unwrap_err().refusal().status(), 413);
    let request = visitor.arrive(&site);
    (0..10).for_each(|n| request.session.insert(&n.to_string(), &n).unwrap());
    assert!(matches!(block_on(request.session.save()), Err(Error::TooManyValues { limit: 10 })));
    drop(request);
    assert_eq!(visitor.arrive(&site).session.keys().unwrap(), ["kept"]);
}

#[test]
fn a_finish_once_begun_completes_though_nobody_waits_for_it() {
    let site = Site::with(|builder| builder.runtime(Threads));
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.insert("kept", &2).unwrap();
    let gate = site.faults.hold_next(Operation::Update, Moment::Before);
    let after = site.faults.hold_next(Operation::Load, Moment::Before);
    {
        let mut finish = pin!(request.exchange.finish(Outcome::Keep));
        assert!(finish.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    gate.open();
    after.open();
    // The background has no handle to join; whoever asks often enough sees the value.
    while value(&site, &visitor, "kept") == Some(1) {
        std::thread::yield_now();
    }
    assert_eq!(value(&site, &visitor, "kept"), Some(2));
}

/// A runtime whose background is a thread for each task.
#[derive(Debug)]
struct Threads;

impl webstack_core::runtime::Runtime for Threads {
    fn sleep(&self, duration: Duration) -> webstack_core::store::BoxFuture<'static, ()> {
        webstack_core::runtime::Blocking.sleep(duration)
    }

    fn spawn(&self, future: webstack_core::store::BoxFuture<'static, ()>) {
        std::thread::spawn(|| block_on(future));
    }

    fn has_background(&self) -> bool {
        true
    }
}

#[test]
fn the_background_purge_survives_errors_and_stops_cleanly() {
    let site = Site::with(|builder| builder.runtime(Threads).purge_every(Some(Duration::from_millis(1))));
    let _ = known(&site);
    site.clock.advance(Duration::from_secs(7200));
    site.faults.fail_next(Operation::Purge, Fault::Broken, 3);
    site.sessions.start_background();
    site.sessions.start_background();
    while site.counts.of(Operation::Purge) < 5 {
        std::thread::yield_now();
    }
    assert_eq!(site.heard(|event| *event == Event::PurgeFailed), 3);
    block_on(site.sessions.shutdown());
    let count = site.counts.of(Operation::Purge);
    assert_eq!(block_on(site.sessions.purge()).unwrap().remaining, 0);
    assert_eq!(site.counts.of(Operation::Purge), count + 1, "nothing but this purge");
}

/// A runtime that ends at once, with all its tasks.
#[derive(Debug)]
struct Ending(std::sync::Arc<std::sync::atomic::AtomicUsize>);

impl webstack_core::runtime::Runtime for Ending {
    fn sleep(&self, duration: Duration) -> webstack_core::store::BoxFuture<'static, ()> {
        webstack_core::runtime::Blocking.sleep(duration)
    }

    fn spawn(&self, _: webstack_core::store::BoxFuture<'static, ()>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    fn has_background(&self) -> bool {
        true
    }
}

#[test]
fn a_purge_whose_runtime_has_ended_is_begun_again() {
    let spawned = std::sync::Arc::default();
    let site = Site::with(|builder| builder.runtime(Ending(std::sync::Arc::clone(&spawned))));
    site.sessions.start_background();
    site.sessions.start_background();
    assert_eq!(spawned.load(std::sync::atomic::Ordering::Relaxed), 2);
}
