//! How often the store is asked.

use webstack_core::Outcome;
use webstack_testkit::Operation;

use crate::visitor::{Site, Visitor, known};

#[test]
fn an_untouched_request_asks_the_store_nothing() {
    let site = Site::new();
    let visitor = known(&site);
    site.counts.reset();
    let mut head = http::Request::new(());
    head.headers_mut().insert("cookie", visitor.cookie.unwrap().parse().unwrap());
    let exchange = site.sessions.open(&head);
    let reply = webstack_core::runtime::block_on(exchange.finish(Outcome::Keep)).unwrap();
    assert_eq!((site.counts.total(), reply.iter().count()), (0, 0));
}

#[test]
fn a_stranger_without_a_cookie_costs_nothing_and_a_first_value_one() {
    let site = Site::new();
    Visitor::default().visit(&site, |session| assert_eq!(session.get::<u32>("n").unwrap(), None));
    assert_eq!(site.counts.total(), 0);
    Visitor::default().visit(&site, |session| session.insert("n", &1).unwrap());
    assert_eq!((site.counts.of(Operation::Create), site.counts.total()), (1, 1));
}

#[test]
fn a_read_costs_one_and_a_write_one_more() {
    let site = Site::new();
    let mut visitor = known(&site);
    site.counts.reset();
    visitor.visit(&site, |session| assert!(session.contains("kept").unwrap()));
    assert_eq!((site.counts.of(Operation::Load), site.counts.total()), (1, 1));
    site.counts.reset();
    visitor.visit(&site, |session| session.insert("kept", &2).unwrap());
    assert_eq!((site.counts.of(Operation::Update), site.counts.total()), (1, 2));
    site.counts.reset();
    visitor.visit(&site, |session| session.renew().unwrap());
    assert_eq!((site.counts.of(Operation::Update), site.counts.total()), (1, 2));
}

#[test]
fn a_conflict_costs_one_more() {
    let site = Site::new();
    let visitor = known(&site);
    let (first, second) = (visitor.arrive(&site), visitor.arrive(&site));
    first.session.insert("a", &1).unwrap();
    second.session.insert("b", &1).unwrap();
    first.answer(Outcome::Keep);
    site.counts.reset();
    second.answer(Outcome::Keep);
    assert_eq!((site.counts.of(Operation::Update), site.counts.total()), (2, 2));
}

#[test]
fn storing_what_is_there_already_writes_nothing() {
    let site = Site::new();
    let mut visitor = known(&site);
    site.counts.reset();
    visitor.visit(&site, |session| session.insert("kept", &1).unwrap());
    assert_eq!(site.counts.total(), 1);
}
