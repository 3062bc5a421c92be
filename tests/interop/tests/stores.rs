//! What every environment promises, over stores that are no directory of files: every case but that of a lost directory.
//!
//! The programs have to be built with all stores: `cargo build --workspace --bins --all-features`.
#![cfg(unix)]

use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use webstack_core::store::lmdb::LmdbStore;
use webstack_core::store::redis::RedisStore;
use webstack_core::store::sql::SqlStore;
use webstack_interop::program;
use webstack_test_servers::{Server, named};
use webstack_testkit::environment::{Keeping, LeavingIs, OverStore, PanicIs, Program};
use webstack_testkit::{StoreUnderTest, environment_suite};

fn axum() -> Program {
    Program::new(program("demo-axum")).panics(PanicIs::Closed).multi_process().leaving(LeavingIs::Cancellation)
}

fn actix_web() -> Program {
    Program::new(program("demo-actix-web")).panics(PanicIs::Closed).multi_process()
}

/// A name that no other site has.
fn namespace() -> String {
    static STARTED: OnceLock<u128> = OnceLock::new();
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let started = STARTED.get_or_init(|| SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_micros());
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("t{started:x}_{}_{count}", std::process::id())
}

/// Runs what looks into a store on a server.
fn on_tokio(store: impl webstack_core::store::Store) -> StoreUnderTest {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = Arc::new(runtime.expect("a runtime"));
    StoreUnderTest::new(store).with_block_on(move |future| runtime.block_on(future))
}

fn in_lmdb() -> Keeping {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("sessions");
    let store = LmdbStore::builder(&directory).open().expect("a store");
    Keeping::Elsewhere {
        url: format!("lmdb:{}", directory.display()),
        store: StoreUnderTest::new(store).keeping(place),
    }
}

fn in_redis(url: &str) -> Keeping {
    let url = format!("{url}?namespace={}", namespace());
    let store = RedisStore::builder(&url).build().expect("a good URL");
    Keeping::Elsewhere { url, store: on_tokio(store) }
}

fn in_sql(url: &str) -> Keeping {
    let url = format!("{url}?namespace={}", namespace());
    let store = SqlStore::builder(&url).build().expect("a good URL");
    Keeping::Elsewhere { url, store: on_tokio(store) }
}

fn in_sqlite() -> Keeping {
    let place = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite:{}/sessions/sessions.db", place.path().display());
    let store = SqlStore::builder(&url).build().expect("a good URL");
    Keeping::Elsewhere { url, store: on_tokio(store).keeping(place) }
}

/// The environment over a server's store, or the end of a test that cannot be run here.
macro_rules! over {
    ($environment:expr, $server:ident, $keeping:ident) => {
        match named(Server::$server) {
            Some(url) => OverStore::new($environment, move || $keeping(&url)),
            None => return,
        }
    };
}

environment_suite!(axum_over_lmdb, OverStore::new(axum(), in_lmdb));
environment_suite!(axum_over_redis, over!(axum(), Redis, in_redis));
environment_suite!(axum_over_sqlite, OverStore::new(axum(), in_sqlite));
environment_suite!(axum_over_postgres, over!(axum(), Postgres, in_sql));
environment_suite!(axum_over_mariadb, over!(axum(), MariaDb, in_sql));
environment_suite!(actix_web_over_redis, over!(actix_web(), Redis, in_redis));
environment_suite!(actix_web_over_postgres, over!(actix_web(), Postgres, in_sql));
