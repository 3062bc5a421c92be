//! Idle and absolute timeout, touches, and how long cookies last; the clock is held.

use std::time::{Duration, SystemTime};

use webstack_core::runtime::block_on;
use webstack_core::{Clock as _, CookieLifetime, Timestamp};
use webstack_testkit::Operation;

use crate::visitor::{Site, Visitor, known, set_cookie};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_session_that_is_not_used_ends_and_one_that_is_used_lives() {
    let site = Site::new();
    let mut visitor = known(&site);
    for _ in 0..10 {
        site.clock.advance(20 * MINUTE);
        visitor.visit(&site, |session| assert!(!session.is_new().unwrap()));
    }
    site.clock.advance(30 * MINUTE);
    assert!(visitor.arrive(&site).session.was_invalidated().unwrap());
}

#[test]
fn reading_touches_at_most_once_a_minute() {
    let site = Site::new();
    let mut visitor = known(&site);
    site.counts.reset();
    for _ in 0..60 {
        visitor.visit(&site, |session| assert!(session.contains("kept").unwrap()));
        site.clock.advance(Duration::from_secs(2));
    }
    assert_eq!(site.counts.of(Operation::Touch), 1);
    assert_eq!(site.counts.of(Operation::Update), 0);
}

#[test]
fn accessed_is_the_use_before_and_created_stays() {
    let site = Site::new();
    let start: SystemTime = site.clock.now().into();
    let mut visitor = known(&site);
    site.clock.advance(10 * MINUTE);
    visitor.visit(&site, |session| assert_eq!(session.accessed().unwrap(), Some(start)));
    site.clock.advance(10 * MINUTE);
    let seen = visitor.arrive(&site);
    let session = &seen.session;
    assert_eq!(session.accessed().unwrap(), Some(start + 10 * MINUTE));
    assert_eq!(session.created().unwrap(), Some(start));
    assert_eq!(session.expires().unwrap(), Some(start + 40 * MINUTE));
}

#[test]
fn nothing_but_a_login_extends_the_absolute_deadline() {
    let site = Site::with(|builder| builder.absolute_timeout(Some(60 * MINUTE)));
    let mut visitor = known(&site);
    site.clock.advance(25 * MINUTE);
    visitor.visit(&site, |session| session.renew().unwrap());
    site.clock.advance(25 * MINUTE);
    visitor.visit(&site, |session| session.insert("n", &1).unwrap());
    site.clock.advance(10 * MINUTE);
    assert!(visitor.arrive(&site).session.is_new().unwrap());

    let mut visitor = known(&site);
    site.clock.advance(25 * MINUTE);
    visitor.visit(&site, |session| session.set_user("alice").unwrap());
    for _ in 0..2 {
        site.clock.advance(25 * MINUTE);
        visitor.visit(&site, |session| assert!(!session.is_new().unwrap()));
    }
    site.clock.advance(10 * MINUTE);
    assert!(visitor.arrive(&site).session.is_new().unwrap());
}

#[test]
fn a_request_that_loaded_a_session_alive_may_still_store() {
    let site = Site::new();
    let visitor = known(&site);
    let slow = visitor.arrive(&site);
    site.clock.advance(30 * MINUTE + MINUTE / 2);
    slow.session.insert("late", &1).unwrap();
    slow.answer(webstack_core::Outcome::Keep);
    assert!(visitor.arrive(&site).session.contains("late").unwrap());
}

#[test]
fn a_browser_session_cookie_has_no_age_and_is_sent_once() {
    let site = Site::new();
    let mut visitor = Visitor::default();
    let first = visitor.visit(&site, |session| session.insert("n", &1).unwrap());
    assert!(!set_cookie(&first).unwrap().contains("Max-Age"));
    let second = visitor.visit(&site, |session| session.insert("n", &2).unwrap());
    assert_eq!(set_cookie(&second), None);
}

#[test]
fn a_persistent_cookie_is_sent_again_when_less_than_half_is_left() {
    let site =
        Site::with(|builder| builder.cookie_lifetime(CookieLifetime::For(20 * MINUTE)).idle_timeout(Some(60 * MINUTE)));
    let mut visitor = Visitor::default();
    let first = visitor.visit(&site, |session| session.insert("n", &1).unwrap());
    assert!(set_cookie(&first).unwrap().contains("Max-Age=1200"));
    let cookie = visitor.cookie.clone();
    site.clock.advance(9 * MINUTE);
    assert_eq!(set_cookie(&visitor.visit(&site, |_| ())), None);
    site.clock.advance(2 * MINUTE);
    assert!(set_cookie(&visitor.visit(&site, |_| ())).unwrap().contains("Max-Age=1200"));
    assert_eq!(visitor.cookie, cookie, "the same token");
    assert_eq!(set_cookie(&visitor.visit(&site, |_| ())), None);
}

