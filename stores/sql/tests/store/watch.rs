//! What PostgreSQL tells of changes.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use webstack_core::runtime::block_on;
use webstack_store::{Cached, Created, Entry, GRACE, PurgeStep, Removed, Store as _, Touched, Updated};
use webstack_store_sql::{Setup, SqlStore};
use webstack_test_servers::{Postgres, or_skip};
use webstack_testkit::{Heard, News};

use crate::stage::{create, entry, id, store};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
});

fn listening(store: &SqlStore) -> Arc<Heard> {
    let (heard, telling) = Heard::listening(store);
    RUNTIME.spawn(telling);
    heard
}

#[test]
fn it_tells_of_every_change_whoever_makes_it() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    let (writing, clock) = store(&server.url(), "told");
    let (other, _) = store(&server.url(), "another");
    block_on(writing.setup()).expect("its tables are made");
    block_on(other.setup()).expect("its tables are made");
    let reading = SqlStore::builder(server.url()).namespace("told").build().expect("a store");
    let heard = listening(&reading);
    heard.wait_for(News::Begun);
    let told = |what: &str, number: u64| {
        heard.catch_up();
        assert!(heard.count(News::Changed(id(number))) > 0, "{what}: {:?}", heard.events());
        heard.forget();
    };
    let deadline = webstack_store::Clock::now(&clock) + Duration::from_secs(60);
    let expiring = Entry { expires: Some(deadline), ..entry("text") };
    let Ok(Created::New(version)) = block_on(writing.create(&id(1), expiring.clone())) else { panic!("it is new") };
    let Ok(Updated::Applied(version)) = block_on(writing.update(&id(1), version, expiring.clone())) else {
        panic!("alone")
    };
    told("update", 1);
    let later = deadline + Duration::from_secs(60);
    assert!(matches!(block_on(writing.touch(&id(1), version, Some(later))), Ok(Touched::Extended)));
    told("touch", 1);
    assert!(matches!(block_on(writing.remove(&id(1))), Ok(Removed::Removed)));
    told("remove", 1);
    let Ok(Created::New(_)) = block_on(writing.create(&id(2), expiring)) else { panic!("it is new") };
    clock.set(later + GRACE);
    assert_eq!(block_on(writing.purge(PurgeStep::new(10))).expect("a purge").removed, 1);
    told("purge", 2);
    create(&writing, 3, "text");
    server.query("UPDATE told_sessions SET version = version + 1").expect("an administrator may");
    told("another client", 3);
    let version = create(&other, 4, "text");
    assert!(matches!(block_on(other.update(&id(4), version, entry("x"))), Ok(Updated::Applied(_))));
    heard.catch_up();
    assert_eq!(heard.events(), [], "another namespace is none of ours");
}

#[test]
fn a_server_that_does_not_answer_gives_no_sign_of_life_and_one_that_comes_back_is_heard_again() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    let (store, _) = store(&server.url(), "silent");
    block_on(store.setup()).expect("its tables are made");
    let heard = listening(&store);
    heard.wait_for(News::Begun);
    heard.catch_up();
    server.pause();
    let paused = Instant::now();
    heard.wait_for(News::Lost);
    assert!(heard.moments().iter().all(|moment| *moment <= paused), "nobody answered");
    server.resume();
    heard.forget();
    heard.wait_for(News::Begun);
    heard.catch_up();
    server.kill();
    heard.wait_for(News::Lost);
    heard.forget();
    server.restart().expect("it starts again");
    heard.wait_for(News::Begun);
    heard.catch_up();
}

#[test]
fn without_the_trigger_nothing_is_promised() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    let by_hand = || SqlStore::builder(server.url()).namespace("hand").setup(Setup::ByHand).build().expect("a store");
    block_on(by_hand().setup()).expect("its tables are made");
    let heard = listening(&by_hand());
    // It has looked, and told that nothing is heard.
    heard.wait_for(News::Lost);
    assert_eq!(heard.count(News::Begun), 0);
    let automatic = SqlStore::builder(server.url()).namespace("hand").build().expect("a store");
    listening(&automatic).wait_for(News::Begun);
    // The trigger is there now, for everybody.
    heard.wait_for(News::Begun);
}

#[test]
fn a_cache_reads_nothing_while_nothing_changes_and_knows_of_a_logout() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    server.query("CREATE EXTENSION pg_stat_statements").expect("it is installed with the server");
    let url = server.create_database("counted");
    let staleness = Duration::from_millis(200);
    let open = || Cached::new(SqlStore::builder(url.clone()).build().expect("a store")).with_staleness(staleness);
    let (one, other) = (open(), open());
    block_on(one.store().setup()).expect("its tables are made");
    for cache in [&one, &other] {
        RUNTIME.spawn(cache.listen());
    }
    let loads = || -> u64 {
        let sum =
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query LIKE 'SELECT%FROM webstack_sessions%'";
        server.query(sum).expect("it is counted").trim().parse().expect("a number")
    };
    // Until it listens it asks again and again.
    create(&one, 0, "text");
    let asks_no_more = |cache: &Cached<SqlStore>| {
        let before = loads();
        let begun = Instant::now();
        while begun.elapsed() < 5 * staleness {
            assert!(block_on(cache.load(&id(0))).expect("it is there").is_some());
        }
        loads() - before <= 1
    };
    let begun = Instant::now();
    while !(asks_no_more(&one) && asks_no_more(&other)) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not listen");
    }
    let mut latest = Duration::ZERO;
    for number in 1..=200 {
        create(&one, number, "text");
        assert!(block_on(other.load(&id(number))).expect("it is there").is_some());
        assert!(matches!(block_on(one.remove(&id(number))), Ok(Removed::Removed)));
        let ended = Instant::now();
        loop {
            let asked = ended.elapsed();
            let found = block_on(other.load(&id(number))).expect("an answer");
            if found.is_none() {
                break;
            }
            assert!(asked <= staleness, "answered as if it lived {asked:?} after its end");
            latest = latest.max(asked);
        }
    }
    #[allow(clippy::print_stderr, reason = "for whoever wants to know")]
    {
        eprintln!("the latest question that was answered as if the session lived came {latest:?} after its end");
    }
}
