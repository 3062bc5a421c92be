//! Typed keys, versions of values, and going back on what was done.

use std::error::Error as _;
use std::thread;

use serde::{Deserialize, Serialize};
use webstack_core::{Error, Event, Key, Outcome, runtime::block_on};
use webstack_testkit::{Fault, Moment, Operation};

use crate::visitor::{Site, Visitor, known, set_cookie, value};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Item {
    name: String,
    pieces: u32,
}

const FIRST: Key<Vec<String>> = Key::new("cart");
const SECOND: Key<Vec<Item>> = Key::new("cart").with_version(2, |old| match old.version() {
    1 => Ok(old.read::<Vec<String>>()?.into_iter().map(|name| Item { name, pieces: 1 }).collect()),
    _ => Err(old.unknown()),
});

fn item(name: &str) -> Item {
    Item { name: name.to_owned(), pieces: 1 }
}

/// A visitor with a cart as the first deployment stored it.
fn shopper(site: &Site) -> Visitor {
    let mut visitor = known(site);
    visitor.visit(site, |session| session.insert(FIRST, &vec!["apples".to_owned()]).unwrap());
    visitor
}

fn stored(site: &Site) -> String {
    let listed = block_on(site.sessions.store().list(None, 1)).unwrap().remove(0);
    String::from_utf8_lossy(&listed.stored.entry.bytes).into_owned()
}

#[test]
fn a_key_does_whatever_a_name_does_and_knows_the_type() {
    const COUNT: Key<u32> = Key::new("count");
    let site = Site::new();
    let request = Visitor::default().arrive(&site);
    let session = &request.session;
    assert_eq!(session.get(COUNT).unwrap(), None);
    session.insert(COUNT, &1).unwrap();
    assert_eq!(session.update(COUNT, |n| n.unwrap_or(0) + 1).unwrap(), 2);
    assert_eq!(block_on(session.apply(COUNT, |n| n.unwrap_or(0) + 1)).unwrap(), 3);
    assert!(session.contains(COUNT).unwrap() && session.contains("count").unwrap());
    assert_eq!((session.get(COUNT).unwrap(), session.get::<u64>("count").unwrap()), (Some(3), Some(3)));
    assert_eq!(session.take(COUNT).unwrap(), Some(3));
    assert!(!session.remove(COUNT).unwrap());
    assert_eq!(format!("{SECOND:?}"), "Key { name: \"cart\", version: 2 }");
}

#[test]
fn what_waits_can_move_between_threads() {
    fn moves(_: impl Send) {}
    let site = Site::new();
    let request = Visitor::default().arrive(&site);
    moves(request.session.apply(SECOND, Option::unwrap_or_default));
    moves(request.session.apply(&"n".to_owned(), |n: Option<u32>| n.unwrap_or(0)));
    moves(request.session.redeem_form_token("pay", ""));
    moves(site.sessions.list().next());
}

