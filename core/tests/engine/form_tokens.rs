//! Tokens in forms.

use std::thread;
use std::time::Duration;

use webstack_core::form_token::Form;
use webstack_core::store::Entry;
use webstack_core::{Error, Outcome, Session, runtime::block_on};
use webstack_testkit::{Fault, Operation};

use crate::visitor::{Request, Site, Visitor, known, set_cookie};

/// A page with a form: the token in it.
fn page(site: &Site, visitor: &mut Visitor, action: &str) -> String {
    let mut token = String::new();
    visitor.visit(site, |session| token = session.issue_form_token(action).unwrap());
    token
}

fn redeem(request: &Request, action: &str, token: &str) -> bool {
    block_on(request.session.redeem_form_token(action, token)).unwrap()
}

#[test]
fn a_token_is_good_once_for_its_form_in_its_session() {
    let site = Site::new();
    let (mut visitor, mut other) = (known(&site), known(&site));
    let token = page(&site, &mut visitor, "checkout");
    page(&site, &mut other, "checkout");
    assert!(!redeem(&other.arrive(&site), "checkout", &token), "another session");
    assert!(!redeem(&Visitor::default().arrive(&site), "checkout", &token), "no session");
    let request = visitor.arrive(&site);
    assert!(!redeem(&request, "transfer", &token), "another form");
    assert!(!redeem(&request, "", &token));
    assert!(redeem(&request, "checkout", &token), "the tries before did not spend it");
    assert!(!redeem(&request, "checkout", &token), "spent");
    assert!(!redeem(&visitor.arrive(&site), "checkout", &token), "for everybody");
}

#[test]
fn nonsense_is_no_token_and_asks_the_store_nothing() {
    let site = Site::new();
    let mut visitor = known(&site);
    let token = page(&site, &mut visitor, "f");
    let request = visitor.arrive(&site);
    let asked = || [Operation::Update, Operation::Load].map(|operation| site.counts.of(operation));
    let before = asked();
    let (long, padded, short) = (format!("{token}A"), format!("{token}="), &token[1..]);
    let zero = "A".repeat(43);
    for nonsense in ["", "é", &zero, &long, &padded, short, &token.to_uppercase(), &" ".repeat(43)] {
        assert!(!redeem(&request, "f", nonsense), "{nonsense:?}");
    }
    assert_eq!(asked(), before);
    assert!(redeem(&request, "f", &token));
}

#[test]
fn of_a_double_submit_one_is_told_true() {
    let site = Site::new();
    let mut visitor = known(&site);
    for _ in 0..20 {
        let token = page(&site, &mut visitor, "pay");
        // all have loaded the session with the token in it
        let requests: Vec<_> = (0..4).map(|_| visitor.arrive(&site)).collect();
        let redeemed = thread::scope(|scope| {
            let redeeming: Vec<_> =
                requests.iter().map(|request| scope.spawn(|| redeem(request, "pay", &token))).collect();
            redeeming.into_iter().filter_map(|handle| handle.join().unwrap().then_some(())).count()
        });
        assert_eq!(redeemed, 1);
    }
}

#[test]
fn two_handles_of_one_request_spend_a_token_once() {
    let site = Site::new();
    let mut visitor = known(&site);
    let token = page(&site, &mut visitor, "pay");
    let request = visitor.arrive(&site);
    assert_eq!([redeem(&request, "pay", &token), redeem(&request, "pay", &token)], [true, false]);
    let token = request.session.issue_form_token("pay").unwrap();
    assert!(redeem(&request, "pay", &token), "one that was not even stored");
}

#[test]
fn a_spent_token_stays_spent_though_the_request_fails() {
    let site = Site::new();
    let mut visitor = known(&site);
    let token = page(&site, &mut visitor, "pay");
    let request = visitor.arrive(&site);
    assert!(redeem(&request, "pay", &token));
    request.answer(Outcome::Discard);
    assert!(!redeem(&visitor.arrive(&site), "pay", &token));
}

#[test]
fn a_token_that_could_not_be_spent_is_not_spent_later() {
    let site = Site::new();
    let mut visitor = known(&site);
    let token = page(&site, &mut visitor, "pay");
    let request = visitor.arrive(&site);
    site.faults.fail_next(Operation::Update, Fault::Unavailable, 1);
    let answer = block_on(request.session.redeem_form_token("pay", &token));
    assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
    request.answer(Outcome::Keep);
    assert!(redeem(&visitor.arrive(&site), "pay", &token));
}

