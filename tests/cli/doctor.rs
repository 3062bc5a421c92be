//! What the doctor finds, and what it puts back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// What the doctor said who found something that is still wrong.
fn complained(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let place = tempfile::tempdir().expect("a directory");
    let absent = webstack(place.path(), &["doctor"]);
    assert_eq!(absent.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&absent.stderr).contains("there is no directory"), "{absent:?}");
    assert!(!place.path().join("WebStack-sessions").exists(), "nothing is made");

    begin(&application(place.path()), |session| session.set_user("ann").expect("open"));
    let good = said(&webstack(place.path(), &["doctor"]));
    assert!(good.ends_with("WebStack-sessions: good; 1 sessions, 1 of them signed in\n"), "{good}");

    let directory = place.path().join("WebStack-sessions");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).expect("it is ours");
    let open = webstack(place.path(), &["doctor"]);
    assert_eq!(open.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&open.stderr).contains("chmod"), "{open:?}");
    let memory = webstack(place.path(), &["--store", "memory:", "list"]);
    assert_eq!(memory.status.code(), Some(2));
}

#[test]
fn the_doctor_tells_a_directory_of_other_things_from_one_for_sessions() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("WebStack-sessions");
    fs::create_dir(&directory).expect("a directory");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let examined = said(&webstack(place.path(), &["doctor"]));
    assert!(
        examined.ends_with(": good; 0 sessions, 0 of them signed in\n"),
        "it is made for the first ones: {examined}"
    );

    fs::create_dir(directory.join("de")).expect("a directory");
    fs::write(directory.join("de/index.html"), "eine Seite").expect("a site in German");
    fs::write(directory.join(".htaccess"), "Require all granted\n").expect("a file");
    let examined = complained(&webstack(place.path(), &["doctor"]));
    assert!(examined.contains(": not good; 0 sessions"), "{examined}");
    let finding = format!("\n{} does not look like a session directory", directory.display());
    assert!(examined.contains(&finding), "{examined}");
    assert_eq!(complained(&webstack(place.path(), &["doctor", "--repair"])), examined, "that is nothing to repair");

    begin(&application(place.path()), |session| session.insert("n", &1).expect("open"));
    assert_eq!(said(&webstack(place.path(), &["doctor"])).lines().count(), 1, "sessions are there now");
}

#[test]
fn what_cannot_be_read_is_counted_and_named() {
    let place = tempfile::tempdir().expect("a directory");
    begin(&application(place.path()), |session| session.insert("n", &1).expect("open"));
    let directory = place.path().join("WebStack-sessions");
    let junk = directory.join("00").join("00112233445566778899aabbccddeeff");
    fs::create_dir_all(directory.join("00")).expect("a directory");
    fs::write(&junk, "junk").expect("a file");
    let examined = complained(&webstack(place.path(), &["doctor"]));
    assert!(examined.contains("not good; 1 sessions"), "{examined}");
    assert!(examined.contains(&format!("1 cannot be read, the first is {}", junk.display())), "{examined}");
    let listed = webstack(place.path(), &["list"]);
    assert_eq!(said(&listed).lines().count(), 1);
    assert!(String::from_utf8_lossy(&listed.stderr).contains("1 cannot be read"), "{listed:?}");
}

#[test]
fn the_doctor_puts_back_what_a_copy_lacks() {
    let place = tempfile::tempdir().expect("a directory");
    let sessions = application(place.path());
    for _ in 0..3 {
        begin(&sessions, |session| session.set_user("ann").expect("open"));
    }
    // A directory that is copied while it is used may have the owners of a while before.
    fs::remove_dir_all(place.path().join("WebStack-sessions/owners")).expect("it is ours");
    assert_eq!(said(&webstack(place.path(), &["list", "--user", "ann"])), "");
    let examined = complained(&webstack(place.path(), &["doctor"]));
    assert!(examined.contains("\n3 missing in the index of users") && examined.contains("--repair"), "{examined}");
    assert_eq!(said(&webstack(place.path(), &["list", "--user", "ann"])), "", "nothing was changed");
    let repaired = said(&webstack(place.path(), &["doctor", "--repair"]));
    assert!(repaired.contains("\n3 missing in the index of users") && repaired.contains("put back"), "{repaired}");
    assert_eq!(said(&webstack(place.path(), &["doctor"])).lines().count(), 1, "nothing is wrong any more");
    assert_eq!(said(&webstack(place.path(), &["end", "--user", "ann"])), "3 ended\n");
    assert_eq!(said(&webstack(place.path(), &["list"])), "");
}
