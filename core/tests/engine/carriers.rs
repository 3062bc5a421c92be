//! Tokens in headers and in lists of carriers, signed, and carried by the program itself.

use webstack_core::{
    Carrier, Event, Outcome, Sessions, SigningKey, Token, TokenNotice, runtime::block_on, store::MemoryStore,
};
use webstack_testkit::Operation;

use crate::client::ask;
use crate::visitor::{Site, Visitor, header, known, set_cookie, value};

const HEADER: &str = "x-session-token";

pub(crate) fn key(letter: &str) -> SigningKey {
    SigningKey::new(letter.repeat(32)).unwrap()
}

fn carried_by(carriers: &[Carrier]) -> Site {
    Site::with(|builder| builder.carriers(carriers.iter().copied()))
}

#[test]
fn a_token_travels_in_a_header_and_comes_back_in_it() {
    let site = carried_by(&[Carrier::Header]);
    let reply = ask(&site, "POST", "/").handled(|session| session.insert("n", &1).unwrap());
    let token = header(&reply, HEADER).unwrap();
    assert_eq!((set_cookie(&reply), header(&reply, "cache-control").as_deref()), (None, Some("no-store")));
    assert_eq!(header(&reply, "vary").as_deref(), Some(HEADER));
    assert_eq!(header(&reply, "access-control-expose-headers").as_deref(), Some(HEADER));

    assert_eq!(ask(&site, "GET", "/").with(HEADER, &token).number("n"), Some(1));
    let quiet = ask(&site, "GET", "/").with(HEADER, &token).handled(|session| session.insert("m", &1).unwrap());
    assert_eq!((header(&quiet, HEADER), header(&quiet, "access-control-expose-headers")), (None, None));
    let ended = ask(&site, "POST", "/").with(HEADER, &token).handled(|session| session.invalidate().unwrap());
    assert_eq!(header(&ended, HEADER).as_deref(), Some("ended"));
    assert_eq!(ask(&site, "GET", "/").with(HEADER, &token).number("n"), None);
}

#[test]
fn a_token_in_another_carrier_is_not_looked_at() {
    let (by_header, by_cookie) = (carried_by(&[Carrier::Header]), Site::new());
    let token = Token::generate().unwrap().expose();
    let cookie = format!("__Host-webstack_session={token}");
    for site in [&by_header, &by_cookie] {
        ask(site, "GET", &format!("/?webstack_session={token}")).handled(|_| ());
    }
    ask(&by_header, "GET", "/").with("cookie", &cookie).handled(|_| ());
    ask(&by_cookie, "GET", "/").with(HEADER, &token).handled(|_| ());
    assert_eq!((by_header.counts.total(), by_cookie.counts.total()), (0, 0));
}

#[test]
fn in_a_list_each_client_is_answered_the_way_it_asked_and_a_new_one_the_first_way() {
    for (carriers, first_is_cookie) in
        [([Carrier::Cookie, Carrier::Header], true), ([Carrier::Header, Carrier::Cookie], false)]
    {
        let site = carried_by(&carriers);
        let begun = ask(&site, "POST", "/").handled(|session| session.insert("n", &1).unwrap());
        assert_eq!(
            (set_cookie(&begun).is_some(), header(&begun, HEADER).is_some()),
            (first_is_cookie, !first_is_cookie)
        );
        assert_eq!(header(&begun, "vary").as_deref(), Some("Cookie, x-session-token"));
        let token = match set_cookie(&begun) {
            Some(cookie) => cookie.split([';', '=']).nth(1).unwrap().to_owned(),
            None => header(&begun, HEADER).unwrap(),
        };
        let by_header = ask(&site, "POST", "/").with(HEADER, &token).handled(|session| session.renew().unwrap());
        assert_eq!(set_cookie(&by_header), None);
        let token = header(&by_header, HEADER).unwrap();
        let by_cookie = ask(&site, "POST", "/").with("cookie", &format!("__Host-webstack_session={token}"));
        let ended = by_cookie.handled(|session| session.invalidate().unwrap());
        assert_eq!(header(&ended, HEADER), None);
        assert!(set_cookie(&ended).unwrap().contains("Max-Age=0"));
    }
}

