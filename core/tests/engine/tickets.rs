//! Tokens in the query of URLs, and the tickets before them.

use std::time::Duration;

use webstack_core::{Carrier, Event, Outcome, runtime::block_on};

use crate::carriers::key;
use crate::client::ask;
use crate::visitor::{Site, header, of_user, set_cookie};

const HEADER: &str = "x-session-token";

fn site() -> Site {
    Site::with(|builder| builder.carriers([Carrier::Query]).signing_keys([key("a")]))
}

/// The URL that a stranger who asks for this one is sent to.
fn ticket(site: &Site, url: &str) -> String {
    ask(site, "GET", url).sent_to().expect("a stranger is sent away")
}

/// The URL of a visitor whose session holds `n`.
fn begun(site: &Site) -> String {
    let url = ticket(site, "/");
    ask(site, "POST", &url).handled(|session| session.insert("n", &1).unwrap());
    url
}

fn with(token: &str) -> String {
    format!("/?webstack_session={token}")
}

#[test]
fn a_stranger_is_sent_to_the_same_url_with_a_ticket_and_not_again() {
    let site = site();
    for method in ["GET", "HEAD"] {
        let url = ask(&site, method, "/a?b=2&webstack_session=stale&a=%201&xwebstack_session=x").sent_to().unwrap();
        let (rest, token) = url.rsplit_once("&webstack_session=").unwrap();
        assert_eq!((rest, token.len()), ("/a?b=2&a=%201&xwebstack_session=x", 117), "{url}");
        assert_eq!(ask(&site, method, &url).sent_to(), None, "no loop");
        let reply = ask(&site, method, &url).handled(|session| {
            assert!(session.is_new().unwrap() && !session.was_invalidated().unwrap());
        });
        assert_eq!(header(&reply, "cache-control").as_deref(), Some("no-store"));
        assert_eq!(header(&reply, "referrer-policy").as_deref(), Some("same-origin"));
        assert_eq!((header(&reply, "vary"), set_cookie(&reply), header(&reply, HEADER)), (None, None, None));
    }
    assert_eq!(site.alive(), 0, "nothing is stored");
    assert_eq!(site.heard(|event| matches!(event, Event::UnknownToken(_))), 0);
}

#[test]
fn what_is_put_in_is_stored_under_the_ticket_which_then_lasts_as_long_as_the_session() {
    let site = site();
    let url = begun(&site);
    site.clock.advance(Duration::from_secs(1_000));
    assert_eq!(ask(&site, "GET", &url).sent_to(), None);
    assert_eq!(ask(&site, "GET", &url).number("n"), Some(1));
}

#[test]
fn a_ticket_that_nobody_used_is_good_for_two_minutes() {
    let site = site();
    let url = ticket(&site, "/");
    site.clock.advance(Duration::from_secs(119));
    assert_eq!(ask(&site, "GET", &url).sent_to(), None);
    site.clock.advance(Duration::from_secs(1));
    assert_ne!(ask(&site, "GET", &url).sent_to().expect("another ticket"), url);
    let reply = ask(&site, "POST", &url).handled(|session| session.insert("n", &1).unwrap());
    assert!(!url.contains(&header(&reply, HEADER).unwrap()[..64]), "a token of its own");
}

#[test]
fn the_ticket_of_an_ended_session_is_never_taken_again() {
    let site = site();
    let url = begun(&site);
    let logout = ask(&site, "POST", &url).open();
    let late = ask(&site, "POST", &url).open();
    let twice = ask(&site, "POST", &url).open();
    for exchange in [&logout, &late, &twice] {
        block_on(exchange.session().load()).unwrap();
    }
    logout.session().invalidate().unwrap();
    let reply = block_on(logout.finish(Outcome::Keep)).unwrap();
    assert_eq!(header(&reply, HEADER).as_deref(), Some("ended"));
    late.session().insert("late", &1).unwrap();
    assert_eq!(header(&block_on(late.finish(Outcome::Keep)).unwrap(), HEADER), None);
    twice.session().invalidate().unwrap();
    assert_eq!(header(&block_on(twice.finish(Outcome::Keep)).unwrap(), HEADER), None, "it had ended");

    assert!(ask(&site, "GET", &url).sent_to().is_some());
    let reply = ask(&site, "POST", &url).handled(|session| {
        assert!(session.was_invalidated().unwrap());
        session.insert("m", &1).unwrap();
    });
    let token = header(&reply, HEADER).expect("a token of its own");
    assert!(!url.contains(&token[..22]), "and an id of its own");
    assert_eq!(ask(&site, "GET", &url).number("m"), None);
    assert_eq!(ask(&site, "GET", &with(&token)).number("m"), Some(1));
}

