//! What is told of changes on one server, and what is not while the server is not there.

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use webstack_store::{Created, Entry, Removed, Store as _, Timestamp, Touched, Updated, Version};
use webstack_store_redis::RedisStore;
use webstack_test_servers::{Redis, or_skip};
use webstack_testkit::News;

use support::heard::{EVERY, Watching};
use support::{block_on, builder, entry, id, info, namespace, owner, until};

fn text() -> Entry {
    entry("text", None, None)
}

fn create(store: &RedisStore, number: u64, given: Entry) -> Version {
    match block_on(store.create(&id(number), given)) {
        Ok(Created::New(version)) => version,
        other => panic!("{other:?}"),
    }
}

/// The key of a session, as `redis-cli` takes it.
fn key(namespace: &str, number: u64) -> String {
    let id = id(number).to_string();
    format!("{{{namespace}:{}}}:{id}", &id[..3])
}

#[test]
fn it_tells_of_every_change_whoever_makes_it() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let name = namespace();
    let [listening, writing] = [(); 2].map(|()| builder(&server.url()).namespace(&name).build().expect("a store"));
    let watching = Watching::of(&listening);
    let heard = &watching.heard;
    heard.wait_for(News::Begun);
    let told_once = |what: &str, number: u64| {
        heard.catch_up();
        assert!(heard.count(News::Changed(id(number))) > 0, "{what}: {:?}", heard.events());
        heard.forget();
    };
    for store in [&writing, &listening] {
        let number = if std::ptr::eq(store, &writing) { 1 } else { 2 };
        let soon = Timestamp::from_millis(4_102_444_800_000);
        let version = create(store, number, entry("text", Some(soon), Some(owner("alice"))));
        told_once("create", number);
        let Ok(Updated::Applied(version)) = block_on(store.update(&id(number), version, entry("", Some(soon), None)))
        else {
            panic!("alone")
        };
        told_once("update", number);
        let touched = block_on(store.touch(&id(number), version, Some(soon + Duration::from_secs(1))));
        assert!(matches!(touched, Ok(Touched::Extended)));
        told_once("touch", number);
        assert!(matches!(block_on(store.remove(&id(number))), Ok(Removed::Removed)));
        told_once("remove", number);
    }
    create(&writing, 3, text());
    heard.catch_up();
    heard.forget();
    let ask = |words: &[&str]| server.ask(words).expect("an answer");
    ask(&["APPEND", &key(&name, 3), "x"]);
    told_once("another client", 3);
    ask(&["PEXPIRE", &key(&name, 3), "100"]);
    told_once("another client", 3);
    // Nobody asks for it: Redis finds it by itself.
    heard.wait_for(News::Changed(id(3)));
    assert_eq!(ask(&["EXISTS", &key(&name, 3)]).trim(), "0", "it was told when it was gone");
}

#[test]
fn it_tells_nothing_of_others_and_nothing_of_indexes() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let name = namespace();
    let store = |name: &str| builder(&server.url()).namespace(name).build().expect("a store");
    let [own, other, longer] = [store(&name), store(&namespace()), store(&format!("{name}:more"))];
    let watching = Watching::of(&own);
    watching.heard.wait_for(News::Begun);
    for (number, store) in [(1, &other), (2, &longer), (3, &own)] {
        let version = create(store, number, entry("text", None, Some(owner("alice"))));
        assert!(matches!(block_on(store.update(&id(number), version, text())), Ok(Updated::Applied(_))));
    }
    server.ask(&["SET", &key(&name, 4).to_uppercase(), "x"]).expect("an answer");
    server.ask(&["SET", &format!("{{{name}:000}}:{}", id(5)), "x"]).expect("an answer");
    watching.heard.catch_up();
    assert_eq!(watching.heard.events(), [News::Begun, News::Changed(id(3)), News::Changed(id(3))]);
}

#[test]
fn it_begins_when_the_server_tells_and_not_before() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let server = Arc::new(server);
    let tracked = Arc::new(Mutex::new(Vec::new()));
    let (noted, asked) = (Arc::clone(&tracked), Arc::clone(&server));
    let at_beginning = move || noted.lock().expect("nobody panicked").push(info(&asked, "tracking_clients"));
    let store = builder(&server.url()).build().expect("a store");
    let watching = Watching::of_and_at_beginning(&store, at_beginning);
    watching.heard.wait_for(News::Begun);
    assert_eq!(*tracked.lock().expect("nobody panicked"), [1]);
    until("there are signs of life", || watching.heard.moments().len() > 2);
    assert_eq!(watching.heard.news()[0], News::Begun);
}

