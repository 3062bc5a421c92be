//! What the application calls the device.

use std::time::Duration;

use webstack_core::runtime::block_on;

use crate::visitor::{MINUTE, Site, Visitor, known, of_user, set_cookie, signed_in};

#[test]
fn a_label_is_no_value_and_begins_no_session() {
    let site = Site::new();
    let mut visitor = Visitor::default();
    let reply = visitor.visit(&site, |session| {
        session.set_label("Firefox on Linux").unwrap();
        assert!(session.is_empty().unwrap());
        block_on(session.save()).unwrap();
    });
    assert_eq!((set_cookie(&reply), site.counts.total()), (None, 0));
    visitor.visit(&site, |session| {
        session.set_label("Firefox on Linux").unwrap();
        block_on(session.save()).unwrap();
        session.set_user("alice").unwrap();
    });
    assert_eq!(of_user(&site, "alice")[0].label(), Some("Firefox on Linux"), "it waited for something worth a session");
    site.counts.reset();
    visitor.visit(&site, |session| session.set_label("Firefox on Linux").unwrap());
    assert_eq!(site.counts.total(), 1, "nothing is written");
    visitor.visit(&site, |session| session.set_user("bob").unwrap());
    visitor.visit(&site, |session| session.insert("n", &1).unwrap());
    visitor.visit(&site, |session| session.clear().unwrap());
    visitor.visit(&site, |session| assert_eq!(session.label().unwrap().as_deref(), Some("Firefox on Linux")));
    let reply = visitor.visit(&site, |session| session.clear_user().unwrap());
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=0"), "nothing but a label is left");
}

#[test]
fn a_label_keeps_no_emptied_session() {
    let site = Site::new();
    let visitor = known(&site);
    let mut emptied = visitor.clone();
    emptied.visit(&site, |session| session.clear().unwrap());
    site.clock.advance(MINUTE - Duration::from_secs(1));
    visitor.clone().visit(&site, |session| session.set_label("late").unwrap());
    site.clock.advance(Duration::from_secs(1));
    assert_eq!(site.alive(), 0);
}

#[test]
fn a_label_is_cut_between_characters_and_taken_away_by_an_empty_one() {
    let site = Site::new();
    let mut visitor = signed_in(&site, "alice");
    for (label, kept) in
        [("é".repeat(150), "é".repeat(100)), (format!("x{}", "é".repeat(100)), format!("x{}", "é".repeat(99)))]
    {
        visitor.visit(&site, |session| session.set_label(&label).unwrap());
        assert_eq!(of_user(&site, "alice")[0].label(), Some(kept.as_str()));
    }
    visitor.visit(&site, |session| session.set_label("").unwrap());
    assert_eq!(of_user(&site, "alice")[0].label(), None);
}
