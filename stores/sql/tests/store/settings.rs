//! Servers, and pools of the application's, that are set up otherwise than we would.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use webstack_store::{OwnerKey, Reserved, Store as _, StoreError};
use webstack_store_sql::SqlStore;

use crate::places;
use crate::stage::id;

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
