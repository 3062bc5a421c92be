//! From nothing to the end of a session.

use webstack_core::{Error, Event, Outcome, runtime::block_on};

use crate::visitor::{Site, Visitor, known, set_cookie, value};

#[test]
fn strangers_leave_nothing() {
    let site = Site::new();
    for number in 0..1_000 {
        let unknown = webstack_core::Token::generate().unwrap().expose();
        let cookie =
            [None, Some("__Host-webstack_session=junk".to_owned()), Some(format!("__Host-webstack_session={unknown}"))];
        let mut visitor = Visitor { cookie: cookie[number % 3].clone() };
        let reply = visitor.visit(&site, |session| {
            assert!(session.is_new().unwrap());
            assert_eq!(session.was_invalidated().unwrap(), number % 3 == 2);
            session.clear().unwrap();
            session.renew().unwrap();
            session.delete().unwrap();
            session.invalidate().unwrap();
        });
        assert_eq!(set_cookie(&reply), None);
    }
    let acts: [fn(&webstack_core::Session); 5] = [
        |session| session.clear().unwrap(),
        |session| session.renew().unwrap(),
        |session| session.delete().unwrap(),
        |session| assert_eq!(session.take::<u32>("n").unwrap(), None),
        |session| {
            session.insert("n", &1).unwrap();
            session.remove("n").unwrap();
        },
    ];
    for act in acts {
        assert_eq!(set_cookie(&Visitor::default().visit(&site, act)), None);
    }
    assert_eq!(site.alive(), 0);
    assert_eq!(site.counts.of(webstack_testkit::Operation::Create), 0);
    assert_eq!(site.counts.of(webstack_testkit::Operation::Remove), 0);
}

#[test]
fn an_unknown_token_is_never_adopted() {
    let site = Site::new();
    let token = webstack_core::Token::generate().unwrap();
    let planted = format!("__Host-webstack_session={}", token.expose());
    let mut visitor = Visitor { cookie: Some(planted.clone()) };
    visitor.visit(&site, |session| session.insert("n", &1).unwrap());
    assert_ne!(visitor.cookie.as_deref(), Some(&*planted));
    assert_ne!(visitor.arrive(&site).session.id().unwrap(), Some(*token.id()), "not even its id");
    assert!(Visitor { cookie: Some(planted) }.arrive(&site).session.is_new().unwrap());
}

#[test]
fn a_token_of_another_namespace_is_a_stranger() {
    let site = Site::new();
    let visitor = known(&site);
    // one of another length, and one that differs in a letter only
    for name in ["other", "webstack_sessiom"] {
        let other = webstack_core::Sessions::builder()
            .shared_store(site.sessions.store().clone())
            .cookie_name(name)
            .build()
            .unwrap();
        let cookie = visitor.cookie.as_ref().unwrap().replace("webstack_session", name);
        let head = http::Request::get("/").header("cookie", cookie).body(()).unwrap();
        let exchange = other.open(&head);
        block_on(exchange.session().load()).unwrap();
        assert!(exchange.session().is_new().unwrap(), "{name}");
    }
}

#[test]
fn renewal_and_login_kill_the_old_token_and_keep_id_and_values() {
    let site = Site::new();
    let acts: [fn(&webstack_core::Session); 2] = [|s| s.renew().unwrap(), |s| s.set_user("alice").unwrap()];
    for act in acts {
        let mut visitor = known(&site);
        let id = visitor.arrive(&site).session.id().unwrap();
        let old = visitor.clone();
        visitor.visit(&site, act);
        assert_ne!(visitor.cookie, old.cookie);
        assert_eq!(visitor.arrive(&site).session.id().unwrap(), id);
        assert_eq!(value(&site, &visitor, "kept"), Some(1));
        assert!(old.arrive(&site).session.is_new().unwrap());
        assert!(site.heard(|event| matches!(event, Event::WrongSecret(_))) > 0);
    }
}

#[test]
fn a_user_alone_is_a_session() {
    let site = Site::new();
    let mut visitor = Visitor::default();
    visitor.visit(&site, |session| session.set_user("alice").unwrap());
    let reply = visitor.visit(&site, |session| session.insert("n", &1).unwrap());
    assert_eq!(set_cookie(&reply), None);
    let reply = visitor.visit(&site, |session| session.clear().unwrap());
    assert_eq!(set_cookie(&reply), None, "there is still a user");
    let seen = visitor.arrive(&site);
    assert_eq!((seen.session.user().unwrap().as_deref(), seen.session.len().unwrap()), (Some("alice"), 0));
}

#[test]
fn another_user_renews_as_well() {
    let site = Site::new();
    let mut visitor = known(&site);
    visitor.visit(&site, |session| session.set_user("alice").unwrap());
    let old = visitor.clone();
    visitor.visit(&site, |session| session.set_user("bob").unwrap());
    assert!(old.arrive(&site).session.is_new().unwrap());
    assert_eq!(visitor.arrive(&site).session.user().unwrap().as_deref(), Some("bob"));
}

#[test]
fn clearing_the_user_renews_and_keeps_the_values() {
    let site = Site::new();
    let mut visitor = known(&site);
    visitor.visit(&site, |session| session.set_user("alice").unwrap());
    let old = visitor.clone();
    visitor.visit(&site, |session| session.clear_user().unwrap());
    assert!(old.arrive(&site).session.is_new().unwrap());
    let seen = visitor.arrive(&site);
    let session = &seen.session;
    assert_eq!((session.user().unwrap(), session.get::<u32>("kept").unwrap()), (None, Some(1)));
}

