//! A directory with sessions, on a file system of one kind, and as many of them as are wanted.

use std::ffi::CString;
use std::fs::{DirBuilder, File, FileTimes, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use tempfile::TempDir;
use webstack_core::store::{Created, Durability, Entry, FileStore, Store as _, Version};
use webstack_core::{Clock as _, SessionId, SystemClock};

use super::bare::Names;
use crate::machine::file_system;

/// A record of an ordinary session.
const RECORD: usize = 300;
/// A record for which the file has to grow.
const GROWN: usize = 600;

/// How long what expired did so ago: long enough that nobody spares it.
const AGO: Duration = Duration::from_secs(7200);

/// A session directory that is removed in the end.
#[derive(Debug)]
pub(crate) struct Tree {
    place: TempDir,
    /// What the file system is called.
    pub(crate) kind: String,
    /// The file of a session that lives, and its version.
    pub(crate) file: Vec<u8>,
    pub(crate) version: Version,
    /// The file of such a session after it has grown.
    pub(crate) grown: Vec<u8>,
    expired: Vec<u8>,
}

impl Tree {
    /// A new one on the disk: where temporary files are.
    pub(crate) fn on_disk() -> Self {
        Tree::new(&std::env::temp_dir())
    }

    /// A new one in memory, if there is a file system in memory.
    pub(crate) fn in_memory() -> Option<Self> {
        let place = Path::new("/dev/shm");
        (file_system(place) == "tmpfs").then(|| Tree::new(place))
    }

    fn new(place: &Path) -> Self {
        let kind = file_system(&place.canonicalize().expect("the directory is there"));
        let place = tempfile::Builder::new().prefix("webstack-bench-").tempdir_in(place).expect("a directory");
        let store = store(&place.path().join("templates"), Durability::None);
        let template = |number: u64, entry: &Entry| {
            let id = id(number);
            let created = store.create(&id, entry.clone()).now_or_never().expect("inline").expect("a new file");
            let Created::New(version) = created else { panic!("a random name is taken") };
            (std::fs::read(store.directory().join(relative(&id))).expect("its file"), version)
        };
        let (file, version) = template(0, &entry(RECORD));
        let (grown, _) = template(1, &entry(GROWN));
        let (expired, _) = template(2, &Entry { expires: Some(SystemClock.now() - AGO), ..entry(RECORD) });
        let tree = Tree { place, kind, file, version, grown, expired };
        drop(tree.store(Durability::None));
        for shard in 0..=u8::MAX {
            let path = tree.directory().join(format!("{shard:02x}"));
            DirBuilder::new().mode(0o700).create(path).expect("it is new");
        }
        tree
    }

    pub(crate) fn directory(&self) -> PathBuf {
        self.place.path().join("sessions")
    }

    /// A store over this directory.
    pub(crate) fn store(&self, durability: Durability) -> FileStore {
        store(&self.directory(), durability)
    }

    /// Makes sessions that live: files that are what the store writes, written by hand, which is quicker.
    pub(crate) fn plant(&self, numbers: impl Iterator<Item = u64>) {
        for number in numbers {
            self.put(&id(number), &self.file);
        }
        self.sync();
    }

    /// Waits until all is on the disk, so that what follows does not.
    pub(crate) fn sync(&self) {
        let directory = File::open(self.directory()).expect("it is there");
        rustix::fs::syncfs(&directory).expect("a disk that works");
    }

    /// Makes sessions that expired a while ago.
    pub(crate) fn plant_expired(&self, numbers: impl Iterator<Item = u64>) {
        for number in numbers {
            let times = FileTimes::new().set_modified(SystemTime::now() - AGO);
            self.put(&id(number), &self.expired).set_times(times).expect("its own file");
        }
    }

    fn put(&self, id: &SessionId, bytes: &[u8]) -> File {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = options.open(self.directory().join(relative(id))).expect("a new file");
        file.write_all_at(bytes, 0).expect("there is room");
        file
    }
}

fn store(directory: &Path, durability: Durability) -> FileStore {
    FileStore::builder(directory).durability(durability).open().expect("a new directory")
}

/// The entry of an ordinary session, or of a large one.
pub(crate) fn ordinary() -> Entry {
    entry(RECORD)
}

/// The entry of a session for which the file has to grow.
pub(crate) fn larger() -> Entry {
    entry(GROWN)
}

fn entry(length: usize) -> Entry {
    let expires = Some(SystemClock.now() + Duration::from_secs(86_400));
    Entry { bytes: vec![b'x'; length].into(), expires, owner: None }
}

/// The id of a session: the same for the same number, random otherwise (splitmix64).
pub(crate) fn id(number: u64) -> SessionId {
    let mixed = |seed: u64| {
        let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let halves = [mixed(2 * number + 1), mixed(2 * number + 2)];
    SessionId::from_bytes(halves.map(u64::to_be_bytes).concat().try_into().expect("twice eight"))
}

/// The names of a session's file.
pub(crate) fn names(id: &SessionId) -> Names {
    let name = |text: String| CString::new(text).expect("no zeros");
    let shard = format!("{:02x}", id.as_bytes()[0]);
    Names {
        file: name(relative(id)),
        temporary: name(format!("{shard}/.webstack-{:.16}.tmp", id.to_string())),
        shard: name(shard),
    }
}

fn relative(id: &SessionId) -> String {
    format!("{:02x}/{id}", id.as_bytes()[0])
}
