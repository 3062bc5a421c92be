//! The operator's command line, over a directory that an application fills.
#![cfg(unix)]

mod doctor;
mod full_disk;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use webstack::{Outcome, Session, Sessions, runtime::block_on};

/// A session that holds what the function puts in; its public id.
fn begin(sessions: &Sessions, fill: impl FnOnce(&Session)) -> String {
    block_on(async {
        let exchange = sessions.open_by_token(None);
        let session = exchange.session();
        session.load().await.expect("it can be loaded");
        fill(&session);
        session.save().await.expect("it can be stored");
        let id = session.id().expect("it is open").expect("it is stored").to_string();
        let _ = exchange.finish(Outcome::Keep).await;
        id
    })
}

fn application(place: &Path) -> Sessions {
    Sessions::builder().directory(place.join("WebStack-sessions")).build().expect("a directory")
}

fn webstack(place: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_webstack"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("WEBSTACK_")) {
        command.env_remove(name);
    }
    command.env_remove("STATE_DIRECTORY").current_dir(place).args(arguments).output().expect("it was built")
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn sessions_are_listed_and_no_token_is_shown() {
    let place = tempfile::tempdir().expect("a directory");
    let sessions = application(place.path());
    let anonymous = begin(&sessions, |session| session.insert("secret", "value").expect("open"));
    let ann = begin(&sessions, |session| {
        session.set_user("ann").expect("open");
        session.set_label("Firefox on Linux").expect("open");
    });
    let all = said(&webstack(place.path(), &["list"]));
    let lines: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().any(|line| line["id"] == *anonymous && line["user"].is_null()));
    assert!(!all.contains("value"), "values are the application's");
    let of_ann = said(&webstack(place.path(), &["list", "--user", "ann"]));
    let line: Value = serde_json::from_str(of_ann.trim()).expect("one line");
    assert_eq!((&line["id"], &line["label"]), (&ann.into(), &"Firefox on Linux".into()));
    assert_eq!(said(&webstack(place.path(), &["list", "--user", "bob"])), "");
}

