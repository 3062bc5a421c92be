//! No more sessions of a user than allowed.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use webstack_core::store::{OwnerKey, Reserved};
use webstack_core::{Error, Event, Outcome, Sessions, Token, UserSessionLimit, runtime::block_on};
use webstack_testkit::{Fault, Moment, Operation};

use crate::visitor::{MINUTE, Site, Visitor, is_alive, known, of_user, set_cookie, signed_in};

fn limited(limit: UserSessionLimit) -> Site {
    Site::with(|builder| builder.user_session_limit(limit))
}

#[test]
fn a_further_login_ends_the_session_that_was_not_used_for_longest() {
    let site = limited(UserSessionLimit::Evict(3));
    let visitors: Vec<_> = (0..3)
        .map(|_| {
            site.clock.advance(MINUTE);
            signed_in(&site, "alice")
        })
        .collect();
    site.clock.advance(MINUTE);
    visitors[0].clone().visit(&site, |session| assert!(session.user().unwrap().is_some()));
    let bob = signed_in(&site, "bob");
    let late = visitors[1].arrive(&site);
    site.counts.reset();
    let fourth = signed_in(&site, "alice");
    assert_eq!((site.counts.of(Operation::Reserve), site.counts.total()), (2, 5));
    let alive = [&visitors[0], &visitors[1], &visitors[2], &fourth, &bob].map(|visitor| is_alive(&site, visitor));
    assert_eq!(alive, [true, false, true, true, true]);
    assert_eq!(site.heard(|event| matches!(event, Event::Evicted(_))), 1);
    late.session.insert("late", &1).unwrap();
    late.answer(Outcome::Keep);
    assert_eq!(of_user(&site, "alice").len(), 3);
}

#[test]
fn a_further_login_is_refused_and_nothing_is_stored() {
    let site = limited(UserSessionLimit::Refuse(2));
    (0..2).for_each(|_| drop(signed_in(&site, "alice")));
    for visitor in [Visitor::default(), known(&site)] {
        let alive = site.alive();
        let request = visitor.arrive(&site);
        request.session.insert("void", &1).unwrap();
        request.session.set_user("alice").unwrap();
        let error = block_on(request.exchange.finish(Outcome::Keep)).unwrap_err();
        assert!(matches!(error, Error::TooManySessions { limit: 2 }));
        assert_eq!(error.refusal().status(), 409);
        assert_eq!(site.alive(), alive);

        let request = visitor.arrive(&site);
        assert!(matches!(block_on(request.session.sign_in("alice")), Err(Error::TooManySessions { .. })));
        assert_eq!(request.session.user().unwrap(), None);
        assert_eq!(set_cookie(&request.answer(Outcome::Keep)), None);
    }
    assert_eq!(of_user(&site, "alice").len(), 2);
    block_on(site.sessions.end_user_sessions("alice")).unwrap();
    assert!(is_alive(&site, &signed_in(&site, "alice")));
}

#[test]
fn a_login_again_needs_no_further_place() {
    let site = limited(UserSessionLimit::Refuse(1));
    let mut visitor = signed_in(&site, "alice");
    site.counts.reset();
    visitor.visit(&site, |session| session.set_user("alice").unwrap());
    visitor.visit(&site, |session| session.insert("n", &1).unwrap());
    assert_eq!(site.counts.of(Operation::Reserve), 0);
    visitor.visit(&site, |session| session.set_user("bob").unwrap());
    assert!(is_alive(&site, &signed_in(&site, "alice")), "her place is free");
}

#[test]
fn without_a_limit_nothing_is_reserved() {
    let site = Site::new();
    (0..5).for_each(|_| drop(signed_in(&site, "alice")));
    assert_eq!(site.counts.of(Operation::Reserve), 0);
    assert_eq!(of_user(&site, "alice").len(), 5);
}

#[test]
fn a_lowered_limit_holds_from_the_next_login_on() {
    let site = Site::new();
    (0..5).for_each(|_| drop(signed_in(&site, "alice")));
    let lowered = Sessions::builder()
        .shared_store(Arc::clone(site.sessions.store()))
        .user_session_limit(UserSessionLimit::Evict(2));
    let lowered = Site { sessions: lowered.build().unwrap(), ..Site::new() };
    assert!(is_alive(&lowered, &signed_in(&lowered, "alice")));
    assert_eq!(of_user(&site, "alice").len(), 2);
}

#[test]
fn fifty_parallel_logins_leave_as_many_sessions_as_allowed() {
    for limit in [UserSessionLimit::Evict(3), UserSessionLimit::Refuse(3)] {
        let site = limited(limit);
        let known: Vec<_> = (0..25).map(|_| known(&site)).collect();
        let start = Barrier::new(50);
        let refused = thread::scope(|scope| {
            let visitors = known.into_iter().chain(std::iter::repeat_with(Visitor::default)).take(50);
            let logins: Vec<_> = visitors
                .map(|visitor| {
                    let (site, start) = (&site, &start);
                    scope.spawn(move || {
                        let request = visitor.arrive(site);
                        start.wait();
                        match block_on(request.session.sign_in("alice")) {
                            Ok(()) => false,
                            Err(Error::TooManySessions { .. }) => true,
                            Err(error) => panic!("{error}"),
                        }
                    })
                })
                .collect();
            logins.into_iter().map(|login| login.join().unwrap()).filter(|refused| *refused).count()
        });
        let evicted = site.heard(|event| matches!(event, Event::Evicted(_)));
        assert_eq!(of_user(&site, "alice").len(), 3);
        match limit {
            UserSessionLimit::Evict(_) => assert_eq!((refused, evicted), (0, 47)),
            _ => assert_eq!((refused, evicted), (47, 0)),
        }
    }
}

