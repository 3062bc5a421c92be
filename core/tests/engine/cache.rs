//! A cache in front of the store, over two processes.

use std::sync::Arc;
use std::time::Duration;

use webstack_core::runtime::block_on;
use webstack_core::store::MemoryStore;
use webstack_core::{Builder, Event};

use crate::visitor::{Site, known, value};

/// Two processes with a store in common, each with a cache; nothing runs out during a test.
fn two(configure: fn(Builder) -> Builder) -> [Site; 2] {
    let store = Arc::new(MemoryStore::new());
    let hour = Some(Duration::from_secs(3600));
    let site = || Site::with(|builder| configure(builder.shared_store(store.clone()).cache(hour)));
    let [one, other] = [site(), site()];
    other.clock.set(webstack_core::Clock::now(&one.clock));
    [one, other]
}

#[test]
fn a_login_is_no_stranger_to_the_process_that_keeps_what_was_before() {
    let [one, other] = two(|builder| builder);
    let mut visitor = known(&one);
    assert_eq!(value(&other, &visitor, "kept"), Some(1));
    visitor.visit(&one, |session| session.set_user("ann").unwrap());
    visitor.visit(&other, |session| {
        assert_eq!(session.user().unwrap().as_deref(), Some("ann"));
        session.insert("n", &1).unwrap();
    });
    let request = visitor.arrive(&one);
    let session = &request.session;
    assert_eq!(session.get::<u32>("n").unwrap(), None, "what was kept");
    block_on(session.reload()).unwrap();
    assert_eq!(session.get("n").unwrap(), Some(1), "it is the same session, and whoever looks again sees it");
    assert_eq!(other.heard(|event| matches!(event, Event::WrongSecret(_))), 0);
}

#[test]
fn the_next_token_is_no_stranger_either() {
    let every = Duration::from_secs(600);
    let [one, other] = two(|builder| builder.renew_every(Some(Duration::from_secs(600))));
    let mut visitor = known(&one);
    assert_eq!(value(&other, &visitor, "kept"), Some(1));
    one.clock.advance(every);
    other.clock.advance(every);
    let old = visitor.cookie.clone();
    visitor.visit(&one, |_| ());
    assert_ne!(visitor.cookie, old);
    assert_eq!(value(&other, &visitor, "kept"), Some(1));
}