#[test]
fn a_logout_everywhere_ends_a_session_whose_ticket_is_still_good() {
    let site = site();
    let url = begun(&site);
    let reply = ask(&site, "POST", &url).handled(|session| session.set_user("ann").unwrap());
    let token = header(&reply, HEADER).unwrap();
    let reply = ask(&site, "POST", &with(&token)).handled(|session| {
        assert_eq!(block_on(session.end_all()).unwrap(), 1);
    });
    assert_eq!(header(&reply, HEADER).as_deref(), Some("ended"));
    assert!(of_user(&site, "ann").is_empty());
    assert!(ask(&site, "GET", &url).sent_to().is_some());
}

#[test]
fn an_expired_session_s_ticket_is_no_ticket_any_more() {
    for idle in [1, 30, 100] {
        let idle = Duration::from_secs(idle);
        let site =
            Site::with(|builder| builder.carriers([Carrier::Query]).signing_keys([key("a")]).idle_timeout(Some(idle)));
        let url = begun(&site);
        // at every moment, with the store purged
        for _ in 0..20 {
            site.clock.advance(idle / 2 + Duration::from_secs(6));
            let _ = block_on(site.sessions.purge());
            if ask(&site, "GET", &url).number("n").is_none() {
                ask(&site, "POST", &url).handled(|session| session.insert("m", &1).unwrap());
                assert_eq!(ask(&site, "GET", &url).number("m"), None, "{idle:?}");
            }
        }
    }
}

#[test]
fn two_requests_with_one_ticket_begin_one_session() {
    let site = site();
    let url = ticket(&site, "/");
    let both = [ask(&site, "POST", &url).open(), ask(&site, "POST", &url).open()];
    for (number, exchange) in both.iter().enumerate() {
        block_on(exchange.session().load()).unwrap();
        exchange.session().insert(&format!("k{number}"), &1).unwrap();
    }
    for exchange in both {
        block_on(exchange.finish(Outcome::Keep)).unwrap();
    }
    assert_eq!(site.alive(), 1);
    assert_eq!([ask(&site, "GET", &url).number("k0"), ask(&site, "GET", &url).number("k1")], [Some(1), Some(1)]);
}

#[test]
fn a_login_never_takes_over_a_ticket_that_somebody_else_may_know() {
    let site = site();
    let url = ticket(&site, "/");
    let planted = ask(&site, "POST", &url).open();
    block_on(planted.session().load()).unwrap();
    let reply = ask(&site, "POST", &url).handled(|session| session.set_user("ann").unwrap());
    let token = header(&reply, HEADER).unwrap();
    planted.session().insert("evil", &1).unwrap();
    block_on(planted.finish(Outcome::Keep)).unwrap();
    ask(&site, "GET", &with(&token)).handled(|session| {
        assert_eq!((session.user().unwrap().as_deref(), session.contains("evil").unwrap()), (Some("ann"), false));
    });
    ask(&site, "GET", &url).handled(|session| assert_eq!(session.user().unwrap(), None));
}

#[test]
fn a_post_without_a_token_is_handled_and_gets_one() {
    let site = site();
    let reply = ask(&site, "POST", "/").handled(|session| session.insert("n", &1).unwrap());
    let token = header(&reply, HEADER).unwrap();
    assert_eq!(token.len(), 108);
    assert_eq!(ask(&site, "GET", &with(&token)).number("n"), Some(1));
    assert_eq!(ask(&site, "GET", &with(&token)).sent_to(), None);
}

#[test]
fn a_cookie_is_not_looked_at_and_no_unsigned_token_is_taken() {
    let site = site();
    let url = begun(&site);
    let token = url.split('=').nth(1).unwrap();
    for name in ["webstack_session", "__Host-webstack_session"] {
        assert!(ask(&site, "GET", "/").with("cookie", &format!("{name}={token}")).sent_to().is_some());
    }
    assert!(ask(&site, "GET", &with(&token[..64])).sent_to().is_some());
    assert!(ask(&site, "GET", &with(&token.replace('.', "%2E"))).sent_to().is_some(), "no other spelling");
}

#[test]
fn links_carry_the_session_as_it_will_be() {
    let site = site();
    let url = begun(&site);
    let linked = |url: &str, act: &dyn Fn(&webstack_core::Session)| {
        let mut link = String::new();
        ask(&site, "POST", url).handled(|session| {
            act(session);
            link = session.link("/next?a=1#here").unwrap();
            assert_eq!(session.link("https://elsewhere.test/").unwrap(), "https://elsewhere.test/");
        });
        assert!(link.starts_with("/next?a=1&webstack_session=") && link.ends_with("#here"), "{link}");
        link.trim_end_matches("#here").to_owned()
    };
    assert_eq!(ask(&site, "GET", &linked(&url, &|_| ())).number("n"), Some(1));
    let renewed = linked(&url, &|session| session.renew().unwrap());
    assert_eq!(ask(&site, "GET", &renewed).number("n"), Some(1), "the link has the new token");
    assert_eq!(ask(&site, "GET", &url).number("n"), None);
    let signed_in = linked("/", &|session| session.set_user("ann").unwrap());
    ask(&site, "GET", &signed_in).handled(|session| assert_eq!(session.user().unwrap().as_deref(), Some("ann")));
    let fresh = linked("/", &|session| session.insert("n", &2).unwrap());
    assert_eq!(ask(&site, "GET", &fresh).number("n"), Some(2));
    let nothing = linked("/", &|_| ());
    assert_eq!(ask(&site, "GET", &nothing).sent_to(), None, "a link before there is a session holds a ticket");

    let by_cookie = Site::new();
    ask(&by_cookie, "GET", "/").handled(|session| assert_eq!(session.link("/a").unwrap(), "/a"));
}

