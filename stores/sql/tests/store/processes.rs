//! Several processes over one database.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use webstack_core::runtime::block_on;
use webstack_store::{Entry, OwnerKey, Reserved, Store as _, StoreError, Updated};
use webstack_store_sql::SqlStore;

use crate::places;
use crate::stage::{create, entry, id, until_answered};

const PLACE: &str = "WEBSTACK_SQL_WORKER";
const NUMBER: &str = "WEBSTACK_SQL_WORKER_NUMBER";

/// How often each counts, and how many places there are for all.
const EACH: usize = 30;
const PLACES: usize = 5;

/// Not a test by itself: what the other processes do. The tables may be there or not; it makes places, and counts.
#[test]
fn worker() {
    let Ok(url) = std::env::var(PLACE) else { return };
    let number: u64 = std::env::var(NUMBER).expect("a number").parse().expect("a number");
    let store = SqlStore::builder(url).build().expect("a store");
    let _ = until_answered(async || store.create(&id(0), entry("0")).await);
    let alice = OwnerKey::derive("", "alice");
    for place in 0..4 {
        let id = id(1000 * number + place);
        if until_answered(async || store.reserve(&alice, &id, PLACES).await) == Reserved::Granted {
            let _ = until_answered(async || store.create(&id, Entry { owner: Some(alice), ..entry("text") }).await);
        }
    }
    let mut counted = 0;
    let mut found = until_answered(async || store.load(&id(0)).await).expect("it is there");
    while counted < EACH {
        let count: usize = std::str::from_utf8(&found.entry.bytes).expect("text").parse().expect("a number");
        match block_on(store.update(&id(0), found.version, entry(&(count + 1).to_string()))) {
            Ok(Updated::Applied(_)) => {
                counted += 1;
                #[allow(clippy::print_stdout, reason = "the other process reads it")]
                {
                    println!("counted");
                }
                found = until_answered(async || store.load(&id(0)).await).expect("it is there");
            }
            Ok(Updated::Conflict(newer)) => found = newer,
            Ok(Updated::Gone) => panic!("nobody removes it"),
            Err(StoreError::Busy) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

fn start(url: &str, number: u64) -> Child {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["--exact", "processes::worker", "--nocapture", "--test-threads=1"]);
    command.env(PLACE, url).env(NUMBER, number.to_string()).stdout(Stdio::piped()).spawn().expect("it starts")
}

/// Eight at once begin with no tables at all; nothing is lost, and nobody has too many places.
fn begin_and_count(url: &str) {
    let children: Vec<Child> = (1..9).map(|number| start(url, number)).collect();
    let mut counted = 0;
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success());
        counted += String::from_utf8_lossy(&output.stdout).matches("counted").count();
    }
    assert_eq!(counted, 8 * EACH);
    let store = SqlStore::builder(url).build().expect("a store");
    let found = block_on(store.load(&id(0))).expect("it is reached").expect("it is there");
    assert_eq!(found.entry, entry(&counted.to_string()));
    let hers = block_on(store.owned_by(&OwnerKey::derive("", "alice"), None, 100)).expect("a listing");
    assert_eq!(hers.len(), PLACES);
}

#[test]
fn processes_share_a_postgres_that_was_empty() {
    let Some(server) = webstack_test_servers::or_skip(webstack_test_servers::Postgres::start()) else { return };
    begin_and_count(&server.url());
}

#[test]
fn processes_share_a_mariadb_that_was_empty() {
    let Some(server) = webstack_test_servers::or_skip(webstack_test_servers::MariaDb::start()) else { return };
    begin_and_count(&server.url());
}

#[test]
fn processes_share_a_sqlite_file_that_was_not_there() {
    let place = tempfile::tempdir().expect("a directory");
    begin_and_count(&places::sqlite(place.path()));
}

#[test]
fn killed_writers_of_a_sqlite_file_hold_up_nobody_and_lose_nothing() {
    let place = tempfile::tempdir().expect("a directory");
    let url = places::sqlite(place.path());
    let store = SqlStore::builder(&url).build().expect("a store");
    create(&store, 0, "0");
    let mut acknowledged = 0;
    for round in 0..10 {
        let mut child = start(&url, 100 + round);
        let out = BufReader::new(child.stdout.as_mut().expect("it is piped"));
        acknowledged += out.lines().map_while(Result::ok).filter(|line| line.ends_with("counted")).take(5).count();
        child.kill().expect("it is ours");
        child.wait().expect("it ends");
    }
    let found = until_answered(async || store.load(&id(0)).await).expect("it is there");
    let count: usize = std::str::from_utf8(&found.entry.bytes).expect("text").parse().expect("a number");
    assert!(count >= acknowledged && acknowledged == 50, "{count} of {acknowledged}");
    assert!(matches!(block_on(store.update(&id(0), found.version, entry("more"))), Ok(Updated::Applied(_))));
}
