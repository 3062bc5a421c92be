//! What it costs to remove a thousand expired sessions, among as many and among a hundred times as many.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use webstack_core::store::lmdb::LmdbStore;
use webstack_core::store::redis::RedisStore;
use webstack_core::store::sql::SqlStore;
use webstack_core::store::{Created, Entry, FileStore, GRACE, PurgeStep, Store, StoreError};
use webstack_core::{Clock, SessionId, Timestamp};
use webstack_test_servers::{MariaDb, Postgres, Redis, or_skip};
use webstack_testkit::HeldClock;

const EXPIRED: u64 = 1_000;
const AMONG: [u64; 3] = [1_000, 10_000, 100_000];
const ROUNDS: usize = 3;
const TASKS: u64 = 16;

/// The table for people, in Markdown; `None` if a server cannot be had here.
pub fn table() -> Option<String> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let redis = or_skip(Redis::start())?;
    let postgres = or_skip(Postgres::start())?;
    let mariadb = or_skip(MariaDb::start())?;
    let place = tempfile::tempdir().expect("a directory");
    let mut table = String::from(
        "| store | 1,000 expired among 1,000, ms | among 10,000, ms | among 100,000, ms |\n|---|---:|---:|---:|\n",
    );
    for name in ["files", "LMDB", "SQLite", "PostgreSQL", "MariaDB", "Redis"] {
        let took = AMONG.map(|sessions| {
            let clock = HeldClock::new();
            let time: Arc<dyn Clock> = Arc::new(clock.clone());
            let directory = place.path().join(format!("{name}-{sessions}"));
            let namespace = format!("n{sessions}");
            let sql = |url: String| -> Arc<dyn Store> {
                let builder = SqlStore::builder(url).namespace(&namespace).max_connections(16);
                Arc::new(builder.timeout(Duration::from_secs(60)).clock(Arc::clone(&time)).build().expect("a good URL"))
            };
            let store: Arc<dyn Store> = match name {
                "files" => {
                    let builder = FileStore::builder(&directory).clock(Arc::clone(&time));
                    Arc::new(builder.purge_spares(Duration::ZERO).open().expect("a directory"))
                }
                "LMDB" => {
                    Arc::new(LmdbStore::builder(&directory).clock(Arc::clone(&time)).open().expect("a directory"))
                }
                "SQLite" => sql(format!("sqlite:{}/sessions.db", directory.display())),
                "PostgreSQL" => sql(postgres.url()),
                "MariaDB" => sql(mariadb.url()),
                _ => {
                    let builder = RedisStore::builder(redis.url()).namespace(&namespace).clock(Arc::clone(&time));
                    Arc::new(builder.build().expect("a good URL"))
                }
            };
            runtime.block_on(median(&store, &clock, sessions))
        });
        let [few, more, many] = took.map(|took| took.as_secs_f64() * 1e3);
        let _ = writeln!(table, "| {name} | {few:.0} | {more:.0} | {many:.0} |");
    }
    Some(table)
}

/// The middle of three purges.
async fn median(store: &Arc<dyn Store>, clock: &HeldClock, sessions: u64) -> Duration {
    create(store, 0..sessions - EXPIRED, None).await;
    let mut took = Vec::new();
    for round in 1..=ROUNDS as u64 {
        let deadline = clock.now() + Duration::from_secs(60);
        create(store, round * 1_000_000..round * 1_000_000 + EXPIRED, Some(deadline)).await;
        clock.set(deadline + GRACE);
        let begun = Instant::now();
        let (mut step, mut removed) = (PurgeStep::new(500), 0);
        loop {
            let purged = store.purge(step).await.expect("it can be purged");
            removed += purged.removed;
            match purged.next {
                None => break,
                next => step = step.after(next),
            }
        }
        took.push(begun.elapsed());
        assert_eq!(removed, EXPIRED);
    }
    took.sort_unstable();
    took[ROUNDS / 2]
}

async fn create(store: &Arc<dyn Store>, numbers: std::ops::Range<u64>, expires: Option<Timestamp>) {
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (store, numbers) = (Arc::clone(store), numbers.clone());
            tokio::spawn(async move {
                for number in numbers.skip(usize::try_from(task).expect("a few")).step_by(TASKS as usize) {
                    let high = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    let id = SessionId::from_bytes(((u128::from(high) << 64) | u128::from(number)).to_be_bytes());
                    loop {
                        let entry = Entry { bytes: vec![b'x'; 300].into(), expires, owner: None };
                        match store.create(&id, entry).await {
                            Ok(Created::New(_)) => break,
                            Err(StoreError::Busy) => {}
                            other => panic!("{other:?}"),
                        }
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
}
