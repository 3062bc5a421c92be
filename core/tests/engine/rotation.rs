//! Tokens that make way for others by themselves.

use std::time::Duration;

use webstack_core::runtime::block_on;
use webstack_core::{Clock as _, CookieLifetime, Event, Outcome, Session};
use webstack_testkit::Operation;

use crate::visitor::{Site, Visitor, header, known, set_cookie, value};

const MINUTE: Duration = Duration::from_secs(60);

const EVERY: Duration = Duration::from_secs(600);

fn site() -> Site {
    Site::with(|builder| builder.renew_every(Some(EVERY)))
}

/// The token that a response hands out.
fn handed(reply: &webstack_core::ReplyHeaders) -> Option<String> {
    set_cookie(reply).map(|cookie| cookie.split(';').next().unwrap().to_owned())
}

fn look(_: &Session) {}

fn alive(site: &Site, cookie: &str) -> bool {
    !Visitor { cookie: Some(cookie.to_owned()) }.arrive(site).session.is_new().unwrap()
}

#[test]
fn a_token_makes_way_for_another_after_its_time_and_not_before() {
    let site = site();
    let mut visitor = known(&site);
    let first = visitor.cookie.clone().unwrap();
    site.clock.advance(EVERY - Duration::from_secs(1));
    assert_eq!(handed(&visitor.visit(&site, look)), None);
    site.clock.advance(Duration::from_secs(1));
    let second = handed(&visitor.visit(&site, look)).expect("the next token");
    assert_ne!(first, second);
    assert_eq!(first[..45], second[..45], "the same session");
    assert_eq!(handed(&visitor.visit(&site, look)), None, "it has it now");
    site.clock.advance(EVERY - Duration::from_secs(1));
    assert_eq!(handed(&visitor.visit(&site, look)), None, "its time counts from when it came");
    site.clock.advance(Duration::from_secs(1));
    let third = handed(&visitor.visit(&site, |session| session.insert("n", &1).unwrap())).expect("and another one");
    visitor.visit(&site, look);
    assert!(![first, second].contains(&third));
    assert_eq!(value(&site, &visitor, "kept"), Some(1));
}

#[test]
fn parallel_requests_hand_out_the_same_token_and_none_of_them_is_lost() {
    let site = site();
    let visitor = known(&site);
    site.clock.advance(EVERY);
    let requests: Vec<_> = (0..4).map(|_| visitor.arrive(&site)).collect();
    let mut tokens = Vec::new();
    for (number, request) in requests.into_iter().enumerate() {
        if number % 2 == 0 {
            request.session.insert(&format!("k{number}"), &1).unwrap();
        }
        tokens.extend(handed(&request.answer(Outcome::Keep)));
    }
    let late = visitor.arrive(&site).answer(Outcome::Keep);
    tokens.extend(handed(&late));
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    assert_eq!([value(&site, &visitor, "k0"), value(&site, &visitor, "k2")], [Some(1), Some(1)]);
}

#[test]
fn an_answer_that_was_lost_is_given_again() {
    let site = site();
    let mut visitor = known(&site);
    let first = visitor.clone();
    site.clock.advance(EVERY);
    let lost = handed(&first.arrive(&site).answer(Outcome::Keep)).unwrap();
    site.clock.advance(20 * MINUTE);
    assert_eq!(handed(&visitor.visit(&site, look)), Some(lost), "however long it takes");
    assert_eq!(site.counts.of(Operation::Update), 1, "nothing is written for it");
}

#[test]
fn the_old_token_is_honoured_a_minute_longer_than_the_next_has_been_presented() {
    let site = site();
    let mut visitor = known(&site);
    let old = visitor.cookie.clone().unwrap();
    site.clock.advance(EVERY);
    visitor.visit(&site, look);
    assert!(alive(&site, &old), "the next one was not presented yet");
    visitor.visit(&site, look);
    site.clock.advance(MINUTE - Duration::from_secs(1));
    let mut slow = Visitor { cookie: Some(old.clone()) };
    let reply = slow.visit(&site, |session| session.insert("slow", &1).unwrap());
    assert_eq!(handed(&reply), visitor.cookie, "and it is told of the next");
    assert_eq!(value(&site, &visitor, "slow"), Some(1));
    assert_eq!(site.heard(|event| matches!(event, Event::OutdatedToken(_))), 0);
    site.clock.advance(Duration::from_secs(1));
    assert!(!alive(&site, &old));
    assert_eq!(site.heard(|event| matches!(event, Event::OutdatedToken(_))), 1, "somebody kept it");
    assert!(alive(&site, &visitor.cookie.unwrap()));
}

#[test]
fn requests_in_flight_over_a_change_of_tokens_are_stored() {
    let site = site();
    let mut visitor = known(&site);
    let slow = visitor.arrive(&site);
    site.clock.advance(EVERY);
    visitor.visit(&site, look);
    visitor.visit(&site, look);
    slow.session.insert("slow", &1).unwrap();
    slow.answer(Outcome::Keep);
    assert_eq!(value(&site, &visitor, "slow"), Some(1));
}

#[test]
fn a_login_leaves_no_token_behind() {
    let site = site();
    let mut visitor = known(&site);
    let first = visitor.cookie.clone().unwrap();
    site.clock.advance(EVERY);
    visitor.visit(&site, look);
    let second = visitor.cookie.clone().unwrap();
    visitor.visit(&site, |session| session.set_user("ann").unwrap());
    assert!(!alive(&site, &first) && !alive(&site, &second), "neither has a grace");
    site.clock.advance(EVERY - Duration::from_secs(1));
    assert_eq!(handed(&visitor.visit(&site, look)), None, "the time begins anew");
}

