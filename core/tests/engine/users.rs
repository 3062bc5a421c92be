//! All sessions of a user: listed, and ended.

use std::future::Future as _;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use webstack_core::store::{Entry, OwnerKey};
use webstack_core::{Event, Outcome, Session, SessionInfo, Token, UserSessionLimit, runtime::block_on};
use webstack_testkit::{Fault, Moment, Operation};

use crate::visitor::{MINUTE, Site, Visitor, is_alive, known, of_user, set_cookie, signed_in};

fn end_all(session: &Session) -> u64 {
    block_on(session.end_all()).unwrap()
}

#[test]
fn a_listing_has_the_user_s_living_sessions_the_one_used_last_first() {
    let site = Site::new();
    let first = signed_in(&site, "alice");
    site.clock.advance(MINUTE);
    let mut second = signed_in(&site, "alice");
    signed_in(&site, "bob");
    known(&site);
    site.clock.advance(MINUTE);
    second.visit(&site, |session| session.set_label("Firefox on Linux").unwrap());
    let reading = first.arrive(&site);
    let found = block_on(reading.session.user_sessions()).unwrap();
    let seen: Vec<_> = found.iter().map(|info| (Some(*info.id()), info.is_current(), info.label())).collect();
    let of = |visitor: &Visitor| visitor.arrive(&site).session.id().unwrap();
    assert_eq!(seen, [(of(&second), false, Some("Firefox on Linux")), (of(&first), true, None)]);
    let age = |info: &SessionInfo| info.accessed().duration_since(info.created()).unwrap();
    assert_eq!((age(&found[0]), age(&found[1])), (MINUTE, Duration::ZERO));
    assert_eq!(found[1].signed_in(), Some(found[1].created()));
    assert_eq!(found[1].expires().unwrap().duration_since(found[1].accessed()).unwrap(), 30 * MINUTE);

    assert_eq!(of_user(&site, "bob").len(), 1);
    assert!(of_user(&site, "carol").is_empty());
    assert!(block_on(Visitor::default().arrive(&site).session.user_sessions()).unwrap().is_empty());
    site.clock.advance(29 * MINUTE);
    assert_eq!(of_user(&site, "alice").len(), 1, "the other one has expired");
}

#[test]
fn a_listing_goes_over_more_than_one_page() {
    let site = Site::new();
    (0..70).for_each(|_| drop(signed_in(&site, "alice")));
    site.counts.reset();
    assert_eq!(of_user(&site, "alice").len(), 70);
    assert_eq!((site.counts.of(Operation::OwnedBy), site.counts.total()), (3, 3));
    assert_eq!(block_on(site.sessions.end_user_sessions("alice")).unwrap(), 70);
    assert_eq!(site.alive(), 0);
}

#[test]
fn only_what_the_record_says_counts() {
    let site = Site::new();
    let visitor = signed_in(&site, "bob");
    let (store, alice) = (site.sessions.store(), OwnerKey::derive("webstack_session", "alice"));
    let listed = block_on(store.list(None, 1)).unwrap().remove(0);
    let claimed = Entry { owner: Some(alice), ..listed.stored.entry };
    let _ = block_on(store.update(&listed.id, listed.stored.version, claimed)).unwrap();
    assert!(of_user(&site, "alice").is_empty());
    assert_eq!(block_on(site.sessions.end_user_sessions("alice")).unwrap(), 0);
    assert!(is_alive(&site, &visitor));
}

#[test]
fn what_cannot_be_read_is_not_listed_and_ended_all_the_same() {
    let site = Site::with(|builder| builder.user_session_limit(UserSessionLimit::Evict(1)));
    let (store, alice) = (site.sessions.store(), OwnerKey::derive("webstack_session", "alice"));
    let put = || {
        let entry = Entry { bytes: "{}".into(), expires: None, owner: Some(alice) };
        let _ = block_on(store.create(Token::generate().unwrap().id(), entry)).unwrap();
    };
    put();
    assert!(of_user(&site, "alice").is_empty());
    assert_eq!(site.heard(|event| matches!(event, Event::CorruptRecord(_))), 1);
    assert_eq!(block_on(site.sessions.end_user_sessions("alice")).unwrap(), 1);
    put();
    assert!(is_alive(&site, &signed_in(&site, "alice")), "its place can be had");
    assert_eq!(site.alive(), 1);
}

#[test]
fn ending_the_others_leaves_this_one_and_other_users_alone() {
    let site = Site::new();
    let [mut here, elsewhere, at_work] = std::array::from_fn(|_| signed_in(&site, "alice"));
    let (bob, nobody) = (signed_in(&site, "bob"), known(&site));
    let late = elsewhere.arrive(&site);
    let reply = here.visit(&site, |session| assert_eq!(block_on(session.end_others()).unwrap(), 2));
    assert_eq!(set_cookie(&reply), None);
    late.session.insert("late", &1).unwrap();
    late.answer(Outcome::Keep);
    let alive = [&here, &elsewhere, &at_work, &bob, &nobody].map(|visitor| is_alive(&site, visitor));
    assert_eq!(alive, [true, false, false, true, true]);
    assert_eq!(site.heard(|event| matches!(event, Event::Ended(_))), 2);
}

