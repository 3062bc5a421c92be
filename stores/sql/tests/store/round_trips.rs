//! How often the server is asked, counted by the server.

use std::collections::BTreeMap;

use webstack_core::runtime::block_on;
use webstack_store::{Entry, OwnerKey, Removed, Reserved, Store, Touched, Updated, Version};
use webstack_store_sql::SqlStore;
use webstack_test_servers::{MariaDb, MySql, Postgres, or_skip, where_there};

use crate::stage::{create, entry, id};

/// Does everything once, so that all statements are prepared, and then says how many statements each operation was.
fn counted(store: &impl Store, count: impl Fn() -> u64) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for (base, is_counted) in [(0, false), (100, true)] {
        let mut counting = |name: &'static str, operation: &dyn Fn()| {
            let before = count();
            operation();
            let after = count();
            if is_counted {
                counts.insert(name, after - before);
            }
        };
        let [one, other] = [id(base), id(base + 1)];
        let owned = || Entry { owner: Some(OwnerKey::derive("", "alice")), ..entry("text") };
        counting("create", &|| assert!(block_on(store.create(&one, owned())).is_ok()));
        counting("create of what is there", &|| assert!(block_on(store.create(&one, owned())).is_ok()));
        counting("load", &|| assert!(block_on(store.load(&one)).expect("it is reached").is_some()));
        counting("load of nothing", &|| assert!(block_on(store.load(&other)).expect("it is reached").is_none()));
        let version = block_on(store.load(&one)).expect("it is reached").expect("it is there").version;
        counting("touch", &|| assert_eq!(block_on(store.touch(&one, version, None)).ok(), Some(Touched::Extended)));
        counting("update", &|| assert!(is_applied(block_on(store.update(&one, version, owned())).ok())));
        let conflict = || block_on(store.update(&one, version, owned())).expect("it is reached");
        counting("conflict", &|| assert!(matches!(conflict(), Updated::Conflict(_))));
        let stale = || block_on(store.touch(&one, version, None)).expect("it is reached");
        counting("stale touch", &|| assert_eq!(stale(), Touched::Stale));
        let gone = || block_on(store.update(&other, Version::new(1), owned())).expect("it is reached");
        counting("update of nothing", &|| assert_eq!(gone(), Updated::Gone));
        counting("remove", &|| assert_eq!(block_on(store.remove(&one)).ok(), Some(Removed::Removed)));
        counting("remove of nothing", &|| assert_eq!(block_on(store.remove(&one)).ok(), Some(Removed::Absent)));
        let alice = OwnerKey::derive("", "alice");
        counting("reserve", &|| assert_eq!(block_on(store.reserve(&alice, &one, 9)).ok(), Some(Reserved::Granted)));
    }
    counts
}

fn is_applied(updated: Option<Updated>) -> bool {
    matches!(updated, Some(Updated::Applied(_)))
}

fn expected(counts: [(&'static str, u64); 12]) -> BTreeMap<&'static str, u64> {
    counts.into_iter().collect()
}

#[test]
fn postgres_is_asked_once_for_everything_but_a_place() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    if server.query("CREATE EXTENSION pg_stat_statements").is_err() {
        return;
    }
    let url = server.create_database("counted");
    let store = SqlStore::builder(url).max_connections(1).build().expect("a store");
    create(&store, 5, "text");
    let count = || {
        let sum = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid \
                   WHERE d.datname = 'counted'";
        server.query(sum).expect("it is counted").trim().parse().expect("a number")
    };
    let counts = expected([
        ("create", 1),
        ("create of what is there", 1),
        ("load", 1),
        ("load of nothing", 1),
        ("touch", 1),
        ("update", 1),
        ("conflict", 1),
        ("stale touch", 1),
        ("update of nothing", 1),
        ("remove", 1),
        ("remove of nothing", 1),
        ("reserve", 5),
    ]);
    assert_eq!(counted(&store, count), counts);
}

#[test]
fn mariadb_is_asked_twice_only_if_something_is_not_as_it_was() {
    let Some(server) = or_skip(MariaDb::start()) else { return };
    asked_twice_at_most(&server.url(), |status| server.query(status).expect("it is counted"));
}

#[test]
fn mysql_is_asked_as_often_as_mariadb() {
    let Some(server) = where_there(MySql::start()) else { return };
    asked_twice_at_most(&server.url(), |status| server.query(status).expect("it is counted"));
}

fn asked_twice_at_most(url: &str, query: impl Fn(&str) -> String) {
    let store = SqlStore::builder(url).max_connections(1).build().expect("a store");
    create(&store, 5, "text");
    // The client that asks is counted too: by what it asks for, which is none of these.
    let count = || -> u64 {
        let status = "SHOW GLOBAL STATUS WHERE variable_name IN \
                      ('Com_stmt_execute', 'Com_begin', 'Com_commit', 'Com_rollback', 'Com_set_option')";
        let lines = query(status);
        let numbers = lines.lines().map(|line| line.split('\t').nth(1).and_then(|number| number.parse().ok()));
        numbers.map(|number: Option<u64>| number.expect("a name and a number")).sum()
    };
    let counts = expected([
        ("create", 1),
        ("create of what is there", 1),
        ("load", 1),
        ("load of nothing", 1),
        ("touch", 1),
        ("update", 1),
        ("conflict", 2),
        ("stale touch", 2),
        ("update of nothing", 2),
        ("remove", 1),
        ("remove of nothing", 2),
        ("reserve", 5),
    ]);
    assert_eq!(counted(&store, count), counts);
}