#[test]
fn a_change_of_user_voids_tokens_and_a_renewal_does_not() {
    type Act = (fn(&Session), bool);
    let site = Site::new();
    let acts: [Act; 4] = [
        (|session| session.renew().unwrap(), true),
        (|session| session.set_user("alice").unwrap(), false),
        (|session| session.clear_user().unwrap(), false),
        (|session| session.clear().unwrap(), false),
    ];
    for (number, (act, good)) in acts.into_iter().enumerate() {
        let mut visitor = known(&site);
        if number == 2 {
            visitor.visit(&site, |session| session.set_user("bob").unwrap());
        }
        let token = page(&site, &mut visitor, "pay");
        visitor.visit(&site, |session| {
            act(session);
            session.insert("n", &1).unwrap();
        });
        assert_eq!(redeem(&visitor.arrive(&site), "pay", &token), good, "{number}");
    }
}

#[test]
fn a_token_cannot_be_spent_over_a_login_or_a_logout() {
    let site = Site::new();
    let acts: [fn(&Session); 2] =
        [|session| session.set_user("alice").unwrap(), |session| session.invalidate().unwrap()];
    for act in acts {
        let mut visitor = known(&site);
        let token = page(&site, &mut visitor, "pay");
        let slow = visitor.arrive(&site);
        visitor.visit(&site, act);
        assert!(matches!(block_on(slow.session.redeem_form_token("pay", &token)), Err(Error::Gone)));
    }
}

#[test]
fn a_login_form_of_a_stranger_works() {
    let site = Site::new();
    let mut visitor = Visitor::default();
    let token = page(&site, &mut visitor, "login");
    assert!(visitor.cookie.is_some(), "the token began a session");
    let request = visitor.arrive(&site);
    assert!(redeem(&request, "login", &token));
    request.session.set_user("alice").unwrap();
    visitor.take(&request.answer(Outcome::Keep));
    assert_eq!(visitor.arrive(&site).session.user().unwrap().as_deref(), Some("alice"));
}

#[test]
fn a_session_with_its_last_token_spent_is_none() {
    let site = Site::new();
    let mut visitor = Visitor::default();
    let token = page(&site, &mut visitor, "f");
    let request = visitor.arrive(&site);
    assert!(redeem(&request, "f", &token));
    assert!(set_cookie(&request.answer(Outcome::Keep)).unwrap().contains("Max-Age=0"));
}

#[test]
fn the_oldest_of_more_than_32_tokens_is_dropped() {
    let site = Site::new();
    let mut visitor = known(&site);
    let tokens: Vec<_> = (0..33).map(|_| page(&site, &mut visitor, "f")).collect();
    let redeemed: Vec<_> = tokens.iter().map(|token| redeem(&visitor.arrive(&site), "f", token)).collect();
    assert_eq!(redeemed, [vec![false], vec![true; 32]].concat());
}

#[test]
fn pages_in_flight_lose_no_token() {
    let site = Site::new();
    let visitor = known(&site);
    let requests: Vec<_> = (0..32).map(|_| visitor.arrive(&site)).collect();
    let tokens: Vec<_> = requests.iter().map(|request| request.session.issue_form_token("f").unwrap()).collect();
    requests.into_iter().for_each(|request| drop(request.answer(Outcome::Keep)));
    assert!(tokens.iter().all(|token| redeem(&visitor.arrive(&site), "f", token)));
}

#[test]
fn a_token_that_is_too_old_is_refused() {
    const FORM: Form<'_> = Form::new("pay").with_max_age(Duration::from_secs(600));
    let site = Site::new();
    let mut visitor = known(&site);
    let (early, late) = (page(&site, &mut visitor, "pay"), page(&site, &mut visitor, "pay"));
    site.clock.advance(Duration::from_secs(600));
    assert!(block_on(visitor.arrive(&site).session.redeem_form_token(FORM, &early)).unwrap());
    site.clock.advance(Duration::from_millis(1));
    assert!(!block_on(visitor.arrive(&site).session.redeem_form_token(FORM, &late)).unwrap());
    assert!(redeem(&visitor.arrive(&site), "pay", &late), "this handler sets no limit");
}

#[test]
fn neither_token_nor_action_is_stored() {
    let site = Site::new();
    let mut visitor = known(&site);
    let token = page(&site, &mut visitor, "transfer-money");
    let stored = block_on(site.sessions.store().list(None, 1)).unwrap().remove(0).stored;
    let Entry { bytes, .. } = stored.entry;
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("form_tokens") && !text.contains(&*token) && !text.contains("transfer-money"), "{text}");
}
