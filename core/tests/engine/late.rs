//! What comes after the response: tasks that were begun before it, and what functions of the application's hold.

use std::future::Future as _;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use webstack_core::runtime::{Blocking, Runtime, block_on};
use webstack_core::store::BoxFuture;
use webstack_core::{Error, Event, Outcome, Session, SigningKey};
use webstack_testkit::{Fault, Moment, Operation};

use crate::visitor::{MINUTE, Site, Visitor, header, known, value};

/// A busy server: spawned tasks run when the test says so.
#[derive(Clone, Default)]
struct Later(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl std::fmt::Debug for Later {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Later")
    }
}

impl Runtime for Later {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Blocking.sleep(duration)
    }

    fn spawn(&self, future: BoxFuture<'static, ()>) {
        self.0.lock().unwrap().push(future);
    }

    fn has_background(&self) -> bool {
        false
    }
}

impl Later {
    /// Runs what was spawned.
    fn catch_up(&self) {
        let tasks = std::mem::take(&mut *self.0.lock().unwrap());
        assert!(!tasks.is_empty(), "nothing was spawned");
        tasks.into_iter().for_each(block_on);
    }
}

fn add(n: Option<u32>) -> u32 {
    n.unwrap_or(0) + 1
}

#[test]
fn a_lock_that_is_given_back_late_stores_nothing_of_what_came_since() {
    for is_given_up in [true, false] {
        let later = Later::default();
        let runtime = later.clone();
        let site = Site::with(|builder| builder.runtime(runtime));
        let visitor = known(&site);
        let request = visitor.arrive(&site);
        drop(block_on(request.session.lock()).unwrap());
        request.session.insert("n", &1).unwrap();
        if is_given_up {
            drop(request.exchange);
            later.catch_up();
        } else {
            later.catch_up();
            request.answer(Outcome::Discard);
        }
        assert_eq!(value(&site, &visitor, "n"), None, "given up: {is_given_up}");
        drop(block_on(visitor.arrive(&site).session.lock()).unwrap());
    }
}

#[test]
fn a_lock_that_is_taken_again_before_it_was_given_back_is_held() {
    for saves in [false, true] {
        let later = Later::default();
        let runtime = later.clone();
        let site = Site::with(|builder| builder.runtime(runtime).wait_limit(MINUTE / 600).lock_lease(MINUTE / 1200));
        let visitor = known(&site);
        let request = visitor.arrive(&site);
        drop(block_on(request.session.lock()).unwrap());
        if saves {
            request.session.insert("m", &1).unwrap();
        }
        let second = block_on(request.session.lock_for(60 * MINUTE)).unwrap();
        if saves {
            block_on(request.session.save()).unwrap();
        }
        later.catch_up();
        let other = visitor.arrive(&site);
        other.session.update("n", add).unwrap();
        assert!(matches!(block_on(other.exchange.finish(Outcome::Keep)), Err(Error::Unavailable(_))));
        request.session.update("n", add).unwrap();
        block_on(second.release()).unwrap();
        request.answer(Outcome::Keep);
        assert_eq!(value(&site, &visitor, "n"), Some(1));
        let free = visitor.arrive(&site);
        assert_eq!(free.session.update("n", add).unwrap(), 2);
        free.answer(Outcome::Keep);
    }
}

