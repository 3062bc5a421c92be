//! The choices that an application has when something is not as it should be, and their defaults.

use std::time::Duration;

use webstack_core::{Error, Event, OnGone, OnServerError, OnStoreFailure, Outcome, runtime::block_on};
use webstack_testkit::Fault;

use crate::visitor::{Site, Visitor, known, set_cookie, value};

#[test]
fn what_a_server_error_did_is_dropped_unless_it_is_to_be_kept() {
    for (policy, stored) in [(None, None), (Some(OnServerError::Discard), None), (Some(OnServerError::Keep), Some(1))] {
        let site = Site::with(|builder| match policy {
            Some(policy) => builder.on_server_error(policy),
            None => builder,
        });
        let visitor = known(&site);
        let failing = visitor.arrive(&site);
        failing.session.insert("n", &1).unwrap();
        failing.answer(Outcome::of_status(503));
        assert_eq!(value(&site, &visitor, "n"), stored, "{policy:?}");
        let cancelled = visitor.arrive(&site);
        cancelled.session.insert("m", &1).unwrap();
        drop(cancelled);
        let panicked = visitor.arrive(&site);
        panicked.session.insert("m", &1).unwrap();
        panicked.answer(Outcome::Discard);
        assert_eq!(value(&site, &visitor, "m"), None, "{policy:?}");
    }
}

#[test]
fn who_is_overtaken_by_a_logout_answers_as_ever_unless_it_is_to_be_told() {
    for (policy, refused) in [(None, false), (Some(OnGone::Ignore), false), (Some(OnGone::Respond), true)] {
        let site = Site::with(|builder| match policy {
            Some(policy) => builder.on_gone(policy),
            None => builder,
        });
        let mut visitor = known(&site);
        let [writing, reading, logging_out] = [visitor.arrive(&site), visitor.arrive(&site), visitor.arrive(&site)];
        visitor.visit(&site, |session| session.invalidate().unwrap());
        writing.session.insert("n", &1).unwrap();
        match block_on(writing.exchange.finish(Outcome::Keep)) {
            Err(Error::Gone) => assert!(refused, "{policy:?}"),
            Ok(reply) => assert!(!refused && set_cookie(&reply).is_none(), "{policy:?}"),
            Err(other) => panic!("{other}"),
        }
        // it would have moved the deadline, and has nothing else to store
        site.clock.advance(Duration::from_secs(120));
        reading.answer(Outcome::Keep);
        logging_out.session.invalidate().unwrap();
        logging_out.answer(Outcome::Keep);
    }
}

fn adrift() -> (Site, Visitor) {
    let site = Site::with(|builder| builder.on_store_failure(OnStoreFailure::Anonymous));
    let visitor = known(&site);
    (site, visitor)
}

#[test]
fn a_visitor_may_be_anonymous_while_the_store_is_down() {
    let (site, visitor) = adrift();
    for fault in [Fault::Unavailable, Fault::Broken] {
        site.faults.fail_all(fault);
        let request = visitor.arrive(&site);
        assert_eq!(request.session.get::<u32>("kept").unwrap(), None);
        let reply = request.answer(Outcome::Keep);
        assert_eq!(set_cookie(&reply), None, "the token stays what it was");
        site.faults.recover();
    }
    assert_eq!(site.heard(|event| *event == Event::Failed), 2);
    assert_eq!(value(&site, &visitor, "kept"), Some(1));
}

#[test]
fn nothing_is_stored_and_nothing_ended_for_a_visitor_whose_session_could_not_be_loaded() {
    let (site, visitor) = adrift();
    let acts: [fn(&webstack_core::Session); 3] = [
        |session| session.insert("n", &1).unwrap(),
        |session| session.set_user("ann").unwrap(),
        |session| session.invalidate().unwrap(),
    ];
    for act in acts {
        site.faults.fail_all(Fault::Unavailable);
        let request = visitor.arrive(&site);
        site.faults.recover();
        act(&request.session);
        assert!(matches!(block_on(request.session.save()), Err(Error::Unavailable(_))));
        let error = block_on(request.exchange.finish(Outcome::Keep)).unwrap_err();
        assert_eq!(error.refusal().status(), 503);
    }
    assert_eq!((site.alive(), value(&site, &visitor, "kept")), (1, Some(1)));
}