#[test]
fn signs_of_life_come_and_come_after_what_they_stand_for() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = builder(&server.url()).build().expect("a store");
    let watching = Watching::of(&store);
    watching.heard.wait_for(News::Begun);
    let began = Instant::now();
    let mut answered = Vec::new();
    while began.elapsed() < 20 * EVERY {
        let number = answered.len() as u64;
        create(&store, number, text());
        answered.push((id(number), Instant::now()));
    }
    watching.heard.catch_up();
    let (news, moments) = (watching.heard.news(), watching.heard.moments());
    assert!(moments.len() > 3 && moments.is_sorted(), "{moments:?}");
    for (id, answered) in answered {
        let told = news.iter().position(|news| *news == News::Changed(id)).expect("it was told of");
        let complete = |news: &News| matches!(news, News::CompleteUntil(moment) if *moment >= answered);
        assert!(told < news.iter().position(complete).expect("a sign of life"));
    }
}

#[test]
fn a_server_that_does_not_answer_gives_no_sign_of_life() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = RedisStore::builder(server.url()).timeout(Duration::from_secs(1)).build().expect("a store");
    let watching = Watching::of(&store);
    let heard = &watching.heard;
    heard.wait_for(News::Begun);
    heard.catch_up();
    server.pause();
    let paused = Instant::now();
    heard.wait_for(News::Lost);
    assert!(paused.elapsed() < Duration::from_secs(20), "a bound of one second, on a machine under load");
    std::thread::sleep(10 * EVERY);
    assert!(heard.moments().iter().all(|moment| *moment <= paused), "nobody answered");
    assert_eq!(heard.events(), [News::Begun, News::Lost]);
    server.resume();
    until("it has begun again", || heard.count(News::Begun) == 2);
    heard.catch_up();
    create(&store, 1, text());
    heard.wait_for(News::Changed(id(1)));
}

#[test]
fn a_server_that_is_gone_is_lost_at_once_and_found_again() {
    let Some(server) = or_skip(Redis::start()) else { return };
    // So that nobody waits for an answer to notice it.
    let store = RedisStore::builder(server.url()).timeout(Duration::from_secs(3600)).build().expect("a store");
    let watching = Watching::of(&store);
    let heard = &watching.heard;
    for round in 1..=3 {
        until("it has begun", || heard.count(News::Begun) == round);
        heard.catch_up();
        server.kill();
        until("it is lost", || heard.count(News::Lost) == round);
        std::thread::sleep(3 * EVERY);
        assert_eq!(heard.count(News::Begun), round);
        server.restart().expect("a restart");
    }
    until("it has begun", || heard.count(News::Begun) == 4);
    create(&store, 1, text());
    heard.wait_for(News::Changed(id(1)));
}

#[test]
fn when_everything_is_removed_it_begins_anew() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = builder(&server.url()).build().expect("a store");
    let watching = Watching::of(&store);
    watching.heard.wait_for(News::Begun);
    let before = info(&server, "total_connections_received");
    for flush in [["FLUSHALL"], ["FLUSHDB"]] {
        watching.heard.forget();
        server.ask(&flush).expect("an answer");
        watching.heard.catch_up();
        assert_eq!(watching.heard.events(), [News::Lost, News::Begun]);
    }
    assert_eq!(info(&server, "total_connections_received"), before + 3, "the questions, and no other connection");
    create(&store, 1, text());
    watching.heard.wait_for(News::Changed(id(1)));
}

#[test]
fn a_master_that_becomes_a_replica_is_lost() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = builder(&server.url()).build().expect("a store");
    let watching = Watching::of(&store);
    watching.heard.wait_for(News::Begun);
    server.ask(&["REPLICAOF", "127.0.0.1", "1"]).expect("an answer");
    watching.heard.wait_for(News::Lost);
    std::thread::sleep(10 * EVERY);
    assert_eq!(watching.heard.count(News::Begun), 1);
    server.ask(&["REPLICAOF", "NO", "ONE"]).expect("an answer");
    until("it has begun again", || watching.heard.count(News::Begun) == 2);
}

#[test]
fn it_ends_when_nobody_listens_and_closes_its_connection() {
    let Some(server) = or_skip(Redis::start()) else { return };
    let store = builder(&server.url()).build().expect("a store");
    let watching = Watching::of(&store);
    watching.heard.wait_for(News::Begun);
    drop(watching.heard);
    until("it has ended", || watching.task.is_finished());
    block_on(watching.task).expect("no panic");
    until("the connection is closed", || info(&server, "connected_clients") == 1);

    let cancelled = Watching::of(&store);
    cancelled.heard.wait_for(News::Begun);
    cancelled.task.abort();
    cancelled.heard.wait_for(News::Lost);
    until("the connection is closed", || info(&server, "connected_clients") == 1);
}
