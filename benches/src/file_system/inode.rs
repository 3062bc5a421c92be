//! That a read leaves the file's inode alone, so that nothing has to be written because something was read.

use std::fmt::Write as _;
use std::fs::{File, FileTimes, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use webstack_core::store::Durability;

use super::bare::Bare;
use super::operations::{ByStore, Files as _, Operation};
use super::tree::{Tree, id, names};
use crate::page::Page;

/// Looks at inodes before and after.
pub(crate) fn run(trees: &[Tree], page: &Page) {
    let mut table = String::from("| changed by a read | of the store | of others |\n|---|---|---|\n");
    // Far from the sessions of other measurements.
    let number = 1 << 50;
    for tree in trees {
        tree.plant([number].into_iter());
        let path = tree.directory().join(names(&id(number)).file.to_str().expect("digits"));
        let mut store = ByStore::new(tree, Durability::None, [number].into_iter());
        let by_store = changed(&path, || store.act(Operation::Read, 0));
        let mut bare = Bare::open(&tree.directory(), Durability::None);
        let by_others = changed(&path, || bare.read_noted(&names(&id(number))).expect("it is there"));
        let _ = writeln!(table, "| {} | {by_store} | {by_others} |", tree.kind);
    }
    page.table("file inodes", &table);
}

/// What a read changes of a file that was changed after it was read last: that is when `relatime` notes the next one.
fn changed(path: &PathBuf, read: impl FnOnce()) -> String {
    let long_ago = SystemTime::now() - Duration::from_secs(1_000);
    let file = File::options().write(true).open(path).expect("it is there");
    file.set_times(FileTimes::new().set_accessed(long_ago)).expect("its own file");
    let moments = || {
        let metadata = path.metadata().expect("it is there");
        let of = |name, seconds: fn(&Metadata) -> i64, nanoseconds: fn(&Metadata) -> i64| {
            (name, seconds(&metadata), nanoseconds(&metadata))
        };
        [
            of("atime", Metadata::atime, Metadata::atime_nsec),
            of("mtime", Metadata::mtime, Metadata::mtime_nsec),
            of("ctime", Metadata::ctime, Metadata::ctime_nsec),
        ]
    };
    let before = moments();
    read();
    let after = moments();
    let changed: Vec<_> = before.iter().zip(after).filter(|(one, other)| *one != other).map(|(one, _)| one.0).collect();
    if changed.is_empty() { "nothing".to_owned() } else { changed.join(", ") }
}
