//! Measures what `docs/scaling.md` reckons with, and writes it there: `scaling`, from the project's directory, in release.
//!
//! Every store is asked by the same program, on the same machine, one after the other; what counts is not how fast it is but
//! how much of a processor an operation takes, on the client and on the server.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use webstack_core::store::lmdb::LmdbStore;
use webstack_core::store::redis::RedisStore;
use webstack_core::store::sql::SqlStore;
use webstack_core::store::{Created, Entry, FileStore, MemoryStore, Store, StoreError, Updated};
use webstack_core::{Clock as _, SessionId, SystemClock};
use webstack_interop::{busy, cpu, purging, replace_marked};
use webstack_test_servers::{MariaDb, Postgres, Redis, or_skip};

/// A record of a signed-in visitor with a small cart.
const RECORD: usize = 300;
const SESSIONS: u64 = 10_000;
const TASKS: u64 = 16;
const ROUND: Duration = Duration::from_secs(2);
const PAGE: &str = "docs/scaling.md";

fn main() -> ExitCode {
    let Some(measured) = stores() else { return ExitCode::FAILURE };
    let page = std::fs::read_to_string(PAGE).expect("the page, from the project's directory");
    let page = replace_marked(&page, "operations", &measured);
    let page = replace_marked(&page, "busy sessions", &busy::table());
    let Some(purged) = purging::table() else { return ExitCode::FAILURE };
    let page = replace_marked(&page, "purges", &purged);
    std::fs::write(PAGE, page).expect("it can be written");
    ExitCode::SUCCESS
}

fn stores() -> Option<String> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let place = tempfile::tempdir().expect("a directory");
    let redis = or_skip(Redis::start())?;
    let postgres = or_skip(Postgres::start())?;
    let mariadb = or_skip(MariaDb::start())?;
    let sql = |url: String| SqlStore::builder(url).max_connections(16).build().expect("a good URL");
    let candidates: Vec<(&str, Arc<dyn Store>, Option<u32>)> = vec![
        ("memory", Arc::new(MemoryStore::new()), None),
        ("files", Arc::new(FileStore::open(place.path().join("files")).expect("a directory")), None),
        ("LMDB", Arc::new(LmdbStore::builder(place.path().join("lmdb")).open().expect("a directory")), None),
        ("SQLite", Arc::new(sql(format!("sqlite:{}/sqlite/sessions.db", place.path().display()))), None),
        ("PostgreSQL", Arc::new(sql(postgres.url())), postgres.process()),
        ("MariaDB", Arc::new(sql(mariadb.url())), mariadb.process()),
        ("Redis", Arc::new(RedisStore::builder(redis.url()).build().expect("a good URL")), redis.process()),
    ];
    let mut table = String::from(
        "| store | read: a second | client, µs | server, µs | write: a second | client, µs | server, µs |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    for (name, store, server) in candidates {
        runtime.block_on(fill(&store));
        let [read, write] = [false, true].map(|writes| runtime.block_on(measure(&store, server, writes)));
        let shown = |used: Option<f64>| used.map_or_else(|| "–".to_owned(), |used| format!("{used:.1}"));
        let _ = writeln!(
            table,
            "| {name} | {:.0} | {:.1} | {} | {:.0} | {:.1} | {} |",
            read.rate,
            read.client,
            shown(read.server),
            write.rate,
            write.client,
            shown(write.server)
        );
    }
    Some(table)
}

fn id(number: u64) -> SessionId {
    let high = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    SessionId::from_bytes(((u128::from(high) << 64) | u128::from(number)).to_be_bytes())
}

fn entry() -> Entry {
    let expires = Some(SystemClock.now() + Duration::from_secs(1800));
    Entry { bytes: Bytes::from(vec![b'x'; RECORD]), expires, owner: None }
}

async fn fill(store: &Arc<dyn Store>) {
    for number in 0..SESSIONS {
        loop {
            match store.create(&id(number), entry()).await {
                Ok(Created::New(_)) => break,
                Err(StoreError::Busy) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

struct Measured {
    /// Operations a second.
    rate: f64,
    /// Microseconds of a processor for each.
    client: f64,
    server: Option<f64>,
}

async fn measure(store: &Arc<dyn Store>, server: Option<u32>, writes: bool) -> Measured {
    let done = Arc::new(AtomicU64::new(0));
    let used = || (cpu::of_this_process(), server.map(cpu::of_processes));
    let (before, begun) = (used(), Instant::now());
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (store, done) = (Arc::clone(store), Arc::clone(&done));
            tokio::spawn(async move {
                let mut number = task;
                while begun.elapsed() < ROUND {
                    // Every task has sessions of its own, so nobody meets anybody.
                    number = (number + TASKS) % SESSIONS;
                    one(&*store, &id(number), writes).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let (elapsed, after) = (begun.elapsed().as_secs_f64(), used());
    let operations = done.load(Ordering::Relaxed) as f64;
    let each = |before: Duration, after: Duration| (after - before).as_secs_f64() * 1e6 / operations;
    Measured {
        rate: operations / elapsed,
        client: each(before.0, after.0),
        server: before.1.zip(after.1).map(|(before, after)| each(before, after)),
    }
}

/// A read, or a read and a write, as a request does them.
async fn one(store: &dyn Store, id: &SessionId, writes: bool) {
    let found = loop {
        match store.load(id).await {
            Ok(found) => break found.expect("it lives"),
            Err(StoreError::Busy) => {}
            Err(error) => panic!("{error:?}"),
        }
    };
    if !writes {
        return;
    }
    let mut seen = found.version;
    loop {
        match store.update(id, seen, entry()).await {
            Ok(Updated::Applied(_)) => return,
            Ok(Updated::Conflict(found)) => seen = found.version,
            Err(StoreError::Busy) => {}
            other => panic!("{other:?}"),
        }
    }
}
