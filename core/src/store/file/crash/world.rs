//! The directory that all runs of a scenario begin with, and what is left in it when they end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::store::file::entry_file::peek;
use crate::store::file::owners::OWNERS;
use crate::store::file::root::{Root, entry_path};
use crate::store::file::temporary::is_temporary;
use crate::store::file::{FileStore, write};
use crate::store::{Created, Durability, Entry, OwnerKey, Removed, Stored, Updated, Version};
use crate::{Clock as _, SessionId, SystemClock, Timestamp};

/// All of it is in the last directory: a purge that begins there goes through nothing else.
pub(super) const FF: u8 = 0xff;
pub(super) const ID: SessionId = SessionId::from_bytes([FF, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
pub(super) const OTHER: SessionId = SessionId::from_bytes([FF, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
pub(super) const ALICE: OwnerKey = OwnerKey::from_bytes([FF; 32]);
pub(super) const BOB: OwnerKey = OwnerKey::from_bytes({
    let mut key = [FF; 32];
    key[31] = 0;
    key
});

/// A payload for a slot of the smallest size.
pub(super) const SMALL: usize = 100;
/// A payload that asks for a larger one.
pub(super) const LARGE: usize = 600;

/// A directory, and what it is like at the beginning.
pub(super) struct World {
    pub(super) root: Arc<Root>,
    pub(super) first: Vec<(SessionId, Stored)>,
    pub(super) now: Timestamp,
    place: tempfile::TempDir,
    kept: Vec<Kept>,
}

/// A directory, or a file with what is in it.
struct Kept {
    path: PathBuf,
    bytes: Option<(Vec<u8>, SystemTime)>,
}

impl World {
    /// An empty directory, and in it what is made there.
    pub(super) fn new(make: impl FnOnce(&World)) -> Self {
        World::with(Durability::None, make)
    }

    pub(super) fn with(durability: Durability, make: impl FnOnce(&World)) -> Self {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let place = place.expect("a temporary directory");
        let builder = FileStore::builder(place.path()).insecure_allow_network_fs(true).durability(durability);
        let root = Arc::clone(&builder.open().expect("a fit directory").root);
        let mut world = World { root, first: Vec::new(), now: SystemClock.now(), place, kept: Vec::new() };
        make(&world);
        let found = |id| peek(&world.root, &id).expect("it can be read").map(|stored| (id, stored));
        world.first = [ID, OTHER].into_iter().filter_map(found).collect();
        for directory in world.directories() {
            keep(&directory, &mut world.kept);
        }
        world
    }

    /// A file with one entry in both slots.
    pub(super) fn fresh() -> Self {
        World::new(|world| {
            world.create(ID, world.entry('a', SMALL));
        })
    }

    /// A file whose slots hold an entry and the one before it.
    pub(super) fn updated() -> Self {
        World::new(|world| world.update_twice(world.entry('b', SMALL)))
    }

    /// No session yet, and the directory where it will be.
    pub(super) fn with_shard() -> Self {
        World::new(World::make_shard)
    }

    pub(super) fn make_shard(&self) {
        self.root.base().make_directory(&format!("{FF:02x}")).expect("it is ours");
    }

    /// The same, by a process that has made a session there.
    pub(super) fn make_shard_known(&self) {
        self.create(OTHER, self.entry('a', SMALL));
        let removed = write::remove(&self.root, &OTHER, self.now).expect("it is free");
        assert_eq!(removed, Removed::Removed);
    }

    pub(super) fn update_twice(&self, last: Entry) {
        let version = self.create(ID, self.entry('a', SMALL));
        let updated = write::update(&self.root, &ID, version, &last, self.now).expect("it is free");
        assert!(matches!(updated, Updated::Applied(_)));
    }

    pub(super) fn create(&self, id: SessionId, entry: Entry) -> Version {
        match write::create(&self.root, &id, &entry, self.now).expect("a fit directory") {
            Created::New(version) => version,
            Created::Exists => panic!("it is new"),
        }
    }

    /// An entry that lives for an hour, and is filled with one letter.
    pub(super) fn entry(&self, letter: char, length: usize) -> Entry {
        let bytes = letter.to_string().repeat(length).into();
        Entry { bytes, expires: Some(self.now + Duration::from_secs(3600)), owner: None }
    }

    pub(super) fn path_of(&self, id: &SessionId) -> PathBuf {
        self.place.path().join(entry_path(id))
    }

    /// Makes everything as it was at the beginning.
    pub(super) fn reset(&self) {
        for directory in self.directories().iter().filter(|directory| directory.exists()) {
            fs::remove_dir_all(directory).expect("it is ours");
        }
        for Kept { path, bytes } in &self.kept {
            match bytes {
                None => fs::create_dir(path).expect("it was removed"),
                Some((bytes, modified)) => {
                    fs::write(path, bytes).expect("there is space");
                    let is_marker = bytes.is_empty();
                    if is_marker {
                        File::options()
                            .write(true)
                            .open(path)
                            .and_then(|file| file.set_modified(*modified))
                            .expect("it is ours");
                    }
                }
            }
        }
    }

    /// The names of the files that are left, and how many of them are temporary.
    pub(super) fn left(&self) -> (Vec<String>, usize) {
        let mut kept = Vec::new();
        for directory in self.directories() {
            keep(&directory, &mut kept);
        }
        let files = kept.iter().filter(|kept| kept.bytes.is_some());
        let name = |kept: &Kept| kept.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let names: Vec<String> = files.map(name).collect();
        let temporary = names.iter().filter(|name| is_temporary(name)).count();
        (names, temporary)
    }

    fn directories(&self) -> [PathBuf; 2] {
        [format!("{FF:02x}"), OWNERS.to_owned()].map(|name| self.place.path().join(name))
    }
}

fn keep(path: &Path, kept: &mut Vec<Kept>) {
    let Ok(stat) = fs::metadata(path) else { return };
    if stat.is_file() {
        let modified = stat.modified().expect("this system knows");
        kept.push(Kept { path: path.to_owned(), bytes: Some((fs::read(path).expect("it is ours"), modified)) });
        return;
    }
    kept.push(Kept { path: path.to_owned(), bytes: None });
    for entry in fs::read_dir(path).expect("it is ours") {
        keep(&entry.expect("it is ours").path(), kept);
    }
}