#[test]
fn ending_one_takes_an_id_of_the_user_s_and_no_other() {
    let site = Site::new();
    let [mut here, elsewhere] = std::array::from_fn(|_| signed_in(&site, "alice"));
    let bob = signed_in(&site, "bob");
    let id = |visitor: &Visitor| visitor.arrive(&site).session.id().unwrap().unwrap();
    let (own, other, foreign) = (id(&here), id(&elsewhere), id(&bob));
    here.visit(&site, |session| {
        let end = |id| block_on(session.end_one(&id)).unwrap();
        assert_eq!([end(foreign), end(other), end(other)], [false, true, false]);
    });
    assert!(is_alive(&site, &bob) && is_alive(&site, &here));
    let reply = here.visit(&site, |session| assert!(block_on(session.end_one(&own)).unwrap()));
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=0"));
    assert_eq!(site.alive(), 1);
}

#[test]
fn a_logout_everywhere_holds_whatever_becomes_of_the_request() {
    for outcome in [Some(Outcome::Keep), Some(Outcome::Discard), None] {
        let site = Site::new();
        let [here, elsewhere] = std::array::from_fn(|_| signed_in(&site, "alice"));
        let (late, request) = (elsewhere.arrive(&site), here.arrive(&site));
        request.session.insert("void", &1).unwrap();
        assert_eq!(end_all(&request.session), 2);
        assert_eq!(site.alive(), 0, "at once");
        match outcome {
            Some(outcome) => assert!(set_cookie(&request.answer(outcome)).unwrap().contains("Max-Age=0")),
            None => drop(request),
        }
        late.session.insert("late", &1).unwrap();
        assert_eq!(set_cookie(&late.answer(Outcome::Keep)), None);
        assert_eq!(site.alive(), 0);
    }
}

#[test]
fn a_logout_everywhere_is_done_though_its_handler_is_cancelled() {
    let site = Site::new();
    let [here, _] = std::array::from_fn(|_| signed_in(&site, "alice"));
    let request = here.arrive(&site);
    let gate = site.faults.hold_next(Operation::Remove, Moment::Before);
    let mut ending = Box::pin(request.session.end_all());
    assert!(ending.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    gate.open();
    drop(ending);
    assert_eq!(site.alive(), 0);
}

#[test]
fn a_login_stored_meanwhile_is_found_by_looking_again() {
    let site = Site::new();
    signed_in(&site, "alice");
    let gate = site.faults.hold_next(Operation::OwnedBy, Moment::After);
    thread::scope(|scope| {
        let ending = scope.spawn(|| block_on(site.sessions.end_user_sessions("alice")).unwrap());
        block_on(gate.reached());
        signed_in(&site, "alice");
        gate.open();
        assert_eq!(ending.join().unwrap(), 2);
    });
    assert_eq!(site.alive(), 0);
}

#[test]
fn a_logout_everywhere_of_nobody_ends_nothing() {
    let site = Site::new();
    let mut visitor = known(&site);
    let reply = visitor.visit(&site, |session| assert_eq!(end_all(session), 0));
    assert_eq!(set_cookie(&reply), None);
    assert!(is_alive(&site, &visitor));
}

#[test]
fn what_comes_after_a_logout_everywhere_is_a_new_session() {
    let site = Site::new();
    let mut visitor = signed_in(&site, "alice");
    let old = visitor.clone();
    let reply = visitor.visit(&site, |session| {
        assert_eq!(end_all(session), 1);
        session.insert("goodbye", &true).unwrap();
    });
    assert!(!set_cookie(&reply).unwrap().contains("Max-Age=0"));
    assert!(is_alive(&site, &visitor) && !is_alive(&site, &old));
}

#[test]
fn a_logout_everywhere_that_fails_can_be_asked_for_again() {
    let site = Site::with(|builder| builder.wait_limit(Duration::from_millis(20)));
    let [mut here, _, _] = std::array::from_fn(|_| signed_in(&site, "alice"));
    for (operation, fault) in [(Operation::OwnedBy, Fault::Unavailable), (Operation::Remove, Fault::Broken)] {
        site.faults.fail_next(operation, fault, 1);
        let request = here.arrive(&site);
        assert!(block_on(request.session.end_all()).is_err());
        assert_eq!(set_cookie(&request.answer(Outcome::Discard)), None);
        assert!(is_alive(&site, &here));
    }
    assert_eq!(site.alive(), 2, "one that is held does not save the others");
    assert_eq!(site.heard(|event| *event == Event::Failed), 2);
    here.visit(&site, |session| assert_eq!(end_all(session), 2));
    assert_eq!(site.alive(), 0);
}

#[test]
fn a_session_of_another_application_is_not_the_user_s_to_end() {
    let store = std::sync::Arc::new(webstack_core::store::MemoryStore::new());
    let application = |name| Site::with(|builder| builder.shared_store(store.clone()).cookie_name(name));
    let (shop, admin) = (application("shop"), application("admin"));
    let (in_shop, in_admin) = (signed_in(&shop, "ann"), signed_in(&admin, "ann"));
    let id = in_admin.arrive(&admin).session.id().unwrap().unwrap();
    assert!(!block_on(in_shop.arrive(&shop).session.end_one(&id)).unwrap());
    assert!(!in_admin.arrive(&admin).session.is_new().unwrap());
}
