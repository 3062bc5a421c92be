//! What a server leaves behind.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A directory for temporary directories, for servers whatever account they run as.
pub(crate) fn scope() -> TempDir {
    let scope = tempfile::Builder::new().prefix("scope-").tempdir().expect("a directory");
    fs::set_permissions(scope.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
    scope
}

/// The processes that work in a directory or were told of it, by id and command.
pub(crate) fn processes_of(directory: &Path) -> Vec<(u32, String)> {
    let directory = directory.to_str().expect("a name in ASCII");
    let about = |process: &Path| {
        let works_in = fs::read_link(process.join("cwd")).unwrap_or_default();
        let command = fs::read(process.join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        (works_in.to_string_lossy().starts_with(directory) || command.contains(directory)).then_some(command)
    };
    let all = fs::read_dir("/proc").expect("Linux has it").flatten().map(|entry| entry.path());
    all.filter_map(|path| Some((path.file_name()?.to_str()?.parse().ok()?, about(&path)?)))
        .filter(|(process, _)| *process != std::process::id())
        .collect()
}

/// The states that those processes are in.
pub(crate) fn states_of(directory: &Path) -> BTreeSet<char> {
    let state = |process| {
        let line = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        line.rsplit_once(") ")?.1.chars().next()
    };
    processes_of(directory).into_iter().filter_map(|(process, _)| state(process)).collect()
}

/// Nothing of a server is left, now.
pub(crate) fn assert_gone(directory: &Path) {
    assert_eq!(processes_of(directory), []);
    assert!(!directory.exists(), "{} is still there", directory.display());
}

/// Nothing of the servers is left that had their directories here, soon.
pub(crate) fn assert_soon_empty(scope: &Path) {
    let begun = Instant::now();
    loop {
        let processes = processes_of(scope);
        let files: Vec<_> = fs::read_dir(scope).expect("it is ours").flatten().map(|entry| entry.path()).collect();
        if processes.is_empty() && files.is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "left behind: {processes:?} {files:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
