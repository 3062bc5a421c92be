//! Requests that change one session at the same time.

use std::future::Future as _;
use std::sync::Arc;
use std::thread;

use webstack_core::{Error, Event, Outcome, runtime::block_on};
use webstack_testkit::{Fault, Moment, Operation};

use crate::visitor::{Site, Visitor, known, set_cookie, value};

#[test]
fn fifty_parallel_increments_make_fifty_and_each_gets_its_own_answer() {
    let site = Site::new();
    let visitor = known(&site);
    let mut answers: Vec<u32> = thread::scope(|scope| {
        let handles: Vec<_> = (0..50)
            .map(|_| {
                scope.spawn(|| {
                    let request = visitor.arrive(&site);
                    let answer = block_on(request.session.apply("n", |n: Option<u32>| n.unwrap_or(0) + 1)).unwrap();
                    request.answer(Outcome::Keep);
                    answer
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    });
    answers.sort_unstable();
    assert_eq!(answers, (1..=50).collect::<Vec<_>>());
    assert_eq!(value(&site, &visitor, "n"), Some(50));
}

#[test]
fn fifty_requests_in_flight_at_once_keep_their_keys_and_updates() {
    let site = Site::new();
    let visitor = known(&site);
    let requests: Vec<_> = (0..50).map(|_| visitor.arrive(&site)).collect();
    for (number, request) in requests.iter().enumerate() {
        request.session.insert(&format!("key{number}"), &number).unwrap();
        request.session.update("n", |n: Option<u32>| n.unwrap_or(0) + 1).unwrap();
    }
    requests.into_iter().for_each(|request| drop(request.answer(Outcome::Keep)));
    let seen = visitor.arrive(&site);
    let last = &seen.session;
    assert_eq!(last.len().unwrap(), 52);
    assert_eq!(last.get::<u32>("n").unwrap(), Some(50));
}

#[test]
fn logout_wins_over_requests_in_flight() {
    let site = Site::new();
    let mut visitor = known(&site);
    let old = visitor.clone();
    let (slow, saving) = (visitor.arrive(&site), visitor.arrive(&site));
    visitor.visit(&site, |session| session.invalidate().unwrap());
    assert_eq!(visitor.cookie, None);

    slow.session.insert("late", &1).unwrap();
    assert_eq!(set_cookie(&slow.answer(Outcome::Keep)), None);
    saving.session.insert("late", &1).unwrap();
    assert!(matches!(block_on(saving.session.save()), Err(Error::Gone)));
    saving.session.insert("later", &1).unwrap();
    assert_eq!(set_cookie(&saving.answer(Outcome::Keep)), None);

    assert_eq!(site.alive(), 0);
    assert!(old.arrive(&site).session.was_invalidated().unwrap());
    assert!(site.heard(|event| matches!(event, Event::Gone(_))) >= 2);
}

#[test]
fn a_token_whose_session_has_ended_meanwhile_is_not_handed_out() {
    let site = Site::new();
    let mut visitor = known(&site);
    let (renewing, beginning) = (visitor.arrive(&site), Visitor::default().arrive(&site));
    renewing.session.renew().unwrap();
    beginning.session.insert("first", &1).unwrap();
    for request in [renewing, beginning] {
        block_on(request.session.save()).unwrap();
        let id = request.session.id().unwrap().unwrap();
        let _ = block_on(site.sessions.store().remove(&id)).unwrap();
        request.session.insert("second", &2).unwrap();
        assert_eq!(set_cookie(&request.answer(Outcome::Keep)), None);
    }
    assert_eq!(site.alive(), 0);
    visitor.visit(&site, |session| assert!(session.was_invalidated().unwrap()));
}

#[test]
fn what_began_before_a_login_changes_nothing_after_it() {
    let site = Site::new();
    let mut visitor = known(&site);
    let (set, renew, login) = (visitor.arrive(&site), visitor.arrive(&site), visitor.arrive(&site));
    visitor.visit(&site, |session| session.set_user("alice").unwrap());
    set.session.insert("planted", &1).unwrap();
    renew.session.renew().unwrap();
    login.session.set_user("mallory").unwrap();
    for request in [set, renew, login] {
        assert_eq!(set_cookie(&request.answer(Outcome::Keep)), None);
    }
    let seen = visitor.arrive(&site);
    let session = &seen.session;
    assert_eq!(session.user().unwrap().as_deref(), Some("alice"));
    assert_eq!(session.keys().unwrap(), ["kept"]);
}

#[test]
fn what_began_before_a_renewal_changes_nothing_after_it() {
    let site = Site::new();
    let mut visitor = known(&site);
    let (set, renew) = (visitor.arrive(&site), visitor.arrive(&site));
    visitor.visit(&site, |session| session.renew().unwrap());
    set.session.insert("planted", &1).unwrap();
    renew.session.renew().unwrap();
    for request in [set, renew] {
        assert_eq!(set_cookie(&request.answer(Outcome::Keep)), None);
    }
    assert_eq!(visitor.arrive(&site).session.keys().unwrap(), ["kept"]);
}

#[test]
fn a_logout_in_flight_ends_the_session_also_over_a_login() {
    let site = Site::new();
    let mut visitor = known(&site);
    let logout = visitor.arrive(&site);
    visitor.visit(&site, |session| session.set_user("alice").unwrap());
    logout.session.invalidate().unwrap();
    assert!(set_cookie(&logout.answer(Outcome::Keep)).unwrap().contains("Max-Age=0"));
    assert_eq!(site.alive(), 0);
}

#[test]
fn an_emptied_session_does_not_lose_a_parallel_write() {
    let site = Site::new();
    let mut visitor = known(&site);
    let slow = visitor.arrive(&site);
    let before = visitor.clone();
    let reply = visitor.visit(&site, |session| session.clear().unwrap());
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=0"));
    assert!(before.arrive(&site).session.is_new().unwrap(), "an emptied session is none");
    slow.session.insert("late", &7).unwrap();
    visitor.take(&slow.answer(Outcome::Keep));
    assert_eq!(visitor.cookie, before.cookie, "the cookie is brought back");
    assert_eq!(value(&site, &visitor, "late"), Some(7));
}

#[test]
fn a_visitor_whose_emptied_session_is_gone_begins_a_new_one() {
    let site = Site::new();
    let mut visitor = known(&site);
    let before = visitor.clone();
    visitor.visit(&site, |session| session.clear().unwrap());
    let late = before.arrive(&site);
    late.session.insert("late", &1).unwrap();
    site.clock.advance(std::time::Duration::from_secs(600));
    visitor.take(&late.answer(Outcome::Keep));
    assert_ne!(visitor.cookie, before.cookie);
    assert_eq!(value(&site, &visitor, "late"), Some(1));
}

#[test]
fn a_visitor_in_flight_over_an_emptied_session_does_not_disturb_a_login() {
    let site = Site::new();
    let mut visitor = known(&site);
    let before = visitor.clone();
    visitor.visit(&site, |session| session.clear().unwrap());
    visitor.cookie.clone_from(&before.cookie);
    let slow = visitor.arrive(&site);
    visitor.visit(&site, |session| session.set_user("alice").unwrap());
    slow.session.insert("planted", &1).unwrap();
    assert_eq!(set_cookie(&slow.answer(Outcome::Keep)), None);
    assert_eq!(visitor.arrive(&site).session.keys().unwrap(), [""; 0]);
}

#[test]
fn an_insertion_over_a_parallel_one_is_told() {
    let site = Site::new();
    let visitor = known(&site);
    let (first, second) = (visitor.arrive(&site), visitor.arrive(&site));
    first.session.insert("kept", &2).unwrap();
    second.session.insert("kept", &3).unwrap();
    first.answer(Outcome::Keep);
    second.answer(Outcome::Keep);
    assert_eq!(value(&site, &visitor, "kept"), Some(3), "the later one wins");
    assert_eq!(site.heard(|event| matches!(event, Event::Overwritten(_))), 1);
}

#[test]
fn a_reload_sees_others_and_keeps_one_s_own() {
    let site = Site::new();
    let mut visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.update("kept", |n: Option<u32>| n.unwrap_or(0) + 10).unwrap();
    visitor.visit(&site, |session| {
        session.insert("other", &1).unwrap();
        session.insert("kept", &5).unwrap();
    });
    block_on(request.session.reload()).unwrap();
    assert_eq!(request.session.get::<u32>("other").unwrap(), Some(1));
    assert_eq!(request.session.get::<u32>("kept").unwrap(), Some(15));
    request.answer(Outcome::Keep);
    assert_eq!(value(&site, &visitor, "kept"), Some(15));

    let request = visitor.arrive(&site);
    visitor.visit(&site, |session| session.invalidate().unwrap());
    assert!(matches!(block_on(request.session.reload()), Err(Error::Gone)));
}

#[test]
fn a_change_that_fails_is_not_stored_now_or_later() {
    let site = Site::new();
    let mut visitor = known(&site);
    visitor.visit(&site, |session| session.insert("text", "not a number").unwrap());
    let request = visitor.arrive(&site);
    let add = |n: Option<u32>| n.unwrap_or(0) + 1;
    assert!(matches!(block_on(request.session.apply("text", add)), Err(Error::Value(_))));
    site.faults.fail_next(Operation::Update, Fault::Unavailable, 1);
    assert!(matches!(block_on(request.session.apply("kept", add)), Err(Error::Unavailable(_))));
    request.session.insert("fine", &1).unwrap();
    request.answer(Outcome::Keep);
    assert_eq!(value(&site, &visitor, "kept"), Some(1));
    assert_eq!(value(&site, &visitor, "fine"), Some(1));
}

#[test]
fn what_could_be_applied_in_part_only_is_not_stored_in_part() {
    let site = Site::new();
    let mut visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.insert("first", &1).unwrap();
    request.session.update("kept", |n: Option<u32>| n.unwrap_or(0) + 1).unwrap();
    visitor.visit(&site, |session| session.insert("kept", "no number").unwrap());
    assert!(matches!(block_on(request.session.reload()), Err(Error::Value(_))));
    assert!(matches!(block_on(request.exchange.finish(Outcome::Keep)), Err(Error::Value(_))));
    assert_eq!(visitor.arrive(&site).session.keys().unwrap(), ["kept"]);
}

#[test]
fn what_is_being_saved_can_be_seen_and_changed_meanwhile() {
    let site = Site::new();
    let visitor = known(&site);
    for fails in [false, true] {
        let request = visitor.arrive(&site);
        let before = request.session.get::<u32>("n").unwrap().unwrap_or(0);
        let add = |n: Option<u32>| n.unwrap_or(0) + 1;
        request.session.update("n", add).unwrap();
        let gate = site.faults.hold_next(Operation::Update, Moment::Before);
        if fails {
            site.faults.fail_next(Operation::Update, Fault::Unavailable, 1);
        }
        thread::scope(|scope| {
            let saving = scope.spawn(|| block_on(request.session.save()));
            block_on(gate.reached());
            let seen = (request.session.get("n"), request.session.update("n", add));
            gate.open();
            assert_eq!(saving.join().unwrap().is_err(), fails);
            assert_eq!((seen.0.unwrap(), seen.1.unwrap()), (Some(before + 1), before + 2), "its own changes");
        });
        assert_eq!(request.session.get("n").unwrap(), Some(before + 2));
        request.answer(Outcome::Keep);
        assert_eq!(value(&site, &visitor, "n"), Some(before + 2));
    }
}

#[test]
fn two_requests_that_store_the_same_have_both_stored_it() {
    let site = Site::new();
    let visitor = known(&site);
    let (first, second) = (visitor.arrive(&site), visitor.arrive(&site));
    for request in [&first, &second] {
        assert_eq!(block_on(request.session.apply("k", |_: Option<u32>| 5)).unwrap(), 5);
    }
    for request in [&first, &second] {
        request.session.insert("s", &7).unwrap();
        block_on(request.session.save()).unwrap();
        assert_eq!(request.session.get::<u32>("s").unwrap(), Some(7));
        assert_eq!(request.session.get::<u32>("k").unwrap(), Some(5));
    }
    assert_eq!(set_cookie(&second.answer(Outcome::Keep)), None);
    assert_eq!(value(&site, &visitor, "s"), Some(7));
}

#[test]
fn two_handles_of_one_request_save_in_turn() {
    let site = Site::new();
    let visitor = known(&site);
    let request = Arc::new(visitor.arrive(&site));
    thread::scope(|scope| {
        for _ in 0..8 {
            let session = request.session.clone();
            scope.spawn(move || block_on(session.apply("n", |n: Option<u32>| n.unwrap_or(0) + 1)).unwrap());
        }
    });
    assert_eq!(value(&site, &visitor, "n"), Some(8));
}

/// A runtime whose timers never end.
#[derive(Debug)]
struct Still;

impl webstack_core::runtime::Runtime for Still {
    fn sleep(&self, _: std::time::Duration) -> webstack_core::store::BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }

    fn spawn(&self, future: webstack_core::store::BoxFuture<'static, ()>) {
        block_on(future);
    }

    fn has_background(&self) -> bool {
        false
    }
}

#[test]
fn whoever_is_first_in_line_does_not_wait_for_what_was_stored_before() {
    let site = Site::with(|builder| builder.runtime(Still));
    let visitor = known(&site);
    let [faster, first, second] = ["faster", "first", "second"].map(|key| {
        let request = visitor.arrive(&site);
        request.session.insert(key, &1).unwrap();
        request
    });
    block_on(faster.exchange.finish(Outcome::Keep)).unwrap();
    let gates = [(); 2].map(|()| site.faults.hold_next(Operation::Update, Moment::Before));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let [mut first, mut second] = [first, second].map(|request| Box::pin(request.exchange.finish(Outcome::Keep)));
    assert!(first.as_mut().poll(&mut context).is_pending());
    gates[0].open();
    assert!(first.as_mut().poll(&mut context).is_pending(), "a conflict, and then a place in line");
    assert!(second.as_mut().poll(&mut context).is_pending(), "a place behind it");
    gates[1].open();
    assert!(first.as_mut().poll(&mut context).is_ready());
    assert!(second.as_mut().poll(&mut context).is_ready(), "what the first one stored is known now");
    let request = visitor.arrive(&site);
    assert_eq!(["faster", "first", "second"].map(|key| request.session.get(key).unwrap()), [Some(1); 3]);
}