#[test]
fn a_cookie_until_a_moment_ends_then_and_no_visit_moves_it() {
    let closing: SystemTime = Timestamp::from_millis(4_000_000_000_000).into();
    let site = Site::with(|builder| builder.cookie_lifetime(CookieLifetime::Until(closing)));
    site.clock.set((closing - 25 * MINUTE).into());
    let mut visitor = Visitor::default();
    let first = visitor.visit(&site, |session| session.insert("n", &1).unwrap());
    assert!(set_cookie(&first).unwrap().contains("Max-Age=1500"));
    site.clock.advance(20 * MINUTE);
    assert_eq!(set_cookie(&visitor.visit(&site, |session| session.insert("n", &2).unwrap())), None);
    let later = Visitor::default().visit(&site, |session| session.insert("n", &1).unwrap());
    assert!(set_cookie(&later).unwrap().contains("Max-Age=300"));
}

#[test]
fn a_cookie_does_not_outlive_the_session() {
    let site = Site::with(|builder| builder.cookie_lifetime(CookieLifetime::Never).absolute_timeout(Some(60 * MINUTE)));
    let reply = Visitor::default().visit(&site, |session| session.insert("n", &1).unwrap());
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=3600"));
    let site = Site::with(|builder| builder.cookie_lifetime(CookieLifetime::Never));
    let reply = Visitor::default().visit(&site, |session| session.insert("n", &1).unwrap());
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=34560000"));
}

#[test]
fn an_emptied_session_ends_within_a_minute() {
    let site = Site::new();
    let mut visitor = known(&site);
    visitor.visit(&site, |session| session.clear().unwrap());
    assert_eq!(site.alive(), 1);
    site.clock.advance(MINUTE);
    assert_eq!(site.alive(), 0);
}

#[test]
fn extreme_timeouts_do_not_panic() {
    let site = Site::with(|builder| {
        builder
            .idle_timeout(Some(Duration::MAX))
            .absolute_timeout(Some(Duration::MAX))
            .cookie_lifetime(CookieLifetime::For(Duration::MAX))
    });
    let mut visitor = known(&site);
    visitor.visit(&site, |session| assert!(session.expires().unwrap().is_some()));
    let site = Site::with(|builder| builder.idle_timeout(None));
    let visitor = known(&site);
    site.clock.advance(Duration::from_secs(100 * 365 * 24 * 3600));
    assert_eq!(visitor.arrive(&site).session.expires().unwrap(), None);
}

#[test]
fn a_purge_says_how_many_it_removed_and_how_many_are_left() {
    let site = Site::new();
    // more than one step looks at
    for _ in 0..1_005 {
        drop(known(&site));
    }
    site.clock.advance(60 * MINUTE);
    let living = [known(&site), known(&site), known(&site)];
    let purged = block_on(site.sessions.purge()).unwrap();
    assert_eq!((purged.removed, purged.remaining, purged.next), (1_005, 3, None));
    let again = block_on(site.sessions.purge()).unwrap();
    assert_eq!((again.removed, again.remaining), (0, 3));
    assert!(living.iter().all(|visitor| !visitor.arrive(&site).session.is_new().unwrap()));
}

