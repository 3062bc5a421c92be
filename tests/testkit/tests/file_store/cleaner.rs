//! Another program that tidies up.

use super::*;

/// Wherever the directory is: a part of its path that looks like one of ours means nothing.
#[test]
fn the_cleaner_of_the_documentation_removes_old_sessions_and_nothing_else() {
    let documented = include_str!("../../../../docs/storage-format.md");
    let (command, _) = documented.split_once("`find ").and_then(|(_, rest)| rest.split_once('`')).expect("a command");
    let above = tempfile::tempdir().expect("a directory");
    let place = Place { directory: above.path().join("ab/sessions"), ..Place::new() };
    fs::create_dir(above.path().join("ab")).expect("a directory");
    let place = Place { store: open(&place.directory, &place.clock), ..place };
    place.create(Some(alice()));
    fs::write(place.directory.join("last-purge"), "\n").expect("a file");
    let is_marker = |path: &Path| path.is_file() && path.starts_with(place.directory.join("owners"));
    let before = tree(&place.directory);
    let old = SystemTime::now() - 3 * HOUR;
    for path in before.iter().filter(|path| !is_marker(path)) {
        set_modified(path, old);
    }
    let command = format!("find {command}").replace("DIRECTORY", &place.directory.display().to_string());
    let done = std::process::Command::new("sh").args(["-c", &command.replace("+N", "+120")]).status();
    assert!(done.expect("a shell").success());
    let removed: Vec<_> = before.iter().filter(|path| !path.exists()).collect();
    assert_eq!(removed, [&place.file()]);
}
