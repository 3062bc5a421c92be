//! The file of a SQLite store.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use webstack_core::runtime::block_on;
use webstack_store::{Store as _, StoreError};
use webstack_store_sql::SqlStore;

use crate::places;
use crate::stage::{chain, create, entry, id};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").mode() & 0o777
}

#[test]
fn files_are_for_their_user_alone() {
    let place = tempfile::tempdir().expect("a directory");
    let store = SqlStore::builder(places::sqlite(place.path())).build().expect("a store");
    create(&store, 1, "text");
    let directory = place.path().join("sessions");
    assert_eq!(mode(&directory), 0o700);
    let mut names = Vec::new();
    for file in fs::read_dir(&directory).expect("a directory") {
        let file = file.expect("a file");
        assert_eq!(mode(&file.path()), 0o600, "{:?}", file.file_name());
        names.push(file.file_name().into_string().expect("a name"));
    }
    names.sort();
    assert_eq!(names, [".gitignore", ".htaccess", "sessions.db", "sessions.db-shm", "sessions.db-wal"]);
}

#[test]
fn a_directory_that_is_not_safe_is_refused_with_its_mend() {
    let place = tempfile::tempdir().expect("a directory");
    let open = place.path().join("open");
    fs::create_dir(&open).expect("a directory");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("its owner may");
    for (file, said) in [("open/sessions.db", "chmod 700"), ("none/none/sessions.db", "does not exist")] {
        let url = format!("sqlite:{}/{file}", place.path().display());
        let store = SqlStore::builder(url).build().expect("no I/O");
        let Err(error @ StoreError::Broken(_)) = block_on(store.load(&id(1))) else { panic!("it is not safe") };
        assert!(chain(&error).contains(said), "{}", chain(&error));
    }
    assert_eq!(fs::read_dir(&open).expect("a directory").count(), 0);
}

#[test]
fn what_lies_beside_the_file_is_left_alone() {
    let place = tempfile::tempdir().expect("a directory");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("its owner may");
    let url = format!("sqlite:{}/with%20space.db", place.path().display());
    create(&SqlStore::builder(url).build().expect("a store"), 1, "text");
    assert_eq!(mode(&place.path().join("with space.db")), 0o600);
    assert!(!place.path().join(".gitignore").exists());
}

#[test]
fn a_file_that_is_no_database_is_broken_and_left_alone() {
    let place = tempfile::tempdir().expect("a directory");
    fs::write(place.path().join("sessions.db"), [7; 8192]).expect("a file");
    let store = SqlStore::builder(format!("sqlite:{}/sessions.db", place.path().display())).build().expect("no I/O");
    let answer = block_on(store.create(&id(1), entry("text")));
    assert!(matches!(&answer, Err(StoreError::Broken(_))), "{answer:?}");
    assert_eq!(fs::read(place.path().join("sessions.db")).expect("a file"), [7; 8192]);
}

#[test]
fn a_file_that_somebody_holds_is_busy_for_writers_and_not_for_readers() {
    use sqlx::Connection as _;

    let place = tempfile::tempdir().expect("a directory");
    let url = places::sqlite(place.path());
    let store = SqlStore::builder(&url).timeout(std::time::Duration::from_millis(500)).build().expect("a store");
    create(&store, 1, "text");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut other = runtime.block_on(sqlx::SqliteConnection::connect(&url)).expect("a connection");
    runtime.block_on(sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other)).expect("it is held");
    for _ in 0..3 {
        let answer = block_on(store.create(&id(2), entry("text")));
        assert!(matches!(&answer, Err(StoreError::Busy)), "{answer:?}");
        assert!(block_on(store.load(&id(1))).expect("readers wait for nobody").is_some());
    }
    runtime.block_on(sqlx::raw_sql("ROLLBACK").execute(&mut other)).expect("it is given back");
    create(&store, 2, "text");
}

#[test]
fn a_full_disk_is_broken_and_loses_nothing() {
    let place = tempfile::tempdir().expect("a directory");
    let url = places::sqlite(place.path());
    create(&SqlStore::builder(&url).build().expect("a store"), 1, "text");
    // The limit on pages answers with the same code as a disk without any left.
    let options: sqlx::sqlite::SqliteConnectOptions = url.parse().expect("a file");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _inside = runtime.enter();
    let pool: sqlx::SqlitePool =
        sqlx::pool::PoolOptions::new().connect_lazy_with(options.pragma("max_page_count", "20"));
    let full = SqlStore::from_pool(pool).build().expect("a store");
    let large = "x".repeat(1 << 20);
    let answer = runtime.block_on(full.create(&id(2), entry(&large)));
    assert!(matches!(&answer, Err(StoreError::Broken(_))), "{answer:?}");
    assert!(runtime.block_on(full.load(&id(1))).expect("it can be read").is_some());
}
