//! What the store does with its directory and its file.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::sync::Arc;
use std::time::Duration;

use webstack_core::runtime::block_on;
use webstack_store::{Clock as _, Created, Entry, GRACE, PurgeStep, SessionId, Store as _, StoreError};
use webstack_store_lmdb::{Durability, LmdbStore};
use webstack_testkit::HeldClock;

fn id(number: u64) -> SessionId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    SessionId::from_bytes(bytes)
}

fn entry(bytes: usize) -> Entry {
    Entry { bytes: vec![b'x'; bytes].into(), expires: None, owner: None }
}

#[test]
fn files_are_for_their_user_alone() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("sessions");
    let store = LmdbStore::builder(&directory).open().expect("a store");
    assert!(matches!(block_on(store.create(&id(1), entry(300))), Ok(Created::New(_))));
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let mut names = Vec::new();
    for file in fs::read_dir(&directory).expect("a directory") {
        let file = file.expect("a file");
        assert_eq!(mode(&file.path()), 0o600, "{:?}", file.file_name());
        names.push(file.file_name().into_string().expect("a name"));
    }
    names.sort();
    assert_eq!(names, [".gitignore", ".htaccess", "data.mdb", "gate", "lock.mdb"]);
}

#[test]
fn a_directory_of_other_things_is_not_denied_and_one_of_its_own_is_again() {
    let place = tempfile::tempdir().expect("a directory");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o700)).expect("its owner may");
    let open = || LmdbStore::builder(place.path()).open().expect("a store");
    let denied = place.path().join(".htaccess");
    fs::write(place.path().join("index.html"), "a site").expect("a file");
    for _ in 0..2 {
        assert!(block_on(open().create(&id(1), entry(3))).is_ok(), "sessions are kept there");
        assert!(!denied.exists());
    }
    fs::remove_file(place.path().join("index.html")).expect("it is there");
    open();
    assert!(denied.exists());
}

#[test]
fn what_is_not_safe_is_refused_with_its_mend() {
    let place = tempfile::tempdir().expect("a directory");
    let refused = |path: &std::path::Path| LmdbStore::builder(path).open().expect_err("it is not safe").to_string();
    let open = place.path().join("open");
    fs::create_dir(&open).expect("a directory");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("its owner may");
    assert!(refused(&open).contains("chmod 700"));
    symlink(&open, place.path().join("link")).expect("a link");
    assert!(refused(&place.path().join("link")).contains("symbolic link"));
    assert!(refused(&place.path().join("none/none")).contains("does not exist"));
    let absent = LmdbStore::builder(place.path().join("none")).create(false).open().expect_err("it is not to be made");
    assert!(absent.to_string().contains("there is no directory"));

    let foreign = place.path().join("foreign");
    fs::create_dir(&foreign).expect("a directory");
    fs::set_permissions(&foreign, fs::Permissions::from_mode(0o700)).expect("its owner may");
    fs::write(foreign.join("data.mdb"), vec![7; 8192]).expect("a file");
    let error = refused(&foreign);
    assert!(error.contains("move its files away") && !error.contains('\n'), "{error}");
    assert_eq!(
        fs::read(foreign.join("data.mdb")).expect("it is there"),
        vec![7; 8192],
        "what is foreign is left alone"
    );
}

#[test]
fn the_map_grows_and_a_full_store_says_so_and_loses_nothing() {
    let place = tempfile::tempdir().expect("a directory");
    let open = || LmdbStore::builder(place.path().join("sessions")).first_size(1 << 16).size_limit(1 << 21);
    let store = open().durability(Durability::InsecureUnsynced).open().expect("a store");
    let mut stored = 0;
    let full = loop {
        match block_on(store.create(&id(stored), entry(3000))) {
            Ok(Created::New(_)) => stored += 1,
            Ok(Created::Exists) => panic!("it is new"),
            Err(error) => break error,
        }
        assert!(stored < 1000, "2 MiB hold no more");
    };
    assert!(matches!(full, StoreError::Unavailable(_)), "{full:?}");
    assert!(stored > 200, "it grew from 64 KiB: {stored}");
    for number in 0..stored {
        let found = block_on(store.load(&id(number))).expect("it can be read").expect("it is kept");
        assert_eq!(found.entry, entry(3000));
    }
    drop(store);
    let store = open().size_limit(1 << 22).open().expect("the same store");
    assert!(matches!(block_on(store.create(&id(stored), entry(3000))), Ok(Created::New(_))), "with room it goes on");
}

#[test]
fn a_store_that_was_closed_opens_again_with_everything() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("sessions");
    let open = || LmdbStore::builder(&directory).open().expect("a store");
    for number in 0..20 {
        let store = open();
        assert!(matches!(block_on(store.create(&id(number), entry(10))), Ok(Created::New(_))));
    }
    assert_eq!(block_on(open().list(None, 100)).expect("a listing").len(), 20);
}

#[test]
fn a_directory_that_was_replaced_is_not_written_to() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("sessions");
    let store = LmdbStore::builder(&directory).open().expect("a store");
    assert!(matches!(block_on(store.create(&id(1), entry(10))), Ok(Created::New(_))));
    fs::rename(&directory, place.path().join("elsewhere")).expect("it can be moved");
    assert!(matches!(block_on(store.create(&id(2), entry(10))), Err(StoreError::Broken(_))));
    fs::rename(place.path().join("elsewhere"), &directory).expect("it can be moved back");
    assert!(matches!(block_on(store.create(&id(2), entry(10))), Ok(Created::New(_))), "it recovers by itself");
}

#[test]
fn a_purge_looks_at_nothing_but_what_it_removes() {
    let place = tempfile::tempdir().expect("a directory");
    let clock = HeldClock::new();
    let store = LmdbStore::builder(place.path().join("sessions"))
        .clock(Arc::new(clock.clone()))
        .durability(Durability::InsecureUnsynced)
        .open()
        .expect("a store");
    let deadline = clock.now() + Duration::from_secs(60);
    block_on(async {
        for number in 0..5_000 {
            let expires = (number % 100 == 0).then_some(deadline);
            let _ = store.create(&id(number), Entry { expires, ..entry(100) }).await.expect("there is room");
        }
        clock.set(deadline + GRACE);
        let purged = store.purge(PurgeStep::new(1000)).await.expect("it can be purged");
        assert_eq!((purged.removed, purged.remaining, purged.next), (50, 0, None));
        assert_eq!(store.list(None, 10_000).await.expect("a listing").len(), 4_950);
    });
}