#[test]
fn the_first_living_session_in_the_order_of_the_list_is_used() {
    let site = carried_by(&[Carrier::Cookie, Carrier::Header]);
    let begin = |n: u32| {
        let reply = ask(&site, "POST", "/").handled(|session| session.insert("n", &n).unwrap());
        set_cookie(&reply).unwrap().split(';').next().unwrap().to_owned()
    };
    let (one, two) = (begin(1), begin(2));
    let token = two.split('=').nth(1).unwrap().to_owned();
    assert_eq!(ask(&site, "GET", "/").with(HEADER, &token).with("cookie", &one).number("n"), Some(1));
    assert_eq!(site.heard(|event| matches!(event, Event::SecondSession(_))), 1);
    let dead = format!("__Host-webstack_session={}", Token::generate().unwrap().expose());
    assert_eq!(ask(&site, "GET", "/").with(HEADER, &token).with("cookie", &dead).number("n"), Some(2));
}

#[test]
fn with_keys_nothing_forged_reaches_the_store() {
    let site = Site::with(|builder| builder.signing_keys([key("a")]));
    let visitor = known(&site);
    let cookie = visitor.cookie.clone().unwrap();
    assert_eq!(cookie.len(), "__Host-webstack_session=".len() + 108);
    assert_eq!(value(&site, &visitor, "kept"), Some(1));

    let loads = site.counts.of(Operation::Load);
    let unsigned = format!("__Host-webstack_session={}", Token::generate().unwrap().expose());
    let without = cookie.rsplit_once('.').unwrap().0.to_owned();
    let foreign = known(&Site::with(|builder| builder.signing_keys([key("b")]))).cookie.unwrap();
    for forged in [unsigned, without, foreign] {
        let mut stranger = Visitor { cookie: Some(forged) };
        stranger.visit(&site, |session| assert!(!session.was_invalidated().unwrap() && session.is_new().unwrap()));
    }
    assert_eq!(site.counts.of(Operation::Load), loads);
    assert_eq!(site.heard(|event| matches!(event, Event::ForgedToken)), 1);
    assert_eq!(site.heard(|event| matches!(event, Event::MalformedToken)), 2);
}

#[test]
fn a_crowd_of_forged_tokens_does_not_hide_the_session() {
    let site = Site::with(|builder| builder.signing_keys([key("a")]));
    let cookie = known(&site).cookie.unwrap();
    let foreign = known(&Site::with(|builder| builder.signing_keys([key("b")]))).cookie.unwrap();
    let crowd = [vec![foreign; 20], vec![cookie]].concat().join("; ");
    assert_eq!(value(&site, &Visitor { cookie: Some(crowd) }, "kept"), Some(1));
}

#[test]
fn a_token_signed_by_an_older_key_is_signed_again_and_nobody_notices() {
    let store = std::sync::Arc::new(MemoryStore::new());
    let with = |keys: &[&str]| {
        let keys = keys.iter().map(|letter| key(letter));
        let sessions = Sessions::builder().shared_store(store.clone()).signing_keys(keys);
        let year = std::time::Duration::from_secs(1000);
        sessions.cookie_lifetime(webstack_core::CookieLifetime::For(year)).build().unwrap()
    };
    let visit = |sessions: &Sessions, cookie: &str, outcome| {
        let exchange = sessions.open(&http::Request::get("/").header("cookie", cookie).body(()).unwrap());
        let session = exchange.session();
        block_on(session.load()).unwrap();
        let found = !session.is_new().unwrap();
        if !found {
            session.insert("n", &1).unwrap();
        }
        (found, set_cookie(&block_on(exchange.finish(outcome)).unwrap()))
    };
    let pair = |set: Option<String>| set.unwrap().split(';').next().unwrap().to_owned();
    let old = pair(visit(&with(&["a"]), "", Outcome::Keep).1);

    let both = with(&["b", "a"]);
    assert_eq!(visit(&both, &old, Outcome::Discard), (true, None), "a response that fails hands nothing out");
    let (found, set) = visit(&both, &old, Outcome::Keep);
    assert!(found && set.as_deref().is_some_and(|set| set.contains("Max-Age=")), "{set:?}");
    let new = pair(set);
    assert_eq!(old.split('.').next(), new.split('.').next(), "the token itself is the same");
    assert_eq!(visit(&both, &new, Outcome::Keep), (true, None), "once is enough");
    assert_eq!(visit(&with(&["b"]), &new, Outcome::Keep), (true, None));
    assert!(!visit(&with(&["b"]), &old, Outcome::Discard).0, "the older key is gone");
}

