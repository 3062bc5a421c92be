//! What a server that refuses means, and what stands under our keys and is none of ours.

mod support;

use webstack_store::{
    Created, GRACE, PurgeStep, Removed, Reserved, Store as _, StoreError, Timestamp, Touched, Updated, Version,
};
use webstack_store_redis::RedisStore;
use webstack_test_servers::{Redis, RedisOptions, or_skip};

use support::{block_on, builder, entry, id, owner};

fn text() -> webstack_store::Entry {
    entry("text", None, None)
}

#[test]
fn a_password_opens_and_another_one_is_broken() {
    let options = RedisOptions::new().with_user("alice", "geheim");
    let Some(server) = or_skip(Redis::start_with(options)) else { return };
    let right = builder(&server.url()).build().expect("a store");
    assert!(matches!(block_on(right.create(&id(1), text())), Ok(Created::New(_))));
    for url in [server.url().replace("geheim", "verraten"), server.url().replace("alice:geheim@", "")] {
        let wrong = builder(&url).build().expect("a store");
        let Err(StoreError::Broken(cause)) = block_on(wrong.load(&id(1))) else { panic!("nobody is let in") };
        assert!(!format!("{cause:?} {cause} {:?}", cause.source()).contains("verraten"));
    }
}

#[test]
fn what_is_not_permitted_is_broken() {
    let Some(server) = or_skip(Redis::start()) else { return };
    server.ask(&["ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@read", "+hello", "+client"]).expect("an answer");
    let store = builder(&server.url().replace("redis://", "redis://reader:pw@")).build().expect("a store");
    assert!(matches!(block_on(store.load(&id(1))), Ok(None)));
    assert!(matches!(block_on(store.create(&id(1), text())), Err(StoreError::Broken(_))));
}

#[test]
fn a_full_server_is_unavailable_and_lets_sessions_end() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = builder(&server.url()).build().expect("a store");
    let owned = || entry("text", None, Some(owner("alice")));
    let Ok(Created::New(version)) = block_on(store.create(&id(1), owned())) else { panic!("new") };
    server.ask(&["CONFIG", "SET", "maxmemory", "1"]).expect("an answer");
    let expires = Some(Timestamp::from_millis(4_102_444_800_000));
    assert!(matches!(block_on(store.create(&id(2), text())), Err(StoreError::Unavailable(_))));
    assert!(matches!(block_on(store.create(&id(2), owned())), Err(StoreError::Unavailable(_))));
    assert!(matches!(block_on(store.update(&id(1), version, owned())), Err(StoreError::Unavailable(_))));
    assert!(matches!(block_on(store.reserve(&owner("bob"), &id(3), 9)), Err(StoreError::Unavailable(_))));
    assert!(matches!(block_on(store.load(&id(1))), Ok(Some(found)) if found.version == version));
    assert!(matches!(block_on(store.purge(PurgeStep::new(10))), Ok(purged) if purged.removed == 0));
    assert!(matches!(block_on(store.remove(&id(1))), Ok(Removed::Removed)));
    server.ask(&["CONFIG", "SET", "maxmemory", "0"]).expect("an answer");
    assert!(matches!(block_on(store.create(&id(2), entry("", expires, None))), Ok(Created::New(_))));
    assert_eq!(block_on(store.list(None, 9)).expect("an answer").len(), 1, "nothing was written by half");
}

#[test]
fn a_replica_is_unavailable_until_it_is_a_master() {
    let (Some(master), Some(replica)) = (or_skip(Redis::start()), or_skip(Redis::start())) else { return };
    replica.ask(&["REPLICAOF", "127.0.0.1", &master.port().to_string()]).expect("an answer");
    support::until("it is in step", || {
        replica.ask(&["INFO", "replication"]).is_ok_and(|info| info.contains("master_link_status:up"))
    });
    let store = builder(&replica.url()).build().expect("a store");
    assert!(matches!(block_on(store.create(&id(1), text())), Err(StoreError::Unavailable(_))));
    replica.ask(&["REPLICAOF", "NO", "ONE"]).expect("an answer");
    assert!(matches!(block_on(store.create(&id(1), text())), Ok(Created::New(_))));
}