#[test]
fn a_place_whose_login_was_not_stored_is_free_again_after_a_minute() {
    let site = Site::with(|builder| {
        builder.user_session_limit(UserSessionLimit::Refuse(1)).wait_limit(Duration::from_millis(20))
    });
    site.faults.fail_next(Operation::Create, Fault::Unavailable, 1);
    let sign_in = || block_on(Visitor::default().arrive(&site).session.sign_in("alice"));
    assert!(matches!(sign_in(), Err(Error::Unavailable(_))));
    site.clock.advance(MINUTE - Duration::from_millis(1));
    assert!(matches!(sign_in(), Err(Error::Unavailable(_))), "nobody has it, so it is not refused for good");
    site.clock.advance(Duration::from_millis(1));
    sign_in().unwrap();
    assert_eq!(site.alive(), 1);
}

#[test]
fn a_login_that_has_to_be_tried_again_takes_one_place() {
    let site = limited(UserSessionLimit::Refuse(2));
    let visitors = [Visitor::default(), known(&site)];
    for (visitor, operation) in visitors.iter().zip([Operation::Create, Operation::Update]) {
        site.faults.fail_next(operation, Fault::Busy, 3);
        block_on(visitor.arrive(&site).session.sign_in("alice")).unwrap();
    }
    let third = block_on(Visitor::default().arrive(&site).session.sign_in("alice"));
    assert!(matches!(third, Err(Error::TooManySessions { .. })));
}

#[test]
fn a_login_that_is_being_stored_counts() {
    let site = Site::with(|builder| {
        builder.user_session_limit(UserSessionLimit::Refuse(1)).wait_limit(Duration::from_millis(20))
    });
    let sign_in = || block_on(Visitor::default().arrive(&site).session.sign_in("alice"));
    let gate = site.faults.hold_next(Operation::Create, Moment::Before);
    thread::scope(|scope| {
        let first = scope.spawn(sign_in);
        block_on(gate.reached());
        assert!(matches!(sign_in(), Err(Error::Unavailable(_))), "whether there will be a place is not known yet");
        gate.open();
        first.join().unwrap().unwrap();
    });
    assert!(matches!(sign_in(), Err(Error::TooManySessions { .. })));
}

#[test]
fn a_record_too_large_takes_no_place() {
    let site = Site::with(|builder| builder.user_session_limit(UserSessionLimit::Refuse(1)).record_limit(500));
    let request = Visitor::default().arrive(&site);
    request.session.insert("large", &"x".repeat(500)).unwrap();
    assert!(matches!(block_on(request.session.sign_in("alice")), Err(Error::TooLarge { .. })));
    assert_eq!(site.counts.of(Operation::Reserve), 0);
}

#[test]
fn a_session_past_its_deadline_goes_on_only_if_its_place_is_free() {
    for (taken, writes) in [(false, true), (false, false), (true, true), (true, false)] {
        let site = limited(UserSessionLimit::Refuse(1));
        let visitor = signed_in(&site, "alice");
        site.clock.advance(29 * MINUTE);
        let late = visitor.arrive(&site);
        site.clock.advance(MINUTE);
        let other = if taken { signed_in(&site, "alice") } else { Visitor::default() };
        if writes {
            late.session.insert("late", &1).unwrap();
        }
        late.answer(Outcome::Keep);
        assert_eq!((is_alive(&site, &visitor), is_alive(&site, &other)), (!taken, taken), "{taken} {writes}");
        let alice = OwnerKey::derive("webstack_session", "alice");
        let further = block_on(site.sessions.store().reserve(&alice, Token::generate().unwrap().id(), 1)).unwrap();
        assert!(matches!(further, Reserved::Full(living) if living.len() == 1), "{taken} {writes}");
    }
}

#[test]
fn busy_is_tried_again() {
    let site = limited(UserSessionLimit::Evict(1));
    for operation in [Operation::Reserve, Operation::OwnedBy, Operation::Remove] {
        site.faults.fail_next(operation, Fault::Busy, 2);
    }
    let mut visitor = Visitor::default();
    (0..3).for_each(|_| visitor = signed_in(&site, "alice"));
    site.faults.fail_next(Operation::OwnedBy, Fault::Busy, 2);
    assert_eq!(of_user(&site, "alice").len(), 1);
    site.faults.fail_next(Operation::Remove, Fault::Busy, 2);
    visitor.visit(&site, |session| assert_eq!(block_on(session.end_all()).unwrap(), 1));
}

#[test]
fn the_variable_sets_the_limit() {
    for (value, alive, refused) in [("none", 3, 0), ("2", 2, 0), ("2,refuse", 2, 1)] {
        let variable = ("WEBSTACK_USER_SESSIONS".into(), value.into());
        let site = Site::with(|builder| builder.variables([variable]).unwrap());
        let sign_in = |_: &usize| block_on(Visitor::default().arrive(&site).session.sign_in("alice")).is_err();
        assert_eq!((0..3).filter(sign_in).count(), refused, "{value}");
        assert_eq!(site.alive(), alive, "{value}");
    }
}
