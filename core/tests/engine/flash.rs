//! Messages that are shown once.

use webstack_core::flash::Level;
use webstack_core::{Error, Outcome, Session, runtime::block_on};

use crate::visitor::{Request, Site, Visitor, known, set_cookie};

fn say(session: &Session, text: &str) {
    session.flash(Level::Info, text).unwrap();
}

fn take(session: &Session) -> Vec<String> {
    session.flashes().unwrap().iter().map(|message| message.text().to_owned()).collect()
}

fn peek(request: &Request) -> Vec<String> {
    request.session.peek_flashes().unwrap().iter().map(|message| message.text().to_owned()).collect()
}

#[test]
fn a_message_is_shown_once_and_only_by_who_takes_it() {
    let site = Site::new();
    let mut visitor = known(&site);
    visitor.visit(&site, |session| {
        session.flash(Level::Error, "one").unwrap();
        session.flash_with(Level::Success, "two", &("undo", 7)).unwrap();
    });
    assert_eq!(peek(&visitor.arrive(&site)), ["one", "two"]);
    visitor.visit(&site, |session| {
        let messages = session.flashes().unwrap();
        assert_eq!((messages[0].level(), messages[0].text()), (Level::Error, "one"));
        assert_eq!(messages[0].data::<u32>().unwrap(), None);
        assert_eq!(messages[1].data::<(String, u32)>().unwrap().unwrap().1, 7);
        assert!(matches!(messages[1].data::<u32>(), Err(Error::Value(_))));
        assert!(session.flashes().unwrap().is_empty());
    });
    visitor.visit(&site, |session| assert!(session.flashes().unwrap().is_empty()));
}

#[test]
fn a_message_is_worth_a_session_but_is_no_value() {
    let site = Site::new();
    let mut visitor = Visitor::default();
    let reply = visitor.visit(&site, |session| say(session, "hello"));
    assert!(set_cookie(&reply).is_some());
    let request = visitor.arrive(&site);
    assert!(!request.session.is_new().unwrap());
    assert!(request.session.keys().unwrap().is_empty());
    assert_eq!(request.session.len().unwrap(), 0);
    let reply = visitor.visit(&site, |session| assert_eq!(take(session), ["hello"]));
    assert!(set_cookie(&reply).unwrap().contains("Max-Age=0"), "nothing is left");
}

#[test]
fn clear_and_delete_drop_messages() {
    let site = Site::new();
    for drop_all in [Session::clear, Session::delete] {
        let mut visitor = Visitor::default();
        visitor.visit(&site, |session| say(session, "hello"));
        let reply = visitor.visit(&site, |session| drop_all(session).unwrap());
        assert!(set_cookie(&reply).unwrap().contains("Max-Age=0"));
    }
}

#[test]
fn messages_of_requests_in_flight_are_all_kept() {
    let site = Site::new();
    let visitor = known(&site);
    let requests: Vec<_> = (0..50).map(|_| visitor.arrive(&site)).collect();
    requests.iter().enumerate().for_each(|(number, request)| say(&request.session, &number.to_string()));
    requests.into_iter().for_each(|request| drop(request.answer(Outcome::Keep)));
    let mut shown = peek(&visitor.arrive(&site));
    shown.sort_by_key(|text| text.parse::<u32>().unwrap());
    assert_eq!(shown, (0..50).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_message_that_comes_while_others_are_taken_stays() {
    let site = Site::new();
    let mut visitor = known(&site);
    visitor.visit(&site, |session| say(session, "same"));
    let (first, second) = (visitor.arrive(&site), visitor.arrive(&site));
    visitor.visit(&site, |session| say(session, "same"));
    for request in [first, second] {
        assert_eq!(take(&request.session), ["same"], "both show the one that they have seen");
        request.answer(Outcome::Keep);
    }
    assert_eq!(peek(&visitor.arrive(&site)), ["same"], "the one that nobody has shown");
}

#[test]
fn a_message_left_and_taken_in_one_request_takes_no_other_along() {
    let site = Site::new();
    let mut visitor = known(&site);
    let request = visitor.arrive(&site);
    visitor.visit(&site, |session| say(session, "other"));
    say(&request.session, "own");
    assert_eq!(take(&request.session), ["own"]);
    request.session.insert("n", &1).unwrap(); // something to store, over the other message
    request.answer(Outcome::Keep);
    assert_eq!(peek(&visitor.arrive(&site)), ["other"]);
}

#[test]
fn a_failed_request_has_shown_nothing() {
    let site = Site::new();
    let mut visitor = known(&site);
    visitor.visit(&site, |session| say(session, "hello"));
    let request = visitor.arrive(&site);
    assert_eq!(take(&request.session), ["hello"]);
    request.answer(Outcome::Discard);
    let request = visitor.arrive(&site);
    visitor.visit(&site, |session| session.set_user("alice").unwrap());
    assert_eq!(take(&request.session), ["hello"]);
    request.answer(Outcome::Keep);
    assert_eq!(peek(&visitor.arrive(&site)), ["hello"], "it had begun before the login, so it changed nothing");
}

#[test]
fn messages_put_back_are_shown_once_more_and_not_doubled() {
    let site = Site::new();
    let mut visitor = known(&site);
    visitor.visit(&site, |session| {
        say(session, "one");
        say(session, "two");
    });
    let request = visitor.arrive(&site);
    let messages = request.session.flashes().unwrap();
    block_on(request.session.save()).unwrap();
    visitor.visit(&site, |session| say(session, "three"));
    request.session.keep_flashes(messages.clone()).unwrap();
    request.session.keep_flashes(messages).unwrap();
    request.answer(Outcome::Keep);
    visitor.visit(&site, |session| assert_eq!(take(session), ["one", "two", "three"], "in their order"));
    assert!(peek(&visitor.arrive(&site)).is_empty());
    assert_eq!(set_cookie(&Visitor::default().visit(&site, |session| session.keep_flashes([]).unwrap())), None);
}

#[test]
fn messages_are_bounded_in_number_and_length() {
    let site = Site::new();
    let mut visitor = known(&site);
    for round in 0..10 {
        visitor.visit(&site, |session| (0..10).for_each(|number| say(session, &format!("{round}{number}"))));
    }
    let shown = peek(&visitor.arrive(&site));
    assert_eq!((shown.len(), &*shown[0], &*shown[63]), (64, "36", "99"));
    let request = visitor.arrive(&site);
    let long = "x".repeat(4_097);
    assert!(matches!(request.session.flash(Level::Info, &*long), Err(Error::FlashTooLong { limit: 4_096 })));
    assert!(matches!(request.session.flash_with(Level::Info, "", &long), Err(Error::FlashTooLong { .. })));
    assert_eq!(Error::FlashTooLong { limit: 4_096 }.refusal().status(), 413);
    request.session.flash(Level::Info, &long[1..]).unwrap();
}
