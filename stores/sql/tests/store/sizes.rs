//! How much room a session takes, as the documentation has it: a record of 300 bytes, with a deadline, every other one owned.

use std::sync::Arc;
use std::time::Duration;

use webstack_core::runtime::block_on;
use webstack_store::{Clock, Created, Entry, OwnerKey, SessionId, Store as _, Timestamp};
use webstack_store_sql::SqlStore;
use webstack_test_servers::{MariaDb, Postgres, or_skip};

const SESSIONS: u64 = 10_000;

fn fill(store: &SqlStore) {
    std::thread::scope(|threads| {
        for thread in 0..4 {
            threads.spawn(move || {
                for number in (thread..SESSIONS).step_by(4) {
                    // Spread evenly, as ids are.
                    let owner = OwnerKey::derive("", &number.to_string());
                    let id: [u8; 16] = owner.as_bytes()[16..].try_into().expect("16 bytes");
                    let entry = Entry {
                        bytes: vec![b'x'; 300].into(),
                        expires: Some(Timestamp::from_millis(4_102_444_800_000 + number)),
                        owner: number.is_multiple_of(2).then_some(owner),
                    };
                    let created = block_on(store.create(&SessionId::from_bytes(id), entry)).expect("there is room");
                    assert!(matches!(created, Created::New(_)));
                }
            });
        }
    });
}

fn opened(url: &str) -> SqlStore {
    let clock: Arc<dyn Clock> = Arc::new(webstack_testkit::HeldClock::new());
    SqlStore::builder(url).clock(clock).timeout(Duration::from_secs(20)).build().expect("a store")
}

fn fits(database: &str, bytes: u64, at_most: u64) {
    let each = bytes / SESSIONS;
    #[allow(clippy::print_stderr, reason = "whoever writes documentation reads it")]
    {
        eprintln!("{database}: {each} bytes for each session");
    }
    assert!((300..=at_most).contains(&each), "{database}: {each} bytes for each session");
}

#[test]
fn a_session_takes_as_much_room_as_the_documentation_says() {
    if let Some(server) = or_skip(Postgres::start()) {
        fill(&opened(&server.url()));
        let size = server.query("SELECT pg_total_relation_size('webstack_sessions')").expect("it is told");
        fits("PostgreSQL", size.trim().parse().expect("a number"), 700);
    }
    if let Some(server) = or_skip(MariaDb::start()) {
        fill(&opened(&server.url()));
        let file = server.directory().join("data/webstack/webstack_sessions.ibd");
        fits("MariaDB", std::fs::metadata(file).expect("a table").len(), 2000);
    }
    let place = tempfile::tempdir().expect("a directory");
    let store = opened(&crate::places::sqlite(place.path()));
    fill(&store);
    drop(store);
    // Without the log beside it, which has a size of its own, however many sessions there are.
    let bytes = std::fs::metadata(place.path().join("sessions/sessions.db")).expect("a file").len();
    fits("SQLite", bytes, 1200);
}