#[test]
fn an_old_value_is_migrated_when_read_and_stored_in_its_new_shape_when_written() {
    let site = Site::new();
    let mut visitor = shopper(&site);
    let before = stored(&site);
    visitor.visit(&site, |session| assert_eq!(session.get(SECOND).unwrap().unwrap(), [item("apples")]));
    assert_eq!(stored(&site), before, "reading writes nothing");
    visitor.visit(&site, |session| {
        session.update(SECOND, |cart| cart.into_iter().flatten().chain([item("pears")]).collect()).unwrap();
    });
    let seen = visitor.arrive(&site);
    assert_eq!(seen.session.get(SECOND).unwrap().unwrap(), [item("apples"), item("pears")]);
    assert!(stored(&site).contains(r#""versions":{"cart":2}"#), "{}", stored(&site));
}

#[test]
fn an_update_is_replayed_over_a_migration() {
    let site = Site::new();
    let mut visitor = shopper(&site);
    let add = |cart: Option<Vec<Item>>| cart.into_iter().flatten().chain([item("more")]).collect::<Vec<_>>();
    let slow = visitor.arrive(&site);
    slow.session.update(SECOND, add).unwrap();
    visitor.visit(&site, |session| drop(session.update(SECOND, add).unwrap()));
    slow.answer(Outcome::Keep);
    let cart = visitor.arrive(&site).session.get(SECOND).unwrap().unwrap();
    assert_eq!(cart, [item("apples"), item("more"), item("more")]);
}

#[test]
fn a_newer_value_is_an_error_and_nothing_is_lost() {
    let site = Site::new();
    let mut visitor = known(&site);
    visitor.visit(&site, |session| session.insert(SECOND, &vec![item("apples")]).unwrap());
    let request = visitor.arrive(&site);
    let session = &request.session;
    let newer = |error| assert!(matches!(error, Error::NewerValue { found: 2, known: 1 }), "{error:?}");
    newer(session.get(FIRST).unwrap_err());
    newer(session.take(FIRST).unwrap_err());
    newer(session.insert(FIRST, &vec![]).unwrap_err());
    newer(session.update(FIRST, Option::unwrap_or_default).unwrap_err());
    newer(block_on(session.apply(FIRST, Option::unwrap_or_default)).unwrap_err());
    session.insert("other", &1).unwrap();
    request.answer(Outcome::Keep);
    assert_eq!(visitor.arrive(&site).session.get(SECOND).unwrap().unwrap(), [item("apples")]);
    assert_eq!(visitor.arrive(&site).session.get("other").unwrap(), Some(1));
}

#[test]
fn a_newer_value_that_comes_meanwhile_is_not_replaced() {
    let site = Site::new();
    let mut visitor = shopper(&site);
    let slow = visitor.arrive(&site);
    slow.session.insert(FIRST, &vec![]).unwrap();
    visitor.visit(&site, |session| session.insert(SECOND, &vec![item("pears")]).unwrap());
    let refused = block_on(slow.exchange.finish(Outcome::Keep)).unwrap_err();
    assert!(matches!(refused, Error::NewerValue { .. }), "{refused:?}");
    assert_eq!(refused.refusal().status(), 500);
    assert_eq!(site.heard(|event| *event == Event::Failed), 1, "the log says why");
    assert_eq!(visitor.arrive(&site).session.get(SECOND).unwrap().unwrap(), [item("pears")]);
}

#[test]
fn a_value_that_cannot_be_migrated_stays_and_says_so() {
    const THIRD: Key<Vec<Item>> = Key::new("cart").with_version(3, |old| Err(old.unknown()));
    let site = Site::new();
    let visitor = shopper(&site);
    let request = visitor.arrive(&site);
    let error = request.session.get(THIRD).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "no migration from version 1");
    assert!(matches!(request.session.take(THIRD), Err(Error::Value(_))));
    request.answer(Outcome::Keep);
    assert!(visitor.arrive(&site).session.contains(FIRST).unwrap());
}

#[test]
fn a_value_removed_or_put_in_by_name_forgets_its_version() {
    let site = Site::new();
    let mut visitor = known(&site);
    visitor.visit(&site, |session| session.insert(SECOND, &vec![item("apples")]).unwrap());
    visitor.visit(&site, |session| {
        session.update("cart", |_: Option<Vec<Item>>| vec![item("pears")]).unwrap();
        assert_eq!(session.get(SECOND).unwrap().unwrap(), [item("pears")], "an update by name leaves the version");
    });
    visitor.visit(&site, |session| assert!(session.remove(FIRST).unwrap()));
    assert!(!stored(&site).contains("versions"));
    visitor.visit(&site, |session| session.insert(SECOND, &vec![]).unwrap());
    visitor.visit(&site, |session| session.insert("cart", &["apples"]).unwrap());
    assert_eq!(visitor.arrive(&site).session.get(SECOND).unwrap().unwrap(), [item("apples")]);
}

#[test]
fn revert_drops_what_is_not_stored() {
    let site = Site::new();
    let mut visitor = known(&site);
    let reply = visitor.visit(&site, |session| {
        session.insert("saved", &1).unwrap();
        block_on(session.save()).unwrap();
        session.insert("kept", &2).unwrap();
        session.set_user("alice").unwrap();
        session.flash(webstack_core::flash::Level::Info, "hello").unwrap();
        session.revert().unwrap();
        assert_eq!((session.get("kept").unwrap(), session.user().unwrap()), (Some(1), None));
        session.insert("after", &1).unwrap();
    });
    assert_eq!(set_cookie(&reply), None);
    let seen = visitor.arrive(&site);
    assert_eq!(seen.session.keys().unwrap(), ["after", "kept", "saved"]);
    assert!(seen.session.peek_flashes().unwrap().is_empty());
}

#[test]
fn revert_leaves_an_ending_as_it_is() {
    let site = Site::new();
    let mut visitor = known(&site);
    let old = visitor.clone();
    let reply = visitor.visit(&site, |session| {
        session.invalidate().unwrap();
        session.insert("new", &1).unwrap();
        session.revert().unwrap();
        assert!(session.is_empty().unwrap(), "the old values do not come back");
    });
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=0"));
    assert!(old.arrive(&site).session.was_invalidated().unwrap());
    assert_eq!(site.alive(), 0);
}

#[test]
fn a_revert_while_a_save_fails_is_not_undone() {
    let site = Site::new();
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.insert("kept", &2).unwrap();
    let gate = site.faults.hold_next(Operation::Update, Moment::Before);
    site.faults.fail_next(Operation::Update, Fault::Unavailable, 1);
    thread::scope(|scope| {
        let saving = scope.spawn(|| block_on(request.session.save()));
        block_on(gate.reached());
        request.session.revert().unwrap();
        gate.open();
        assert!(matches!(saving.join().unwrap(), Err(Error::Unavailable(_))));
    });
    request.answer(Outcome::Keep);
    assert_eq!(value(&site, &visitor, "kept"), Some(1));
}

#[test]
fn a_revert_while_an_ending_fails_takes_an_apply_along() {
    let site = Site::new();
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.invalidate().unwrap();
    let gate = site.faults.hold_next(Operation::Remove, Moment::Before);
    site.faults.fail_next(Operation::Remove, Fault::Unavailable, 1);
    thread::scope(|scope| {
        let applying = scope.spawn(|| block_on(request.session.apply("n", |n: Option<u32>| n.unwrap_or(0) + 1)));
        block_on(gate.reached());
        request.session.revert().unwrap();
        gate.open();
        assert!(matches!(applying.join().unwrap(), Err(Error::Unavailable(_))));
    });
    request.answer(Outcome::Keep);
    assert_eq!(site.alive(), 0);
}