#[test]
fn a_session_that_was_ended_while_it_began_is_ended_though_its_request_is_given_up() {
    let later = Later::default();
    let runtime = later.clone();
    let site = Site::with(|builder| builder.runtime(runtime));
    let request = Visitor::default().arrive(&site);
    request.session.set_user("alice").unwrap();
    let gate = site.faults.hold_next(Operation::Create, Moment::Before);
    let session = request.session.clone();
    let mut save = Box::pin(async move { session.save().await });
    assert!(save.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    request.session.invalidate().unwrap();
    drop(request.exchange);
    gate.open();
    assert!(matches!(block_on(save), Err(Error::Gone)));
    later.catch_up();
    assert_eq!(site.alive(), 0);
}

/// A request that has given its lock back without having done anything under it, and stored something before that was done.
fn released_late(later: &Later) -> (Site, Visitor, crate::visitor::Request) {
    let runtime = later.clone();
    let site = Site::with(|builder| builder.runtime(runtime));
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    drop(block_on(request.session.lock()).unwrap());
    block_on(request.session.apply("applied", add)).unwrap();
    (site, visitor, request)
}

#[test]
fn a_lock_that_is_given_back_late_stores_nothing_a_second_time() {
    let later = Later::default();
    let (site, visitor, request) = released_late(&later);
    request.session.update("n", add).unwrap();
    request.answer(Outcome::Keep);
    later.catch_up();
    assert_eq!(value(&site, &visitor, "n"), Some(1));

    let (site, mut visitor, request) = released_late(&later);
    request.session.insert("n", &1).unwrap();
    request.answer(Outcome::Keep);
    visitor.visit(&site, |session| session.insert("n", &2).unwrap());
    later.catch_up();
    assert_eq!(value(&site, &visitor, "n"), Some(2));
}

#[test]
fn a_lock_that_is_given_back_late_stores_nothing_too_early() {
    let later = Later::default();
    let (site, visitor, request) = released_late(&later);
    request.session.insert("n", &1).unwrap();
    later.catch_up();
    request.answer(Outcome::Discard);
    assert_eq!(value(&site, &visitor, "n"), None);
}

#[test]
fn what_could_not_be_stored_is_not_stored_by_a_lock_that_is_given_back_late() {
    let later = Later::default();
    let (site, visitor, request) = released_late(&later);
    request.session.insert("n", &1).unwrap();
    site.faults.fail_next(Operation::Update, Fault::Unavailable, 1);
    assert!(block_on(request.exchange.finish(Outcome::Keep)).is_err());
    later.catch_up();
    assert_eq!(value(&site, &visitor, "n"), None);
}

/// Something that a function holds which was given to the session, and a handle of the session with it.
fn held_by_a_function(session: &Session) -> Arc<()> {
    let marker = Arc::new(());
    let held = (Arc::clone(&marker), session.clone());
    let change = move |n| {
        let _ = &held;
        add(n)
    };
    session.update("n", change).unwrap();
    marker
}

#[test]
fn what_functions_hold_is_let_go_with_the_response() {
    for (is_known, fails) in [(true, false), (false, false), (true, true), (false, true)] {
        let site = Site::new();
        let visitor = if is_known { known(&site) } else { Visitor::default() };
        let request = visitor.arrive(&site);
        let (marker, handle) = (held_by_a_function(&request.session), request.session.clone());
        if fails {
            let operation = if is_known { Operation::Update } else { Operation::Create };
            site.faults.fail_next(operation, Fault::Broken, 1);
        }
        assert_eq!(block_on(request.exchange.finish(Outcome::Keep)).is_err(), fails);
        drop(request.session);
        assert_eq!(Arc::strong_count(&marker), 1, "known: {is_known}, fails: {fails}");
        drop(handle);
    }
}

#[test]
fn what_functions_hold_is_let_go_with_a_request_that_is_given_up() {
    let site = Site::new();
    let request = known(&site).arrive(&site);
    let (marker, handle) = (held_by_a_function(&request.session), request.session.clone());
    drop(request);
    assert_eq!(Arc::strong_count(&marker), 1);
    drop(handle);
}

#[test]
fn two_loads_that_were_begun_at_once_tell_of_a_forged_token_once() {
    let signed = |letter: &str| {
        let key = SigningKey::new(letter.repeat(32)).unwrap();
        Site::with(|builder| builder.signing_keys([key]))
    };
    let site = signed("a");
    let cookies = [known(&signed("b")), known(&site)].map(|visitor| visitor.cookie.unwrap()).join("; ");
    let exchange = Visitor { cookie: Some(cookies) }.open(&site);
    let (first, second) = (exchange.session().load(), exchange.session().load());
    block_on(second).unwrap();
    block_on(first).unwrap();
    assert_eq!(site.heard(|event| *event == Event::ForgedToken), 1);
}

/// Looks at the session when it goes.
struct Looking(Session);

impl Drop for Looking {
    fn drop(&mut self) {
        let _ = self.0.get::<u32>("n");
    }
}

/// Whoever has not ended by then waits for ever.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn what_a_function_holds_may_look_at_the_session_while_it_goes() {
    type Act = fn(crate::visitor::Request);
    let acts: [Act; 5] = [
        |request| request.session.invalidate().unwrap(),
        |request| request.session.revert().unwrap(),
        |request| block_on(request.session.save()).unwrap(),
        |request| drop(request.answer(Outcome::Discard)),
        |request| drop(request),
    ];
    for act in acts {
        let (ended, wait) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let site = Site::new();
            let request = known(&site).arrive(&site);
            let looking = Looking(request.session.clone());
            let counted = move |n: Option<u32>| {
                let _ = &looking;
                add(n)
            };
            request.session.update("n", counted).unwrap();
            act(request);
            ended.send(()).unwrap();
        });
        wait.recv_timeout(PATIENCE).expect("it waits for itself");
        thread.join().unwrap();
    }
}

