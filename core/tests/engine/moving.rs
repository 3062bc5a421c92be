//! Another store, by a setting, while visitors go on; and a cache.
#![cfg(unix)]

use std::path::Path;
use std::time::Duration;

use webstack_core::{Outcome, Session, Sessions, TokenNotice, runtime::block_on};

fn sessions(place: &Path, store: &str, move_from: Option<&str>) -> Sessions {
    let url = |name: &str| format!("file:{}", place.join(name).display());
    let builder = Sessions::builder().store_url(url(store));
    let builder = match move_from {
        Some(old) => builder.move_from_url(url(old)),
        None => builder,
    };
    builder.build().expect("two directories")
}

/// A request that carries this token; the token that follows it.
fn request(sessions: &Sessions, token: Option<&str>, handle: impl FnOnce(&Session)) -> Option<String> {
    block_on(async {
        let exchange = sessions.open_by_token(token);
        let session = exchange.session();
        session.load().await.expect("it can be loaded");
        handle(&session);
        let reply = exchange.finish(Outcome::Keep).await.expect("it can be stored");
        match reply.notice() {
            Some(TokenNotice::Issued(token)) => Some(token.expose().to_owned()),
            Some(TokenNotice::Ended) => None,
            None => token.map(str::to_owned),
        }
    })
}

#[test]
fn a_visitor_goes_on_in_the_new_store_and_what_nobody_asks_for_is_moved() {
    let place = tempfile::tempdir().expect("a directory");
    let before = sessions(place.path(), "old", None);
    let ann = request(&before, None, |session| session.set_user("ann").expect("open"));
    for number in 0..30 {
        request(&before, None, |session| session.insert("number", &number).expect("open"));
    }

    let both = sessions(place.path(), "new", Some("old"));
    assert!(both.place().contains("new (moving from ") && both.place().contains("old"), "{}", both.place());
    let ann = request(&both, ann.as_deref(), |session| {
        assert_eq!(session.user().expect("open").as_deref(), Some("ann"));
        session.insert("cart", &["tea"]).expect("open");
    });
    let mut moved = 0;
    let mut after = None;
    loop {
        let step =
            block_on(both.move_some(after.as_ref(), 7)).expect("it can be moved").expect("there is an old store");
        moved += step.moved;
        after = step.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(moved, 30, "all but hers, which had moved");

    let after = sessions(place.path(), "new", None);
    request(&after, ann.as_deref(), |session| {
        assert_eq!(session.user().expect("open").as_deref(), Some("ann"));
        assert_eq!(session.get::<Vec<String>>("cart").expect("open"), Some(vec!["tea".to_owned()]));
    });
    let count = |sessions: &Sessions| {
        block_on(async {
            let (mut listing, mut count) = (sessions.list(), 0);
            while listing.next().await.expect("it can be listed").is_some() {
                count += 1;
            }
            count
        })
    };
    assert_eq!((count(&after), count(&before)), (31, 0));
    assert_eq!(block_on(after.move_some(None, 7)).expect("nothing is asked"), None);
}

#[test]
fn a_logout_while_sessions_move_ends_the_session_in_both_stores() {
    let place = tempfile::tempdir().expect("a directory");
    let before = sessions(place.path(), "old", None);
    let token = request(&before, None, |session| session.set_user("ann").expect("open"));
    let both = sessions(place.path(), "new", Some("old"));
    assert_eq!(request(&both, token.as_deref(), |session| session.invalidate().expect("open")), None);
    for sessions in [&before, &both, &sessions(place.path(), "new", None)] {
        request(sessions, token.as_deref(), |session| assert_eq!(session.user().expect("open"), None));
    }
}

#[test]
fn a_limit_counts_the_sessions_of_both_stores() {
    let place = tempfile::tempdir().expect("a directory");
    let before = sessions(place.path(), "old", None);
    for _ in 0..3 {
        request(&before, None, |session| session.set_user("ann").expect("open"));
    }
    let url = |name: &str| format!("file:{}", place.path().join(name).display());
    let builder = Sessions::builder().store_url(url("new")).move_from_url(url("old"));
    let limit = webstack_core::UserSessionLimit::Evict(3);
    let both = builder.user_session_limit(limit).build().expect("two directories");
    request(&both, None, |session| session.set_user("ann").expect("open"));
    assert_eq!(block_on(both.user_sessions("ann")).expect("a listing").len(), 3);
}

#[test]
fn with_a_cache_another_process_is_seen_late_and_overwritten_never() {
    let place = tempfile::tempdir().expect("a directory");
    let url = format!("file:{}", place.path().join("sessions").display());
    // Longer than any test takes: what is seen late is seen late for sure.
    let cached =
        Sessions::builder().store_url(&url).cache(Some(Duration::from_secs(3600))).build().expect("a directory");
    let other = Sessions::builder().store_url(&url).build().expect("the same directory");
    let count = |session: &Session| {
        session.update("n", |n: Option<u32>| n.unwrap_or(0) + 1).expect("open");
    };
    let token = request(&cached, None, count);
    request(&other, token.as_deref(), count);
    request(&cached, token.as_deref(), |session| assert_eq!(session.get("n").expect("open"), Some(1)));
    request(&cached, token.as_deref(), count);
    for sessions in [&cached, &other] {
        request(sessions, token.as_deref(), |session| assert_eq!(session.get("n").expect("open"), Some(3)));
    }
    assert_eq!(request(&cached, token.as_deref(), |session| session.invalidate().expect("open")), None);
    request(&cached, token.as_deref(), |session| assert_eq!(session.get::<u32>("n").expect("open"), None));
}