#[test]
fn a_link_after_a_save_has_a_token_of_its_own() {
    let site = site();
    let url = begun(&site);
    let links = |session: &webstack_core::Session| {
        session.renew().unwrap();
        let link = session.link("/").unwrap();
        block_on(session.save()).unwrap();
        link
    };
    let (mut first, mut second) = (String::new(), String::new());
    ask(&site, "POST", &url).handled(|session| (first, second) = (links(session), links(session)));
    assert_ne!(first, second, "what a renewal was promised is spent with it");
    assert_eq!(ask(&site, "GET", &first).number("n"), None);
    assert_eq!(ask(&site, "GET", &second).number("n"), Some(1));
}

#[test]
fn a_ticket_is_good_in_urls_only() {
    let url = ticket(&site(), "/");
    let ticket = url.split('=').nth(1).unwrap();
    let by_cookie = Site::with(|builder| builder.signing_keys([key("a")]));
    let request = ask(&by_cookie, "POST", "/").with("cookie", &format!("__Host-webstack_session={ticket}"));
    let reply = request.handled(|session| session.insert("n", &1).unwrap());
    assert!(!set_cookie(&reply).unwrap().contains(&ticket[..22]), "an id of its own");
}

#[test]
fn timeouts_of_its_own_do_not_outlast_what_is_remembered_of_a_ticket() {
    let site = site();
    let url = begun(&site);
    let second = Duration::from_secs(1);
    let short = webstack_core::Timeouts { idle: Some(second), absolute: Some(second) };
    ask(&site, "POST", &url).handled(|session| session.set_timeouts(Some(short)).unwrap());
    for _ in 0..121 {
        site.clock.advance(second);
        let _ = block_on(site.sessions.purge());
        if ask(&site, "GET", &url).number("n").is_none() {
            ask(&site, "POST", &url).handled(|session| session.insert("m", &1).unwrap());
            assert_eq!(ask(&site, "GET", &url).number("m"), None);
        }
    }
    assert_eq!(ask(&site, "GET", &url).number("n"), None, "it has expired");
}

#[test]
fn a_ticket_can_be_locked_before_there_is_a_session() {
    let site = site();
    let url = ticket(&site, "/");
    let requests: Vec<_> = (0..3).map(|_| ask(&site, "POST", &url).open()).collect();
    for exchange in &requests {
        block_on(exchange.session().load()).unwrap();
    }
    std::thread::scope(|scope| {
        for exchange in requests {
            scope.spawn(move || {
                let session = exchange.session();
                let lock = block_on(session.lock()).unwrap();
                let n: u32 = session.get("n").unwrap().unwrap_or(0);
                session.insert("n", &(n + 1)).unwrap();
                block_on(lock.release()).unwrap();
                block_on(exchange.finish(Outcome::Keep)).unwrap();
            });
        }
    });
    assert_eq!(ask(&site, "GET", &url).number("n"), Some(3));
    assert_eq!(site.alive(), 1);
}

#[test]
fn a_ticket_is_not_taken_again_though_a_program_without_tickets_ended_its_session() {
    let store = std::sync::Arc::new(webstack_core::store::MemoryStore::new());
    let shared = || store.clone();
    let site = Site::with(|builder| {
        builder
            .shared_store(shared())
            .clock(std::sync::Arc::new(webstack_core::SystemClock))
            .carriers([Carrier::Query])
            .signing_keys([key("a")])
    });
    let url = begun(&site);
    let by_cookie = Site::with(|builder| builder.shared_store(shared()).signing_keys([key("a")]));
    let id = ask(&site, "GET", &url).id();
    assert!(block_on(by_cookie.sessions.remove(&id)).unwrap());
    assert!(ask(&site, "GET", &url).sent_to().is_some());
    assert_eq!(site.heard(|event| matches!(event, Event::WrongSecret(_))), 0, "it is no living session's");
}

#[test]
fn every_response_keeps_its_url_to_itself() {
    let site = site();
    let untouched = ask(&site, "POST", "/").open();
    let reply = block_on(untouched.finish(Outcome::Keep)).unwrap();
    assert_eq!(header(&reply, "cache-control").as_deref(), Some("no-store"));
    assert_eq!(header(&reply, "referrer-policy").as_deref(), Some("same-origin"));
}