#[test]
fn a_purge_that_is_resumed_comes_to_its_end_however_small_its_budget() {
    let site = Site::new();
    for _ in 0..100 {
        drop(known(&site));
    }
    site.clock.advance(60 * MINUTE);
    let (mut after, mut removed, mut steps) = (None, 0, 0);
    loop {
        let purged = block_on(site.sessions.purge_some(after, Duration::ZERO)).unwrap();
        removed += purged.removed;
        steps += 1;
        after = purged.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(removed, 100);
    assert!(steps > 1, "each step is small");
}

#[test]
fn a_step_up_demands_a_recent_login() {
    let site = Site::new();
    let mut visitor = known(&site);
    let limit = Duration::from_secs(300);
    let fresh = |visitor: &Visitor| visitor.arrive(&site).session.require_fresh(limit);
    assert!(matches!(fresh(&visitor), Err(webstack_core::Error::NotFresh)), "nobody is signed in");
    visitor.visit(&site, |session| {
        session.set_user("ann").unwrap();
        session.require_fresh(limit).unwrap();
    });
    site.clock.advance(limit);
    fresh(&visitor).unwrap();
    site.clock.advance(Duration::from_secs(1));
    let refused = fresh(&visitor).unwrap_err();
    assert_eq!(refused.refusal().status(), 401);
    visitor.visit(&site, |session| session.renew().unwrap());
    assert!(fresh(&visitor).is_err(), "a new token is no login");
    visitor.visit(&site, |session| session.set_user("ann").unwrap());
    fresh(&visitor).unwrap();
    let signed_in = visitor.arrive(&site).session.signed_in().unwrap();
    assert!(signed_in.is_some());
    visitor.visit(&site, |session| {
        session.clear_user().unwrap();
        assert!(session.require_fresh(limit).is_err() && session.signed_in().unwrap().is_none());
    });
    assert!(fresh(&visitor).is_err());
}

#[test]
fn a_level_of_assurance_sets_both_timeouts_and_one_may_be_set_beside_it() {
    let variables = [("WEBSTACK_IDLE_TIMEOUT", "60"), ("WEBSTACK_TIMEOUTS", "aal3")];
    let variables = variables.map(|(name, value)| (name.into(), value.into()));
    let site = Site::with(|builder| builder.variables(variables).unwrap());
    let visitor = known(&site);
    let expires = |visitor: &Visitor| visitor.arrive(&site).session.expires().unwrap().unwrap();
    let begun = visitor.arrive(&site).session.created().unwrap().unwrap();
    assert_eq!(expires(&visitor), begun + Duration::from_secs(60), "whichever variable came first");
    for _ in 0..12 * 61 {
        site.clock.advance(Duration::from_secs(59));
        visitor.arrive(&site).answer(webstack_core::Outcome::Keep);
    }
    assert_eq!(expires(&visitor), begun + Duration::from_secs(12 * 3600));
}

#[test]
fn one_session_may_have_timeouts_of_its_own() {
    let site = Site::new();
    let (mut root, ann) = (known(&site), known(&site));
    let short = webstack_core::Timeouts { idle: Some(5 * MINUTE), absolute: Some(12 * MINUTE) };
    root.visit(&site, |session| session.set_timeouts(Some(short)).unwrap());
    for _ in 0..2 {
        site.clock.advance(5 * MINUTE - Duration::from_secs(1));
        root.visit(&site, |session| assert_eq!(session.timeouts().unwrap(), short));
    }
    let request = root.arrive(&site);
    let session = &request.session;
    let (expires, accessed) = (session.expires().unwrap().unwrap(), session.accessed().unwrap().unwrap());
    assert_eq!(expires - 2 * MINUTE - Duration::from_secs(2), SystemTime::from(site.clock.now()));
    assert!(accessed <= expires);
    site.clock.advance(3 * MINUTE);
    root.visit(&site, |session| assert!(session.is_new().unwrap(), "its absolute timeout"));
    assert!(!ann.arrive(&site).session.is_new().unwrap(), "nobody else's");
}

#[test]
fn timeouts_of_its_own_begin_no_session_and_go_with_the_user() {
    let site = Site::new();
    let mut visitor = Visitor::default();
    visitor.visit(&site, |session| session.set_timeouts(Some(webstack_core::Timeouts::AAL3)).unwrap());
    assert_eq!(site.alive(), 0);
    let of = |visitor: &Visitor| visitor.arrive(&site).session.timeouts().unwrap();
    visitor.visit(&site, |session| {
        session.set_user("root").unwrap();
        session.insert("n", &1).unwrap();
        session.set_timeouts(Some(webstack_core::Timeouts::AAL3)).unwrap();
    });
    visitor.visit(&site, |session| session.clear().unwrap());
    visitor.visit(&site, |session| session.set_user("root").unwrap());
    assert_eq!(of(&visitor), webstack_core::Timeouts::AAL3);
    visitor.visit(&site, |session| session.set_user("ann").unwrap());
    assert_eq!(of(&visitor), webstack_core::Timeouts::default());
    visitor.visit(&site, |session| session.set_timeouts(Some(webstack_core::Timeouts::AAL2)).unwrap());
    visitor.visit(&site, |session| session.set_timeouts(None).unwrap());
    assert_eq!(of(&visitor), webstack_core::Timeouts::default());
}

#[test]
fn a_remembered_session_outlives_the_browser_and_a_pause() {
    let site = Site::with(|builder| builder.absolute_timeout(Some(24 * 30 * 60 * MINUTE)));
    let mut visitor = Visitor::default();
    let week = 7 * 24 * 60 * MINUTE;
    let reply = visitor.visit(&site, |session| {
        session.set_user("ann").unwrap();
        session.remember(week).unwrap();
    });
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=604800"));
    site.clock.advance(6 * 24 * 60 * MINUTE);
    let reply = visitor.visit(&site, |session| assert_eq!(session.user().unwrap().as_deref(), Some("ann")));
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=604800"), "sent again when half of it is over");
    let reply = visitor.visit(&site, |session| session.forget().unwrap());
    assert!(!set_cookie(&reply).unwrap().contains("Max-Age"), "a cookie of the browser's session again");
    assert_eq!(set_cookie(&visitor.visit(&site, |session| session.forget().unwrap())), None);
    site.clock.advance(31 * MINUTE);
    visitor.visit(&site, |session| assert!(session.is_new().unwrap()));
}

#[test]
fn who_was_remembered_before_is_no_business_of_the_next_user() {
    let site = Site::new();
    let mut visitor = Visitor::default();
    visitor.visit(&site, |session| {
        session.set_user("ann").unwrap();
        session.remember(24 * 60 * MINUTE).unwrap();
    });
    let reply = visitor.visit(&site, |session| session.set_user("bob").unwrap());
    assert!(!set_cookie(&reply).unwrap().contains("Max-Age"));
}

#[test]
fn no_cookie_of_a_remembered_session_outlives_its_absolute_timeout() {
    let site = Site::with(|builder| builder.absolute_timeout(Some(60 * MINUTE)));
    let reply = Visitor::default().visit(&site, |session| {
        session.set_user("ann").unwrap();
        session.remember(24 * 60 * MINUTE).unwrap();
    });
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=3600"));
}

#[test]
fn a_cookie_until_a_moment_is_not_sent_to_sessions_that_had_none() {
    let store = std::sync::Arc::new(webstack_core::store::MemoryStore::new());
    let with = |lifetime| Site::with(|builder| builder.shared_store(store.clone()).cookie_lifetime(lifetime));
    let mut visitor = known(&with(CookieLifetime::Session));
    let until = with(CookieLifetime::Until(SystemTime::now() + 1_000_000 * MINUTE));
    for _ in 0..2 {
        assert_eq!(set_cookie(&visitor.visit(&until, |session| assert!(!session.is_new().unwrap()))), None);
    }
}

#[test]
fn shorter_timeouts_of_its_own_shorten_the_cookie_too() {
    let day = 24 * 60 * MINUTE;
    let site = Site::with(|builder| builder.cookie_lifetime(CookieLifetime::For(30 * day)));
    let mut visitor = known(&site);
    let reply = visitor.visit(&site, |session| session.set_timeouts(Some(webstack_core::Timeouts::AAL3)).unwrap());
    assert!(set_cookie(&reply).expect("a cookie").contains("Max-Age=43200"));
    assert_eq!(set_cookie(&visitor.visit(&site, |_| ())), None, "once");
}

#[test]
fn a_cookie_is_sent_again_though_nothing_else_is_due() {
    let hour = Duration::from_secs(3600);
    let site = Site::with(|builder| {
        builder.idle_timeout(None).absolute_timeout(None).cookie_lifetime(CookieLifetime::For(hour))
    });
    let mut visitor = known(&site);
    site.clock.advance(hour * 3 / 4);
    let reply = visitor.visit(&site, |_| ());
    assert!(set_cookie(&reply).is_some());
}

#[test]
fn a_remembered_visitor_s_cookie_is_sent_again_though_nothing_else_is_due() {
    let hour = Duration::from_secs(3600);
    let site = Site::with(|builder| builder.idle_timeout(None).absolute_timeout(None));
    let mut visitor = known(&site);
    visitor.visit(&site, |session| session.remember(hour).unwrap());
    site.clock.advance(hour / 4);
    assert_eq!(set_cookie(&visitor.visit(&site, |_| ())), None);
    site.clock.advance(hour / 2);
    assert!(set_cookie(&visitor.visit(&site, |_| ())).is_some());
}
