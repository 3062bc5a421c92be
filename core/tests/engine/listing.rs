//! All sessions, one after the other, and the end of one of them from outside.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use webstack_core::store::{Entry, Updated};
use webstack_core::{Error, Event, Outcome, SessionId, Sessions, StoredSession, runtime::block_on};
use webstack_testkit::{Fault, Operation};

use crate::visitor::{Site, Visitor, known, set_cookie};

fn all(sessions: &Sessions) -> Vec<StoredSession> {
    let mut listing = sessions.list();
    std::iter::from_fn(|| block_on(listing.next()).unwrap()).collect()
}

fn ids(sessions: &[StoredSession]) -> Vec<SessionId> {
    sessions.iter().map(|session| *session.id()).collect()
}

fn id(site: &Site, visitor: &Visitor) -> SessionId {
    visitor.arrive(site).session.id().unwrap().unwrap()
}

#[test]
fn every_living_session_is_listed_once_page_by_page() {
    let site = Site::new();
    assert!(all(&site.sessions).is_empty());
    // two full pages, and one that is not full
    for visitors in [128, 10] {
        let expected: BTreeSet<_> = (0..visitors).map(|_| id(&site, &known(&site))).collect();
        let listed = ids(&all(&site.sessions));
        assert!(listed.is_sorted());
        assert!(expected.is_subset(&listed.iter().copied().collect()));
    }
    assert_eq!(all(&site.sessions).len(), 138);
    let mut listing = site.sessions.list();
    assert!(block_on(listing.next()).unwrap().is_some());
    assert!(site.counts.of(Operation::List) > 0);
    site.clock.advance(Duration::from_secs(1_801));
    assert!(all(&site.sessions).is_empty(), "expired, though nobody purged");
}

#[test]
fn a_stored_session_tells_what_it_holds_and_no_secret() {
    let site = Site::new();
    let mut visitor = known(&site);
    let created = visitor.arrive(&site).session.created().unwrap().unwrap();
    site.clock.advance(Duration::from_secs(300));
    visitor.visit(&site, |session| session.set_user("alice").unwrap());
    let session = all(&site.sessions).remove(0);
    assert_eq!((session.user(), session.id()), (Some("alice"), &id(&site, &visitor)));
    assert_eq!(session.keys().collect::<Vec<_>>(), ["kept"]);
    assert_eq!((session.get::<u32>("kept").unwrap(), session.get::<u32>("absent").unwrap()), (Some(1), None));
    assert!(matches!(session.get::<String>("kept"), Err(Error::Value(_))));
    let now: SystemTime = created + Duration::from_secs(300);
    assert_eq!((session.created(), session.accessed()), (created, now));
    assert_eq!(session.expires(), Some(now + Duration::from_secs(1_800)));
    let shown = format!("{session:?} {:?}", site.sessions.list());
    let token = visitor.cookie.unwrap();
    assert!(!shown.contains("alice") && !shown.contains(&token[token.len() - 42..]), "{shown}");
}

#[test]
fn a_record_that_cannot_be_read_is_told_and_skipped() {
    let site = Site::new();
    let visitors = [known(&site), known(&site), known(&site)];
    let mut listed = ids(&all(&site.sessions));
    let broken = listed.remove(1);
    let store = site.sessions.store();
    let stored = block_on(store.load(&broken)).unwrap().unwrap();
    let entry = Entry { bytes: "{}".into(), ..stored.entry };
    assert!(matches!(block_on(store.update(&broken, stored.version, entry)), Ok(Updated::Applied(_))));
    assert_eq!(ids(&all(&site.sessions)), listed);
    assert_eq!(site.heard(|event| *event == Event::CorruptRecord(broken)), 1);
    drop(visitors);
}

#[test]
fn an_emptied_session_is_not_listed() {
    let site = Site::new();
    known(&site).visit(&site, |session| session.clear().unwrap());
    assert_eq!(site.alive(), 1, "it is kept for a minute");
    assert!(all(&site.sessions).is_empty());
}

#[test]
fn a_listing_goes_on_after_a_failure() {
    let site = Site::new();
    let expected: BTreeSet<_> = (0..100).map(|_| id(&site, &known(&site))).collect();
    let mut listing = site.sessions.list();
    let mut listed = BTreeSet::new();
    for _ in 0..64 {
        listed.insert(*block_on(listing.next()).unwrap().unwrap().id());
    }
    site.faults.fail_next(Operation::List, Fault::Unavailable, 1);
    assert!(matches!(block_on(listing.next()), Err(Error::Unavailable(_))));
    while let Some(session) = block_on(listing.next()).unwrap() {
        assert!(listed.insert(*session.id()));
    }
    assert_eq!(listed, expected);
    assert!(block_on(listing.next()).unwrap().is_none(), "the end stays the end");
}

#[test]
fn a_session_ended_from_outside_stays_ended() {
    let site = Site::new();
    let visitor = known(&site);
    let id = id(&site, &visitor);
    let slow = visitor.arrive(&site);
    assert!(block_on(site.sessions.remove(&id)).unwrap());
    assert!(!block_on(site.sessions.remove(&id)).unwrap());
    assert_eq!(site.heard(|event| *event == Event::Ended(id)), 1);
    slow.session.insert("late", &1).unwrap();
    assert_eq!(set_cookie(&slow.answer(Outcome::Keep)), None);
    assert!(visitor.arrive(&site).session.was_invalidated().unwrap());
    assert_eq!(site.alive(), 0);
}
