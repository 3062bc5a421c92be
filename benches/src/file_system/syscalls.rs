//! What the store asks the system for, counted by strace: this program again, which does one operation between two marks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use futures_util::FutureExt as _;
use webstack_core::store::{Durability, PurgeStep, Store as _};

use super::operations::{ByStore, Files, Operation};
use super::tree::Tree;
use crate::page::Page;

/// What is purged: files that may be opened only if they are old.
const PURGED: &str = "purge";
const YOUNG: usize = 100;

/// Looking for a file of this name is the mark.
const MARK: &str = "/a-mark-for-strace-where-no-file-is";

/// Counts with strace; without it nothing, said loudly.
pub(crate) fn run(page: &Page) {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("\n!!! strace is missing: NO SYSTEM CALLS ARE COUNTED. Debian: apt-get install strace\n");
        return;
    }
    let mut table = String::from("| | system calls | which |\n|---|---:|---|\n");
    for operation in Operation::ALL {
        let calls = traced(operation.name(), Durability::None);
        let _ = writeln!(table, "| {} | {} | {} |", operation.name(), calls.len(), named(&calls));
    }
    let calls = traced(Operation::Update.name(), Durability::Data);
    let _ = writeln!(table, "| update, synced | {} | {} |", calls.len(), named(&calls));
    let calls = traced(PURGED, Durability::None);
    let opened = calls.iter().filter(|call| call.contains("open") && has_file(call)).count();
    let _ = writeln!(table, "| files opened by a purge of {YOUNG} young ones | {opened} | {} |", counted(&calls));
    page.table("file system calls", &table);
}

/// What runs inside of strace; false if there is no such operation.
pub(crate) fn be_traced(operation: &str, is_synced: bool) -> bool {
    let tree = Tree::on_disk();
    let durability = if is_synced { Durability::Data } else { Durability::None };
    let settled = if operation == PURGED { YOUNG as u64 } else { 2 };
    tree.plant(0..settled);
    if operation == PURGED {
        let store = tree.store(durability);
        marked(|| store.purge(PurgeStep::new(usize::MAX)).now_or_never());
        return true;
    }
    let Some(operation) = Operation::named(operation) else { return false };
    let mut files = ByStore::new(&tree, durability, 0..settled);
    files.expect(&[settled, settled + 1]);
    for at in [0, 1] {
        if operation.is_of_newcomers() && operation != Operation::Create {
            files.act(Operation::Create, at);
        }
    }
    files.act(operation, 0);
    marked(|| files.act(operation, 1));
    true
}

fn marked<T>(act: impl FnOnce() -> T) {
    let mark = || Path::new(MARK).try_exists().is_ok_and(|exists| !exists);
    assert!(mark(), "nobody has such a file");
    drop(act());
    assert!(mark(), "nobody has such a file");
}

/// The calls between the marks, as strace writes them.
fn traced(operation: &str, durability: Durability) -> Vec<String> {
    let place = tempfile::tempdir().expect("a directory");
    let file: PathBuf = place.path().join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-s", "300", "-o"]).arg(&file);
    command.arg(std::env::current_exe().expect("a program knows where it is")).args(["file-calls", operation]);
    if durability != Durability::None {
        command.arg("--synced");
    }
    assert!(command.status().expect("strace starts").success(), "{operation} fails inside of strace");
    let trace = std::fs::read_to_string(file).expect("what strace wrote");
    between_marks(&trace)
}

fn between_marks(trace: &str) -> Vec<String> {
    let parts: Vec<_> = trace.split_inclusive('\n').collect();
    let marks: Vec<_> = (0..parts.len()).filter(|at| parts[*at].contains(MARK)).collect();
    let [begin, end] = marks[..] else { panic!("there are two marks and not {}", marks.len()) };
    let call = |line: &&str| line.trim_start_matches(|first: char| first.is_ascii_digit() || first == ' ').to_owned();
    parts[begin + 1..end].iter().map(call).collect()
}

fn name(call: &str) -> &str {
    call.split_once('(').map_or("?", |(name, _)| name)
}

fn named(calls: &[String]) -> String {
    calls.iter().map(|call| name(call)).collect::<Vec<_>>().join(", ")
}

/// The names of many calls, each once.
fn counted(calls: &[String]) -> String {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(name(call)).or_insert(0) += 1;
    }
    counts.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

/// Whether a call names a session's file.
fn has_file(call: &str) -> bool {
    let mut names = call.split('"').skip(1).step_by(2);
    names.any(|path| path.len() == 35 && path.as_bytes()[2] == b'/')
}

#[cfg(test)]
mod tests {
    use super::{MARK, between_marks, has_file, named};

    #[test]
    fn calls_between_the_marks_are_found() {
        let trace = format!(
            "12 read(3, 0) = 0\n12 statx(\"{MARK}\") = -1\n12 openat2(4, \"ab/ab000000000000000000000000000000\", 0) = 5\n\
             12 close(5) = 0\n12 statx(\"{MARK}\") = -1\n12 exit(0)\n"
        );
        let calls = between_marks(&trace);
        assert_eq!(named(&calls), "openat2, close");
        assert_eq!([has_file(&calls[0]), has_file(&calls[1])], [true, false]);
    }
}