#[test]
fn nobody_begins_to_load_after_the_response() {
    let site = Site::new();
    let exchange = known(&site).open(&site);
    let session = exchange.session();
    block_on(exchange.finish(Outcome::Keep)).unwrap();
    assert!(matches!(block_on(session.load()), Err(Error::TooLate)));
}

#[test]
fn who_waits_for_a_turn_gets_it_though_the_session_is_ended_meanwhile() {
    let site = Site::new();
    let request = known(&site).arrive(&site);
    request.session.insert("n", &1).unwrap();
    let gate = site.faults.hold_next(Operation::Update, Moment::Before);
    let mut first = Box::pin(request.session.save());
    let mut context = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending());
    let second = {
        let session = request.session.clone();
        std::thread::spawn(move || block_on(session.save()))
    };
    // It waits, or will find the turn free.
    std::thread::yield_now();
    request.session.invalidate().unwrap();
    gate.open();
    assert!(matches!(block_on(first), Err(Error::Gone)));
    second.join().unwrap().unwrap();
}

#[test]
fn a_load_that_was_overtaken_takes_up_nothing() {
    // Elsewhere the first one has the turn, and nobody overtakes it.
    if !crate::AT_ONCE {
        return;
    }
    let slot: Arc<Mutex<Option<Session>>> = Arc::default();
    let heard = Arc::clone(&slot);
    let site = Site::with(|builder| {
        builder.on_event(move |event| {
            let session = heard.lock().unwrap().take();
            if let (Event::UnknownToken(_), Some(session)) = (event, session) {
                block_on(session.load()).unwrap();
                session.invalidate().unwrap();
            }
        })
    });
    let mut gone = known(&site);
    let dead = gone.cookie.clone().unwrap();
    gone.visit(&site, |session| session.invalidate().unwrap());
    let live = known(&site).cookie.unwrap();
    let exchange = Visitor { cookie: Some(format!("{dead}; {live}")) }.open(&site);
    let session = exchange.session();
    *slot.lock().unwrap() = Some(exchange.session());
    block_on(session.load()).unwrap();
    assert!(session.is_new().unwrap());
    block_on(exchange.finish(Outcome::Keep)).unwrap();
    assert_eq!(site.alive(), 0);
}

#[test]
fn a_load_that_panicked_had_been_asked_for() {
    let site = Site::with(|builder| {
        builder.on_event(|event| assert!(!matches!(event, Event::UnknownToken(_)), "a listener that panics"))
    });
    let mut visitor = known(&site);
    let dead = visitor.clone();
    visitor.visit(&site, |session| session.invalidate().unwrap());
    let exchange = dead.open(&site);
    let session = exchange.session();
    let loading = std::panic::AssertUnwindSafe(|| block_on(session.load()));
    assert!(std::panic::catch_unwind(loading).is_err());
    let reply = block_on(exchange.finish(Outcome::Keep)).unwrap();
    assert_eq!(header(&reply, "vary").as_deref(), Some("Cookie"));
}