#[test]
fn what_is_none_of_ours_is_corrupt_and_can_be_removed() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = RedisStore::builder(server.url()).namespace("shop").build().expect("a store");
    let alice = owner("alice");
    for (number, command) in [(1, vec!["SET", "text"]), (2, vec!["LPUSH", "text"]), (3, vec!["SET", "wst1 and more"])] {
        let session = id(number);
        let key = format!("{{shop:{}}}:{session}", &session.to_string()[..3]);
        // Of ours first, so that the index and the owner know it.
        assert!(matches!(block_on(store.create(&session, entry("", None, Some(alice)))), Ok(Created::New(_))));
        server.ask(&["DEL", &key]).expect("an answer");
        server.ask(&[command[0], &key, command[1]]).expect("an answer");

        assert!(matches!(block_on(store.load(&session)), Err(StoreError::Corrupt(_))), "{number}");
        assert!(matches!(block_on(store.create(&session, text())), Ok(Created::Exists)));
        let unseen = Version::new(1);
        assert!(matches!(block_on(store.update(&session, unseen, text())), Err(StoreError::Corrupt(_))));
        assert!(matches!(block_on(store.touch(&session, unseen, None)), Err(StoreError::Corrupt(_))));
        assert!(matches!(block_on(store.list(None, 9)), Ok(page) if page.is_empty()));
        assert!(matches!(block_on(store.owned_by(&alice, None, 9)), Ok(page) if page.is_empty()));
        assert!(matches!(block_on(store.remove(&session)), Ok(Removed::Removed)));
        assert!(matches!(block_on(store.load(&session)), Ok(None)));
        assert!(matches!(block_on(store.touch(&session, unseen, None)), Ok(Touched::Gone)));
    }
    assert!(matches!(block_on(store.update(&id(1), Version::new(1), text())), Ok(Updated::Gone)));
}

#[test]
fn foreign_indexes_are_broken_and_left_alone() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = RedisStore::builder(server.url()).namespace("shop").build().expect("a store");
    let session = id(1);
    let index = |session: &webstack_store::SessionId| format!("{{shop:{}}}:x", &session.to_string()[..3]);
    let Ok(Created::New(version)) = block_on(store.create(&id(2), text())) else { panic!("new") };
    server.ask(&["SET", &index(&id(2)), "text"]).expect("an answer");
    assert!(matches!(block_on(store.update(&id(2), version, entry("new", None, None))), Err(StoreError::Broken(_))));
    let found = block_on(store.load(&id(2))).expect("an answer").expect("the entry");
    assert_eq!((found.entry, found.version), (text(), version), "nothing was written by half");
    server.ask(&["SET", &index(&session), "text"]).expect("an answer");
    assert!(matches!(block_on(store.create(&session, text())), Err(StoreError::Broken(_))));
    assert!(matches!(block_on(store.load(&session)), Ok(None)), "nothing was written by half");
    server.ask(&["SET", &format!("{{shop:o:{}}}", owner("alice")), "text"]).expect("an answer");
    assert!(matches!(block_on(store.reserve(&owner("alice"), &session, 9)), Err(StoreError::Broken(_))));
    assert!(matches!(block_on(store.remove(&id(2))), Ok(Removed::Removed)), "a logout is unconditional");
    assert!(matches!(block_on(store.load(&id(2))), Ok(None)));
}

#[test]
fn what_is_no_marker_is_in_nobodys_way() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = RedisStore::builder(server.url()).namespace("shop").build().expect("a store");
    let alice = owner("alice");
    for (number, field, value) in [(2, "short", "x"), (3, "empty", "")] {
        server.ask(&["HSET", &format!("{{shop:o:{alice}}}"), field, value]).expect("an answer");
        assert!(matches!(block_on(store.reserve(&alice, &id(1), 9)), Ok(Reserved::Granted)), "{field}");
        server.ask(&["HSET", &format!("{{shop:o:{alice}}}"), field, value]).expect("an answer");
        let created = block_on(store.create(&id(number), entry("text", None, Some(alice))));
        assert!(matches!(created, Ok(Created::New(_))), "{field}: {created:?}");
    }
    assert_eq!(block_on(store.owned_by(&alice, None, 9)).expect("an answer").len(), 2);
}