#[test]
fn sessions_are_ended_by_id_and_by_user() {
    let place = tempfile::tempdir().expect("a directory");
    let sessions = application(place.path());
    let one = begin(&sessions, |session| session.insert("n", &1).expect("open"));
    for _ in 0..2 {
        begin(&sessions, |session| session.set_user("ann").expect("open"));
    }
    assert_eq!(said(&webstack(place.path(), &["end", &one])), "1 ended\n");
    assert_eq!(said(&webstack(place.path(), &["end", &one])), "0 ended\n");
    assert_eq!(said(&webstack(place.path(), &["end", "--user", "ann"])), "2 ended\n");
    assert_eq!(said(&webstack(place.path(), &["list"])), "");
    for wrong in [&["end"][..], &["end", "no-id"], &["end", "--user", "ann", &one]] {
        assert_eq!(webstack(place.path(), wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_purge_says_how_much_it_removed_and_how_much_is_left() {
    let place = tempfile::tempdir().expect("a directory");
    let sessions = application(place.path());
    begin(&sessions, |session| session.insert("n", &1).expect("open"));
    assert_eq!(said(&webstack(place.path(), &["purge"])), "0 removed, 1 left\n");
}

#[test]
fn the_help_says_what_each_status_means() {
    let place = tempfile::tempdir().expect("a directory");
    for arguments in [&["--help"][..], &["doctor", "--help"]] {
        let help = said(&webstack(place.path(), arguments));
        let (_, statuses) = help.split_once("Exit status:").expect("the statuses");
        assert!((0..=3).all(|status| statuses.contains(&format!("\n  {status}  "))), "{help}");
    }
}

/// What the documented commands say that copy a directory in use: as they are pasted, but for the places.
fn copied_as_documented(place: &Path) -> String {
    let documented = include_str!("../../docs/stores.md");
    let (_, commands) = documented.split_once("## A copy of files in use").expect("the part of the page");
    let commands = commands.split("```").nth(1).and_then(|block| block.strip_prefix("sh\n")).expect("commands");
    let (directory, copy) = (place.join("WebStack-sessions"), place.join("copy"));
    let commands = commands.replace("/var/lib/shop/sessions", &directory.display().to_string());
    let commands = commands.replace("/var/backups/sessions", &copy.display().to_string());
    let programs = Path::new(env!("CARGO_BIN_EXE_webstack")).parent().expect("a directory").display();
    let path = format!("{programs}:{}", std::env::var("PATH").expect("a path"));
    said(&Command::new("sh").args(["-ec", &commands]).env("PATH", path).output().expect("a shell"))
}

#[test]
fn the_commands_that_copy_a_directory_in_use_make_a_whole_copy_each_time() {
    let place = tempfile::tempdir().expect("a directory");
    let sessions = application(place.path());
    let ended = begin(&sessions, |session| session.set_user("ann").expect("open"));
    for _ in 0..3 {
        begin(&sessions, |session| session.set_user("ann").expect("open"));
    }
    let told = copied_as_documented(place.path());
    assert!(told.contains("copy: good; 4 sessions, 4 of them signed in\n"), "{told}");
    assert_eq!(said(&webstack(place.path(), &["end", &ended])), "1 ended\n");
    let told = copied_as_documented(place.path());
    assert!(told.contains("copy: good; 3 sessions, 3 of them signed in\n"), "what ended stays ended: {told}");
    let copy = place.path().join("copy");
    assert!(!copy.join("WebStack-sessions").exists(), "there is no copy inside of the copy");
    let of_copy = ["--store", &format!("file:{}", copy.display())];
    assert_eq!(said(&webstack(place.path(), &[&of_copy[..], &["end", "--user", "ann"]].concat())), "3 ended\n");
    assert_eq!(said(&webstack(place.path(), &["list"])).lines().count(), 3, "the sessions in use stay");
}

#[test]
fn the_commands_that_copy_a_directory_in_use_do_where_nobody_signed_in() {
    let place = tempfile::tempdir().expect("a directory");
    begin(&application(place.path()), |session| session.insert("n", &1).expect("open"));
    assert!(!place.path().join("WebStack-sessions/owners").exists());
    let told = copied_as_documented(place.path());
    assert!(told.contains("copy: good; 1 sessions, 0 of them signed in\n"), "{told}");
}

#[test]
fn setting_up_says_what_there_is_to_do() {
    let place = tempfile::tempdir().expect("a directory");
    application(place.path());
    let done = said(&webstack(place.path(), &["setup"]));
    assert!(done.ends_with("WebStack-sessions: it needs nothing\n"), "{done}");
}

#[test]
#[cfg(feature = "lmdb")]
fn sessions_move_from_one_store_to_another() {
    let place = tempfile::tempdir().expect("a directory");
    let sessions = application(place.path());
    for number in 0..250 {
        begin(&sessions, |session| session.insert("n", &number).expect("open"));
    }
    std::fs::create_dir(place.path().join("lmdb")).expect("a directory");
    std::fs::set_permissions(place.path().join("lmdb"), std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .expect("ours");
    let to = format!("lmdb:{}", place.path().join("lmdb").display());
    let unnamed = webstack(place.path(), &["--store", &to, "move"]);
    assert_eq!(unnamed.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unnamed.stderr).contains("WEBSTACK_MOVE_FROM"), "{unnamed:?}");
    let from = format!("file:{}", place.path().join("WebStack-sessions").display());
    let moved = said(&webstack(place.path(), &["--store", &to, "move", "--from", &from]));
    assert!(moved.starts_with("250 moved, none left; "), "{moved}");
    assert_eq!(said(&webstack(place.path(), &["--store", &to, "list"])).lines().count(), 250);
    assert_eq!(said(&webstack(place.path(), &["list"])), "");
    let junk = place.path().join("WebStack-sessions/00/00112233445566778899aabbccddeeff");
    std::fs::create_dir_all(junk.parent().expect("a directory")).expect("a directory");
    std::fs::write(&junk, "junk").expect("a file");
    let again = webstack(place.path(), &["--store", &to, "move", "--from", &from]);
    assert!(said(&again).starts_with("0 moved, none left; "), "{again:?}");
    let passed_over = format!("1 cannot be read, the first is {}", junk.display());
    assert!(String::from_utf8_lossy(&again.stderr).contains(&passed_over), "{again:?}");
    assert_eq!(said(&webstack(place.path(), &["--store", &to, "purge"])), "0 removed\n");
}

#[test]
#[cfg(not(feature = "lmdb"))]
fn a_store_that_is_not_compiled_in_names_its_feature() {
    let place = tempfile::tempdir().expect("a directory");
    let refused = webstack(place.path(), &["--store", "lmdb:/tmp/sessions", "doctor"]);
    assert_eq!(refused.status.code(), Some(2));
    let line = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(line.contains("WEBSTACK_STORE") && line.contains("feature `lmdb`"), "{line}");
}

#[test]
#[cfg(feature = "sqlite")]
fn a_database_is_looked_at_and_not_made() {
    let place = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite:{}/sqlite/sessions.db", place.path().display());
    let absent = webstack(place.path(), &["--store", &url, "doctor"]);
    assert_eq!(absent.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&absent.stderr).contains("there is no file"), "{absent:?}");
    assert!(!place.path().join("sqlite").exists(), "nothing is made");

    let sessions = Sessions::builder().store_url(&url).build().expect("a good URL");
    assert!(block_on(sessions.set_up()).expect("its tables are made"));
    begin(&sessions, |session| session.set_user("ann").expect("open"));
    let good = said(&webstack(place.path(), &["--store", &url, "doctor"]));
    assert!(good.ends_with("sessions.db: good; 1 sessions, 1 of them signed in\n"), "{good}");
    assert!(said(&webstack(place.path(), &["--store", &url, "setup"])).ends_with(": its tables are there\n"));
}

#[test]
fn nothing_is_moved_out_of_a_directory_of_other_things() {
    let place = tempfile::tempdir().expect("a directory");
    application(place.path());
    let other = place.path().join("other");
    std::fs::create_dir(&other).expect("a directory");
    std::fs::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("ours");
    let from = ["move", "--from", &format!("file:{}", other.display())];
    let empty = said(&webstack(place.path(), &from));
    assert!(empty.starts_with("0 moved, none left; "), "its sessions have moved: {empty}");

    std::fs::write(other.join("index.html"), "a site").expect("a file");
    let refused = webstack(place.path(), &from);
    assert_eq!((refused.status.code(), &*refused.stdout), (Some(2), &b""[..]), "{refused:?}");
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    let named = format!("WEBSTACK_MOVE_FROM: {} does not look like a session directory", other.display());
    assert!(why.contains(&named) && why.contains("name the one"), "{why}");

    let sessions = Sessions::builder().directory(&other).build().expect("a directory");
    begin(&sessions, |session| session.insert("n", &1).expect("open"));
    assert!(said(&webstack(place.path(), &from)).starts_with("1 moved, none left; "), "sessions are there now");
}

/// That may be where there are none yet, whatever else is there.
#[test]
fn where_sessions_move_to_other_things_may_be() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("WebStack-sessions");
    std::fs::create_dir(&directory).expect("a directory");
    std::fs::set_permissions(&directory, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("ours");
    std::fs::write(directory.join("index.html"), "a site").expect("a file");
    let old = tempfile::tempdir().expect("a directory");
    application(old.path());
    let from = format!("file:{}", old.path().join("WebStack-sessions").display());
    let moved = said(&webstack(place.path(), &["move", "--from", &from]));
    assert!(moved.starts_with("0 moved, none left; "), "{moved}");
}

#[test]
fn a_store_is_not_moved_to_itself_by_whatever_name() {
    let place = tempfile::tempdir().expect("a directory");
    let sessions = application(place.path());
    begin(&sessions, |session| session.insert("n", &1).expect("open"));
    let directory = place.path().join("WebStack-sessions");
    let url = format!("file:{}", directory.display());
    let same = webstack(place.path(), &["--store", &url, "move", "--from", &url]);
    assert_eq!(same.status.code(), Some(2), "{same:?}");
    assert!(String::from_utf8_lossy(&same.stderr).contains("WEBSTACK_MOVE_FROM"), "{same:?}");
    let other_name = format!("{url}/../WebStack-sessions");
    let same = webstack(place.path(), &["--store", &other_name, "move", "--from", &url]);
    assert_eq!(same.status.code(), Some(1), "{same:?}");
    assert!(String::from_utf8_lossy(&same.stderr).contains("the same store"), "{same:?}");
    assert_eq!(said(&webstack(place.path(), &["list"])).lines().count(), 1, "nothing is lost");
}

#[test]
#[cfg(feature = "redis")]
fn a_server_that_is_away_is_named_with_its_cause_once_and_the_mend() {
    let place = tempfile::tempdir().expect("a directory");
    let away = webstack(place.path(), &["--store", "redis://:sekret@127.0.0.1:1", "doctor"]);
    assert_eq!(away.status.code(), Some(1));
    let line = String::from_utf8_lossy(&away.stderr).into_owned();
    assert!(line.starts_with("webstack: redis://127.0.0.1:1: ") && line.contains("see that it runs"), "{line}");
    assert_eq!((line.matches("refused").count(), line.matches("unavailable").count()), (1, 1), "{line}");
    assert!(!line.contains("sekret"), "{line}");
}
