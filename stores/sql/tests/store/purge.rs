//! What a purge looks at, and what a listing does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use webstack_core::runtime::block_on;
use webstack_store::{Clock as _, Entry, GRACE, OwnerKey, PurgeStep, Reserved, Store as _, Timestamp};
use webstack_store_sql::SqlStore;
use webstack_test_servers::{MariaDb, Postgres, or_skip};
use webstack_testkit::HeldClock;

use crate::places;
use crate::stage::{create, entry, id, store};

/// So many live, and so few of them have expired.
const ROWS: u64 = 100_000;
const EXPIRED: u64 = 50;

fn opened(url: &str) -> (SqlStore, HeldClock) {
    let clock = HeldClock::new();
    let builder = SqlStore::builder(url).clock(Arc::new(clock.clone())).timeout(Duration::from_secs(60));
    (builder.build().expect("a store"), clock)
}

/// Purges once, when what was to expire has.
fn purge(store: &SqlStore, clock: &HeldClock) {
    clock.set(Timestamp::from_millis(EXPIRED) + GRACE);
    let purged = block_on(store.purge(PurgeStep::new(1000))).expect("it is purged");
    assert_eq!((purged.removed, purged.remaining, purged.next), (EXPIRED, 0, None));
}

#[test]
fn postgres_looks_at_little_more_than_it_removes_or_answers() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    let (store, clock) = opened(&server.url());
    create(&store, 0, "text");
    let fill = format!(
        "INSERT INTO webstack_sessions SELECT decode(md5(n::text), 'hex'), n, \
         CASE WHEN n <= {EXPIRED} THEN n ELSE 9000000000000000 + n END, NULL, 'text' FROM generate_series(1, {ROWS}) n"
    );
    let _ = server.query(&fill).expect("it is filled");
    let _ = server.query("ANALYZE webstack_sessions").expect("it is analyzed");
    purge(&store, &clock);
    // Often enough that the server makes plans that are good for any parameters.
    let nobody = OwnerKey::derive("", "nobody");
    for number in 0..12 {
        assert_eq!(block_on(store.purge(PurgeStep::new(1000))).expect("it is purged").removed, 0);
        assert_eq!(block_on(store.owned_by(&nobody, None, 1000)).expect("a listing").len(), 0);
        assert_eq!(block_on(store.list(Some(&id(number)), 1)).expect("a listing").len(), 1);
        assert_eq!(block_on(store.reserve(&nobody, &id(number), 99)).expect("a place"), Reserved::Granted);
    }
    // A connection tells what it did when it ends, and a little later.
    drop(store);
    let began = Instant::now();
    let looked_at = loop {
        let sum =
            "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_user_tables WHERE relname = 'webstack_sessions'";
        let sum: u64 = server.query(sum).expect("it is counted").trim().parse().expect("a number");
        if sum >= EXPIRED {
            break sum;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it is never told");
    };
    assert!(looked_at < 10 * EXPIRED, "{looked_at} rows");
    let plan = "EXPLAIN SELECT id FROM webstack_sessions WHERE expires <= 5 ORDER BY expires LIMIT 1000";
    let plan = server.query(plan).expect("it is explained");
    assert!(plan.contains("Index Scan using webstack_sessions_expires"), "{plan}");
}

#[test]
fn mariadb_looks_at_little_more_than_it_removes_or_answers() {
    let Some(server) = or_skip(MariaDb::start()) else { return };
    let (store, clock) = opened(&server.url());
    create(&store, 0, "text");
    let fill = format!(
        "INSERT INTO webstack_sessions SELECT unhex(md5(seq)), seq, \
         IF(seq <= {EXPIRED}, seq, 9000000000000000 + seq), NULL, 'text' FROM seq_1_to_{ROWS}; \
         ANALYZE TABLE webstack_sessions"
    );
    let _ = server.query(&fill).expect("it is filled");
    let count = || {
        let sum = "SELECT sum(variable_value) FROM information_schema.global_status \
                   WHERE variable_name LIKE 'handler_read%'";
        server.query(sum).expect("it is counted").trim().parse::<f64>().expect("a number") as u64
    };
    // Counting looks at some hundred rows itself.
    let (before, between) = (count(), count());
    purge(&store, &clock);
    let nobody = OwnerKey::derive("", "nobody");
    assert_eq!(block_on(store.owned_by(&nobody, None, 1000)).expect("a listing").len(), 0);
    assert_eq!(block_on(store.list(Some(&id(1)), 1)).expect("a listing").len(), 1);
    assert_eq!(block_on(store.reserve(&nobody, &id(1), 99)).expect("a place"), Reserved::Granted);
    let looked_at = count() - between;
    let counting = between - before;
    assert!((EXPIRED..counting + 20 * EXPIRED).contains(&looked_at), "{looked_at} rows, {counting} of them to count");
}

#[test]
fn many_who_purge_at_once_share_the_work() {
    let place = tempfile::tempdir().expect("a directory");
    for url in [places::postgres(), places::mariadb(), Some(places::sqlite(place.path()))].iter().flatten() {
        let namespace = places::namespace();
        let stores: Vec<_> = (0..4).map(|_| store(url, &namespace)).collect();
        let deadline = stores[0].1.now();
        for number in 0..200 {
            let expires = (number % 2 == 0).then_some(deadline);
            let _ = block_on(stores[0].0.create(&id(number), Entry { expires, ..entry("text") })).expect("a place");
        }
        let removed: u64 = std::thread::scope(|threads| {
            let purging = stores.iter().map(|(store, clock)| {
                threads.spawn(move || {
                    clock.set(deadline + GRACE);
                    let (mut removed, mut step) = (0, PurgeStep::new(7));
                    loop {
                        let purged = match block_on(store.purge(step)) {
                            Err(webstack_store::StoreError::Busy) => continue,
                            purged => purged.expect("it is purged"),
                        };
                        removed += purged.removed;
                        match purged.next {
                            None => return removed,
                            next => step = step.after(next),
                        }
                    }
                })
            });
            purging.collect::<Vec<_>>().into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        assert_eq!(removed, 100, "{url}");
        assert_eq!(block_on(stores[0].0.list(None, 1000)).expect("a listing").len(), 100);
    }
}
