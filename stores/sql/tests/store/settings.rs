//! Servers, and pools of the application's, that are set up otherwise than we would.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgPoolOptions;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use webstack_core::runtime::block_on;
use webstack_store::{OwnerKey, Reserved, Store as _, StoreError, Updated};
use webstack_store_sql::{Setup, SqlStore};
use webstack_test_servers::{MariaDb, Postgres, or_skip};
use webstack_testkit::{Heard, News};

use crate::places;
use crate::stage::{create, entry, id, store};

/// How many of eight sessions are granted the one place that there is.
async fn granted(store: &Arc<SqlStore>, owner: OwnerKey) -> usize {
    let mut asked = JoinSet::new();
    for number in 0..8 {
        let store = Arc::clone(store);
        asked.spawn(async move { store.reserve(&owner, &id(number), 1).await });
    }
    let answers = asked.join_all().await;
    let granted = answers.into_iter().filter(|answer| match answer {
        Ok(reserved) => *reserved == Reserved::Granted,
        Err(StoreError::Busy) => false,
        Err(error) => panic!("{error:?}"),
    });
    granted.count()
}

#[test]
fn a_limit_holds_though_transactions_of_the_application_see_one_moment_only() {
    let Some(url) = places::postgres() else { return };
    Runtime::new().expect("a runtime").block_on(async {
        for level in ["repeatable read", "serializable"] {
            let set = format!("SET default_transaction_isolation = '{level}'");
            let options = PgPoolOptions::new().max_connections(8).after_connect(move |connection, _| {
                let set = set.clone();
                Box::pin(async move { sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(connection).await.map(drop) })
            });
            let pool = options.connect(&url).await.expect("it is reached");
            let store = SqlStore::from_pool(pool).namespace(places::namespace()).timeout(Duration::from_secs(15));
            let store = Arc::new(store.build().expect("a store"));
            for round in 0..20 {
                let granted = granted(&store, OwnerKey::derive("", &round.to_string())).await;
                assert!(granted <= 1, "{granted} of one place, {level}");
            }
        }
    });
}

#[test]
fn what_was_written_is_there_though_the_server_ends_no_transaction_by_itself() {
    let Some(server) = or_skip(MariaDb::start()) else { return };
    let _ = server.query("SET GLOBAL autocommit = 0").expect("it is set");
    let (one, _) = store(&server.url(), "webstack");
    let (other, _) = store(&server.url(), "webstack");
    create(&one, 1, "text");
    assert!(block_on(other.load(&id(1))).expect("it is reached").is_some(), "it was acknowledged");
}

#[test]
fn a_trigger_that_may_not_be_made_leaves_the_connections_of_the_application_as_they_were() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    let made = SqlStore::builder(server.url()).setup(Setup::ByHand).build().expect("a store");
    block_on(made.setup()).expect("its tables are made");
    let _ = server
        .query("CREATE USER shop; REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT ALL ON ALL TABLES IN SCHEMA public TO shop")
        .expect("it is created");
    let url = server.url().replace("postgres@", "shop@");
    Runtime::new().expect("a runtime").block_on(async {
        let pool = PgPoolOptions::new().max_connections(1).connect(&url).await.expect("it is reached");
        let store = SqlStore::from_pool(pool.clone()).build().expect("a store");
        let (heard, telling) = Heard::listening(&store);
        let telling = tokio::spawn(telling);
        let began = Instant::now();
        while heard.count(News::Lost) == 0 {
            assert!(began.elapsed() < Duration::from_secs(30), "it may not make the trigger");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for _ in 0..5 {
            sqlx::raw_sql("SELECT 1").execute(&pool).await.expect("the application's own statement");
        }
        telling.abort();
    });
}

/// As a standby does that takes over before it has the last write.
#[test]
fn a_version_of_a_write_that_was_undone_is_nobody_elses() {
    fn undone(url: &str, query: impl Fn(&str)) {
        let (store, _) = store(url, "webstack");
        let seen = create(&store, 1, "text");
        query("CREATE TABLE standby AS SELECT * FROM webstack_sessions");
        let Ok(Updated::Applied(undone)) = block_on(store.update(&id(1), seen, entry("undone"))) else {
            panic!("alone")
        };
        query("DELETE FROM webstack_sessions");
        query("INSERT INTO webstack_sessions SELECT * FROM standby");
        assert!(matches!(block_on(store.update(&id(1), seen, entry("kept"))), Ok(Updated::Applied(_))));
        let answer = block_on(store.update(&id(1), undone, entry("of what was undone")));
        assert!(matches!(&answer, Ok(Updated::Conflict(found)) if found.entry == entry("kept")), "{url}: {answer:?}");
    }
    if let Some(server) = or_skip(Postgres::start()) {
        undone(&server.url(), |text| drop(server.query(text).expect("it is done")));
    }
    if let Some(server) = or_skip(MariaDb::start()) {
        undone(&server.url(), |text| drop(server.query(text).expect("it is done")));
    }
}