#[test]
fn invalidate_begins_a_new_session() {
    let site = Site::new();
    let mut visitor = known(&site);
    let old = visitor.clone();
    let id = visitor.arrive(&site).session.id().unwrap();
    visitor.visit(&site, |session| {
        session.invalidate().unwrap();
        assert!(session.is_new().unwrap() && session.is_empty().unwrap());
        session.insert("invalidated", &true).unwrap();
    });
    let seen = visitor.arrive(&site);
    let session = &seen.session;
    assert_eq!(session.keys().unwrap(), ["invalidated"]);
    assert_ne!(session.id().unwrap(), id);
    assert!(old.arrive(&site).session.was_invalidated().unwrap());
    assert_eq!(site.alive(), 1);
}

#[test]
fn delete_keeps_the_session_and_drops_what_is_in_it() {
    let site = Site::new();
    let mut visitor = known(&site);
    visitor.visit(&site, |session| session.set_user("alice").unwrap());
    let (old, id) = (visitor.clone(), visitor.arrive(&site).session.id().unwrap());
    visitor.visit(&site, |session| {
        session.delete().unwrap();
        session.insert("deleted", &true).unwrap();
    });
    let seen = visitor.arrive(&site);
    let session = &seen.session;
    assert_eq!(session.keys().unwrap(), ["deleted"]);
    assert_eq!((session.user().unwrap(), session.id().unwrap()), (None, id));
    assert!(old.arrive(&site).session.is_new().unwrap(), "there was a user, so the token was renewed");
}

#[test]
fn a_failed_request_stores_and_grants_nothing_but_revokes() {
    let site = Site::new();
    let mut visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.insert("kept", &2).unwrap();
    request.session.set_user("alice").unwrap();
    assert_eq!(set_cookie(&request.answer(Outcome::Discard)), None);
    let seen = visitor.arrive(&site);
    let session = &seen.session;
    assert_eq!((session.user().unwrap(), session.get::<u32>("kept").unwrap()), (None, Some(1)));

    let request = visitor.arrive(&site);
    request.session.invalidate().unwrap();
    request.session.insert("new", &1).unwrap();
    let reply = request.answer(Outcome::Discard);
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=0"));
    visitor.take(&reply);
    assert_eq!(site.alive(), 0);
}

#[test]
fn what_was_saved_stays_though_the_request_fails() {
    let site = Site::new();
    let mut visitor = Visitor::default();
    let request = visitor.arrive(&site);
    request.session.insert("saved", &1).unwrap();
    block_on(request.session.save()).unwrap();
    request.session.insert("unsaved", &1).unwrap();
    visitor.take(&request.answer(Outcome::Discard));
    assert_eq!(visitor.arrive(&site).session.keys().unwrap(), ["saved"]);
}

#[test]
fn an_exchange_dropped_unfinished_stores_nothing_but_a_logout_holds() {
    let site = Site::new();
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.insert("kept", &2).unwrap();
    let session = request.session.clone();
    drop(request);
    assert!(matches!(session.insert("late", &1), Err(Error::TooLate)), "a handle may outlive its request");
    assert!(matches!(block_on(session.save()), Err(Error::TooLate)));
    assert_eq!(value(&site, &visitor, "kept"), Some(1));
    let request = visitor.arrive(&site);
    request.session.invalidate().unwrap();
    drop(request);
    assert_eq!(site.alive(), 0);
}

#[test]
fn before_loading_and_after_the_response_every_use_is_an_error() {
    let site = Site::new();
    let exchange = site.sessions.open(&http::Request::new(()));
    let session = exchange.session();
    assert!(matches!(session.get::<u32>("n"), Err(Error::NotLoaded)));
    assert!(matches!(session.insert("n", &1), Err(Error::NotLoaded)));
    block_on(session.load()).unwrap();
    session.insert("n", &1).unwrap();
    block_on(exchange.finish(Outcome::Keep)).unwrap();
    assert!(matches!(session.insert("n", &2), Err(Error::TooLate)));
    assert!(matches!(block_on(session.save()), Err(Error::TooLate)));
    assert!(matches!(block_on(session.load()), Err(Error::TooLate)));
}

#[test]
fn the_first_living_session_is_used_and_a_second_is_told() {
    let site = Site::new();
    let (first, second) = (known(&site), known(&site));
    let id = first.arrive(&site).session.id().unwrap();
    let (one, two) = (first.cookie.unwrap(), second.cookie.unwrap());
    let dead = format!("__Host-webstack_session={}", webstack_core::Token::generate().unwrap().expose());
    let both = Visitor { cookie: Some(format!("{dead}; {one}; {two}")) };
    assert_eq!(both.arrive(&site).session.id().unwrap(), id);
    assert_eq!(site.heard(|event| matches!(event, Event::SecondSession(_))), 1);
}

#[test]
fn an_emptied_session_does_not_hide_a_living_one() {
    let site = Site::new();
    let (empty, living) = (known(&site), known(&site));
    empty.clone().visit(&site, |session| session.clear().unwrap());
    let id = living.arrive(&site).session.id().unwrap();
    let (empty, living) = (empty.cookie.unwrap(), living.cookie.unwrap());
    for header in [format!("{empty}; {living}"), format!("{living}; {empty}")] {
        let both = Visitor { cookie: Some(header) };
        assert_eq!(both.arrive(&site).session.id().unwrap(), id);
    }
    assert_eq!(site.heard(|event| matches!(event, Event::SecondSession(_))), 0, "an emptied session is none");
}