/// Sessions that nobody purges, and places that nobody takes, are gone from the server in the end.
#[test]
fn nothing_is_kept_for_ever() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let clock = webstack_testkit::HeldClock::new();
    let store = RedisStore::builder(server.url()).namespace("shop").clock(std::sync::Arc::new(clock.clone()));
    let store = store.build().expect("a store");
    let soon = || Some(webstack_store::Clock::now(&clock) + GRACE);
    let (alice, session) = (owner("alice"), id(1));
    let left = |key: &str| server.ask(&["PTTL", key]).expect("an answer").trim().parse::<i64>().expect("a number");
    let place = format!("{{shop:o:{alice}}}");
    assert!(matches!(block_on(store.reserve(&alice, &session, 9)), Ok(Reserved::Granted)));
    assert!((3_600_000..4_000_000).contains(&left(&place)), "a place only: {}", left(&place));
    assert!(matches!(block_on(store.create(&session, entry("", soon(), Some(alice)))), Ok(Created::New(_))));
    let key = format!("{{shop:{}}}:{session}", &session.to_string()[..3]);
    assert!((3_600_000..4_000_000).contains(&left(&key)), "an hour longer than it is needed: {}", left(&key));
    assert!((24 * 3_600_000..26 * 3_600_000).contains(&left(&place)), "a day longer: {}", left(&place));

    // Redis lets it go before anybody purges it: the index has it still, and the next one created beside it takes it along.
    server.ask(&["DEL", &key]).expect("an answer");
    clock.advance(100 * GRACE);
    let index = format!("{{shop:{}}}:x", &session.to_string()[..3]);
    let mut neighbour = *session.as_bytes();
    neighbour[15] ^= 1;
    let neighbour = webstack_store::SessionId::from_bytes(neighbour);
    assert!(matches!(block_on(store.create(&neighbour, entry("", soon(), None))), Ok(Created::New(_))));
    assert_eq!(server.ask(&["ZCARD", &index]).expect("an answer").trim(), "1");
    // The marker goes with the next one that comes, when no session can need it any more.
    clock.advance(48 * 60 * GRACE);
    assert!(matches!(block_on(store.create(&id(2), entry("", soon(), Some(alice)))), Ok(Created::New(_))));
    assert_eq!(server.ask(&["HLEN", &place]).expect("an answer").trim(), "1");
}

#[test]
fn what_an_owner_has_outlives_every_session_however_often_it_is_touched() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let clock = webstack_testkit::HeldClock::new();
    let store = RedisStore::builder(server.url()).namespace("shop").clock(std::sync::Arc::new(clock.clone()));
    let store = store.build().expect("a store");
    let (alice, session) = (owner("alice"), id(1));
    let hour = 60 * GRACE;
    let in_an_hour = || Some(webstack_store::Clock::now(&clock) + hour);
    let Ok(Created::New(version)) = block_on(store.create(&session, entry("", in_an_hour(), Some(alice)))) else {
        panic!("new")
    };
    let markers = format!("{{shop:o:{alice}}}");
    let mut remarked = 0;
    for _ in 0..200 {
        clock.advance(hour / 2);
        let before = server.ask(&["HVALS", &markers]).expect("an answer");
        assert!(matches!(block_on(store.touch(&session, version, in_an_hour())), Ok(Touched::Extended)));
        remarked += u32::from(server.ask(&["HVALS", &markers]).expect("an answer") != before);
        // Another login comes by, and takes along what looks as if nobody needed it.
        assert!(matches!(block_on(store.create(&id(2), entry("", in_an_hour(), Some(alice)))), Ok(Created::New(_))));
        assert!(matches!(block_on(store.remove(&id(2))), Ok(Removed::Removed)));
        assert_eq!(block_on(store.owned_by(&alice, None, 9)).expect("an answer").len(), 1);
    }
    assert!((3..=5).contains(&remarked), "once a day, in a hundred hours: {remarked}");
}

/// A clock that leaps so far, each time it is asked, that every marker looks old when its entry comes.
#[derive(Debug, Default)]
struct Leaping(std::sync::atomic::AtomicU64);

impl webstack_store::Clock for Leaping {
    fn now(&self) -> Timestamp {
        let minutes = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Timestamp::from_millis(4_102_444_800_000 + 60_000 * minutes)
    }
}

/// Others could take the marker away before the entry is there, and the owner would miss a living session.
#[test]
fn no_entry_is_written_behind_a_marker_that_looks_old() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = builder(&server.url()).clock(std::sync::Arc::new(Leaping::default())).build().expect("a store");
    assert!(matches!(block_on(store.create(&id(1), entry("", None, Some(owner("alice"))))), Err(StoreError::Busy)));
    assert!(matches!(block_on(store.load(&id(1))), Ok(None)));
}
