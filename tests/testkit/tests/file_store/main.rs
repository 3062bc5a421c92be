//! What only a directory can do wrong.
#![cfg(unix)]

mod cleaner;
mod directory;
mod foreign_files;
mod format;
mod inspect;
mod locks;
mod owners;
mod purge;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{FlockOperation, Mode};
use webstack_core::runtime::block_on;
use webstack_core::store::{
    Created, Entry, FileStore, GRACE, OpenError, OwnerKey, PurgeStep, Purged, Removed, Reserved, Store, StoreError,
    Stored, Touched, Updated, Version,
};
use webstack_core::{Clock as _, SessionId};
use webstack_testkit::HeldClock;

/// A store in a directory of its own.
struct Place {
    _place: tempfile::TempDir,
    directory: PathBuf,
    clock: HeldClock,
    store: FileStore,
}

impl Place {
    fn new() -> Self {
        Place::within(tempfile::tempdir().expect("a temporary directory"))
    }

    fn within(place: tempfile::TempDir) -> Self {
        let (directory, clock) = (place.path().join("sessions"), HeldClock::new());
        let store = open(&directory, &clock);
        Place { _place: place, directory, clock, store }
    }

    fn file(&self) -> PathBuf {
        self.directory.join("00").join(ID)
    }

    /// Puts bytes where the session's file is.
    fn plant(&self, bytes: &[u8]) {
        fs::create_dir_all(self.directory.join("00")).expect("a shard");
        fs::write(self.file(), bytes).expect("a file");
    }

    fn create(&self, owner: Option<OwnerKey>) -> Version {
        match block_on(self.store.create(&id(), Entry { owner, ..entry() })) {
            Ok(Created::New(version)) => version,
            other => panic!("{other:?}"),
        }
    }

    fn load(&self) -> Result<Option<Stored>, StoreError> {
        block_on(self.store.load(&id()))
    }

    fn update(&self, seen: Version) -> Result<Updated, StoreError> {
        until_free(|| self.try_update(seen))
    }

    fn try_update(&self, seen: Version) -> Result<Updated, StoreError> {
        block_on(self.store.update(&id(), seen, entry()))
    }

    fn remove(&self) -> Result<Removed, StoreError> {
        until_free(|| self.try_remove())
    }

    fn try_remove(&self) -> Result<Removed, StoreError> {
        block_on(self.store.remove(&id()))
    }

    fn purge(&self) -> Purged {
        block_on(self.store.purge(PurgeStep::new(10_000))).expect("a purge")
    }

    fn assert_corrupt(&self, what: &str) {
        let version = Version::new(1);
        assert!(matches!(self.load(), Err(StoreError::Corrupt(_))), "load: {what}");
        assert!(matches!(self.update(version), Err(StoreError::Corrupt(_))), "update: {what}");
        let touched = until_free(|| block_on(self.store.touch(&id(), version, None)));
        assert!(matches!(touched, Err(StoreError::Corrupt(_))), "touch: {what}");
        assert!(matches!(block_on(self.store.create(&id(), entry())), Ok(Created::Exists)), "create: {what}");
        assert!(matches!(block_on(self.store.list(None, 9)), Ok(listed) if listed.is_empty()), "list: {what}");
    }
}

/// Asks again while a lock is held: a process that another test starts has all of our files open until it is that program.
fn until_free<T>(ask: impl Fn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let begun = Instant::now();
    loop {
        match ask() {
            Err(StoreError::Busy) if begun.elapsed() < Duration::from_secs(20) => std::thread::yield_now(),
            answer => return answer,
        }
    }
}

const ID: &str = "00112233445566778899aabbccddeeff";
const HOUR: Duration = Duration::from_secs(3600);

fn id() -> SessionId {
    ID.parse().expect("an id")
}

fn entry() -> Entry {
    Entry { bytes: "some text".into(), expires: None, owner: None }
}

fn alice() -> OwnerKey {
    OwnerKey::derive("test", "alice")
}

fn open(directory: &Path, clock: &HeldClock) -> FileStore {
    let builder = FileStore::builder(directory).clock(Arc::new(clock.clone()));
    builder.purge_spares(Duration::ZERO).open().expect("a fit directory")
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("something there").mode() & 0o7777
}

/// Every path below a directory, directories included.
fn tree(directory: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()) {
        if fs::symlink_metadata(&entry).is_ok_and(|meta| meta.is_dir()) {
            paths.extend(tree(&entry));
        }
        paths.push(entry);
    }
    paths
}

fn set_modified(path: &Path, moment: SystemTime) {
    fs::File::options().read(true).open(path).and_then(|file| file.set_modified(moment)).expect("a date");
}

#[allow(clippy::print_stderr)]
fn skipped(test: &str, why: &str) {
    eprintln!("skipped: {test}, because {why}");
}

fn runs_as_root() -> bool {
    rustix::process::geteuid().is_root()
}