#[test]
fn a_program_may_carry_the_token_itself() {
    let site = Site::with(|builder| builder.signing_keys([key("a")]));
    let visit = |token: Option<&str>, act: &dyn Fn(&webstack_core::Session)| {
        let exchange = site.sessions.open_by_token(token);
        block_on(exchange.session().load()).unwrap();
        act(&exchange.session());
        let reply = block_on(exchange.finish(Outcome::Keep)).unwrap();
        assert_eq!(reply.iter().count(), 0, "no headers");
        reply.notice().cloned()
    };
    assert_eq!(visit(None, &|_| ()), None);
    let Some(TokenNotice::Issued(token)) = visit(None, &|session| session.insert("n", &1).unwrap()) else { panic!() };
    assert!(!format!("{token:?}").contains(&token.expose()[..10]));
    assert_eq!(visit(Some(token.expose()), &|session| assert_eq!(session.get("n").unwrap(), Some(1))), None);
    let Some(TokenNotice::Issued(next)) = visit(Some(token.expose()), &|session| session.renew().unwrap()) else {
        panic!()
    };
    assert_ne!(next, token);
    visit(Some(token.expose()), &|session| assert!(session.is_new().unwrap(), "the old one is dead"));
    assert_eq!(visit(Some(next.expose()), &|session| session.invalidate().unwrap()), Some(TokenNotice::Ended));
    assert_eq!(visit(Some("nonsense"), &|session| assert!(session.is_new().unwrap())), None);
}

#[test]
fn a_token_signed_again_is_not_sent_over_that_of_a_login() {
    let store = std::sync::Arc::new(MemoryStore::new());
    let with = |keys: &[&str]| {
        let keys = keys.iter().map(|letter| key(letter));
        Sessions::builder().shared_store(store.clone()).signing_keys(keys).build().unwrap()
    };
    let arrive = |sessions: &Sessions, cookie: &str| {
        let exchange = sessions.open(&http::Request::get("/").header("cookie", cookie).body(()).unwrap());
        block_on(exchange.session().load()).unwrap();
        exchange
    };
    let both = with(&["b", "a"]);
    let acts: [fn(&webstack_core::Session); 2] = [|s| s.set_user("ann").unwrap(), |s| s.invalidate().unwrap()];
    for act in acts {
        let begun = arrive(&with(&["a"]), "");
        begun.session().insert("n", &1).unwrap();
        let set = set_cookie(&block_on(begun.finish(Outcome::Keep)).unwrap()).unwrap();
        let cookie = set.split(';').next().unwrap();
        let (slow, quick) = (arrive(&both, cookie), arrive(&both, cookie));
        act(&quick.session());
        assert!(set_cookie(&block_on(quick.finish(Outcome::Keep)).unwrap()).is_some());
        assert_eq!(set_cookie(&block_on(slow.finish(Outcome::Keep)).unwrap()), None);
    }
}

#[test]
fn what_is_no_token_does_not_use_up_the_texts_that_are_looked_at() {
    let site = Site::new();
    let cookie = known(&site).cookie.unwrap();
    let name = cookie.split('=').next().unwrap();
    for garbage in [format!("{name}=;{}", "a".repeat(63)), format!("{name}={};", "a".repeat(63))] {
        let mut head = http::Request::new(());
        for line in std::iter::repeat_n(&garbage, 40).chain([&cookie]) {
            head.headers_mut().append("cookie", line.parse().unwrap());
        }
        let exchange = site.sessions.open(&head);
        let session = exchange.session();
        block_on(session.load()).unwrap();
        assert_eq!(session.get("kept").unwrap(), Some(1), "{garbage}");
    }
}

#[test]
fn thirty_two_texts_are_looked_at_and_no_more() {
    let site = Site::new();
    let cookie = known(&site).cookie.unwrap();
    let name = cookie.split('=').next().unwrap();
    for (others, found) in [(31, Some(1)), (32, None)] {
        let line = format!("{name}={}; ", "!".repeat(64)).repeat(others) + &cookie;
        assert_eq!(value(&site, &Visitor { cookie: Some(line) }, "kept"), found);
    }
}

#[test]
fn every_line_of_cookies_is_read() {
    let site = Site::new();
    let cookie = known(&site).cookie.unwrap();
    let mut head = http::Request::new(());
    for line in ["x=1", &cookie] {
        head.headers_mut().append("cookie", line.parse().unwrap());
    }
    let exchange = site.sessions.open(&head);
    let session = exchange.session();
    block_on(session.load()).unwrap();
    assert_eq!(session.get("kept").unwrap(), Some(1));
}