#[test]
fn a_response_that_fails_changes_no_token() {
    let site = site();
    let visitor = known(&site);
    site.clock.advance(EVERY);
    assert_eq!(handed(&visitor.arrive(&site).answer(Outcome::Discard)), None);
    assert_eq!(site.counts.of(Operation::Update), 0);
}

#[test]
fn a_persistent_cookie_is_renewed_with_its_token() {
    let day = 24 * 60 * MINUTE;
    let lasting = CookieLifetime::For(day);
    let site = Site::with(|builder| builder.renew_every(Some(EVERY)).cookie_lifetime(lasting).idle_timeout(None));
    let mut visitor = known(&site);
    site.clock.advance(EVERY);
    let reply = visitor.visit(&site, look);
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=86400"));
}

#[test]
fn tokens_stay_what_they_are_unless_it_is_asked_for() {
    let site = Site::new();
    let mut visitor = known(&site);
    for _ in 0..20 {
        site.clock.advance(29 * MINUTE);
        assert_eq!(handed(&visitor.visit(&site, look)), None);
    }
}

#[test]
fn the_next_token_is_not_handed_out_over_that_of_a_login() {
    let site = site();
    let mut visitor = known(&site);
    site.clock.advance(EVERY);
    visitor.clone().visit(&site, look);
    let slow = visitor.arrive(&site);
    visitor.visit(&site, |session| session.set_user("ann").unwrap());
    assert_eq!(handed(&slow.answer(Outcome::Keep)), None);
    assert!(alive(&site, &visitor.cookie.unwrap()));
}

#[test]
fn a_slow_request_never_hands_out_a_token_whose_time_is_over() {
    let lasting = CookieLifetime::For(30 * MINUTE);
    let with = |builder: webstack_core::Builder| builder.renew_every(Some(EVERY)).cookie_lifetime(lasting);
    for changes in [true, false] {
        let site = Site::with(with);
        let mut visitor = known(&site);
        site.clock.advance(EVERY);
        let old = visitor.clone();
        visitor.visit(&site, look);
        visitor.visit(&site, look);
        let slow = old.arrive(&site);
        if changes {
            slow.session.remember(60 * MINUTE).unwrap();
        }
        site.clock.advance(20 * MINUTE);
        assert_eq!(handed(&slow.answer(Outcome::Keep)), None, "it would open for nobody");
        assert!(alive(&site, visitor.cookie.as_ref().unwrap()));
        if changes {
            let reply = visitor.visit(&site, look);
            assert!(set_cookie(&reply).unwrap().contains("Max-Age=3600"), "whoever has the token is told");
        }
    }
}

#[test]
fn signing_a_token_again_does_not_bring_back_the_one_before() {
    let key = |text: &str| webstack_core::SigningKey::new(text.repeat(32)).unwrap();
    let store = std::sync::Arc::new(webstack_core::store::MemoryStore::new());
    let before = Site::with(|builder| builder.shared_store(store.clone()).signing_keys([key("a")]));
    let mut visitor = known(&before);
    let second = Duration::from_millis(100);
    let site =
        Site::with(|builder| builder.shared_store(store).signing_keys([key("b"), key("a")]).renew_every(Some(second)));
    site.clock.set(before.clock.now());
    let slow = visitor.arrive(&site);
    site.clock.advance(second);
    visitor.visit(&site, look);
    visitor.visit(&site, look);
    assert_eq!(handed(&slow.answer(Outcome::Keep)), None, "the browser has the next one");
}

#[test]
fn a_minute_is_a_minute_however_often_tokens_make_way() {
    let every = Duration::from_secs(5);
    let site = Site::with(|builder| builder.renew_every(Some(every)));
    let mut visitor = known(&site);
    let old = visitor.cookie.clone().unwrap();
    site.clock.advance(every);
    visitor.visit(&site, look);
    for _ in 0..10 {
        site.clock.advance(every);
        visitor.visit(&site, look);
        visitor.visit(&site, look);
    }
    assert!(alive(&site, &old), "it was presented fifty seconds ago");
    site.clock.advance(2 * MINUTE);
    assert!(handed(&visitor.visit(&site, look)).is_some(), "then the next one comes");
}

#[test]
fn links_carry_the_next_token_as_soon_as_there_is_one() {
    let keys = [webstack_core::SigningKey::new("k".repeat(32)).unwrap()];
    let carriers = [webstack_core::Carrier::Query];
    let site = Site::with(|builder| builder.carriers(carriers).signing_keys(keys).renew_every(Some(EVERY)));
    let ask = |token: &str, handle: &dyn Fn(&Session)| {
        let head = http::Request::post(format!("/?webstack_session={token}")).body(()).unwrap();
        let exchange = site.sessions.open(&head);
        let session = exchange.session();
        block_on(session.load()).unwrap();
        handle(&session);
        header(&block_on(exchange.finish(Outcome::Keep)).unwrap(), "x-session-token")
    };
    let first = ask("", &|session| session.insert("n", &1).unwrap()).expect("a token");
    site.clock.advance(EVERY);
    let next = ask(&first, &look).expect("the next token");
    assert_ne!(first, next);
    ask(&first, &|session| assert!(session.link("/cart").unwrap().ends_with(&next)));
    ask(&next, &|session| assert!(session.link("/cart").unwrap().ends_with(&next)));
}
