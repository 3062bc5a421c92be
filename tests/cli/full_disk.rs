//! What an operator, and an application that starts, can do on a disk that is full or read-only.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tracing_subscriber::util::SubscriberInitExt as _;
use webstack::{Clock, Timestamp};

use super::*;

/// A file system of a few blocks, which goes with the test. Only root has one.
struct SmallDisk {
    place: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(test: &str) -> Option<Self> {
        let place = tempfile::tempdir().expect("a directory");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs"]).arg(place.path()).output();
        let why = match mounted {
            Ok(output) if output.status.success() => return Some(SmallDisk { place }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned(),
            Err(error) => error.to_string(),
        };
        // a test that cannot say so is still skipped
        let _ = writeln!(std::io::stderr(), "skipped: {test}, because nothing can be mounted here ({why})");
        None
    }

    fn path(&self) -> &Path {
        self.place.path()
    }

    /// Leaves no block to anybody.
    fn fill(&self) {
        let mut file = fs::File::create(self.path().join("filler")).expect("a file");
        let error = std::iter::repeat_with(|| file.write_all(&[0; 4096])).find_map(Result::err);
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::StorageFull));
    }

    fn make_read_only(&self) {
        let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(self.path()).status();
        assert!(remounted.expect("it was there before").success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// It tells a time at which sessions began that have long expired.
#[derive(Debug)]
struct AYearAgo;

impl Clock for AYearAgo {
    fn now(&self) -> Timestamp {
        webstack::SystemClock.now() - YEAR
    }
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// A session that has expired, with the date that its file then has.
fn begin_expired(place: &Path) {
    let directory = place.join("WebStack-sessions");
    let sessions = Sessions::builder().directory(&directory).clock(Arc::new(AYearAgo)).build().expect("a directory");
    let id = begin(&sessions, |session| session.insert("n", &1).expect("open"));
    let file = fs::File::open(directory.join(&id[..2]).join(&id)).expect("its file");
    file.set_modified(SystemTime::now() - YEAR).expect("it is ours");
}

fn failed(output: &Output, status: i32) -> String {
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_full_disk_keeps_no_operator_from_freeing_it() {
    let Some(disk) = SmallDisk::mount("a_full_disk_keeps_no_operator_from_freeing_it") else { return };
    let sessions = application(disk.path());
    begin_expired(disk.path());
    let living = begin(&sessions, |session| session.set_user("ann").expect("open"));
    begin(&sessions, |session| session.insert("n", &2).expect("open"));
    disk.fill();

    let complaint = failed(&webstack(disk.path(), &["doctor"]), 1);
    assert!(complaint.contains("free space") && complaint.contains("`webstack purge`"), "{complaint}");
    assert!(!complaint.contains("right to"), "nobody lacks a right: {complaint}");
    assert_eq!(said(&webstack(disk.path(), &["list"])).lines().count(), 2);
    assert!(said(&webstack(disk.path(), &["setup"])).ends_with("it needs nothing\n"));
    assert_eq!(said(&webstack(disk.path(), &["end", &living])), "1 ended\n");
    disk.fill();
    assert_eq!(said(&webstack(disk.path(), &["purge"])), "1 removed, 1 left\n");
    let good = said(&webstack(disk.path(), &["doctor"]));
    assert!(good.contains(": good; 1 sessions"), "what was freed is enough: {good}");
}

#[test]
fn sessions_move_away_from_a_full_disk() {
    let Some(disk) = SmallDisk::mount("sessions_move_away_from_a_full_disk") else { return };
    let sessions = application(disk.path());
    begin(&sessions, |session| session.set_user("ann").expect("open"));
    let other = tempfile::tempdir().expect("a directory");
    application(other.path());
    disk.fill();
    let from = format!("file:{}", disk.path().join("WebStack-sessions").display());
    let moved = said(&webstack(other.path(), &["move", "--from", &from]));
    assert!(moved.starts_with("1 moved, none left; "), "{moved}");
    assert_eq!(said(&webstack(other.path(), &["list"])).lines().count(), 1);
}

#[test]
fn what_is_moved_to_a_full_disk_says_the_mend() {
    let Some(disk) = SmallDisk::mount("what_is_moved_to_a_full_disk_says_the_mend") else { return };
    application(disk.path());
    let other = tempfile::tempdir().expect("a directory");
    begin(&application(other.path()), |session| session.set_user("ann").expect("open"));
    disk.fill();
    let from = format!("file:{}", other.path().join("WebStack-sessions").display());
    let complaint = failed(&webstack(disk.path(), &["move", "--from", &from]), 1);
    assert!(complaint.contains("No space left") && complaint.contains("`webstack purge`"), "{complaint}");
    fs::remove_file(disk.path().join("filler")).expect("it is ours");
    assert!(said(&webstack(disk.path(), &["move", "--from", &from])).starts_with("1 moved, none left; "));
    assert_eq!(said(&webstack(disk.path(), &["list"])).lines().count(), 1);
}

#[test]
fn an_application_starts_on_a_full_disk_and_goes_on_when_there_is_room() {
    let name = "an_application_starts_on_a_full_disk_and_goes_on_when_there_is_room";
    let Some(disk) = SmallDisk::mount(name) else { return };
    begin(&application(disk.path()), |session| session.insert("n", &1).expect("open"));
    disk.fill();

    let log = tempfile::NamedTempFile::new().expect("a file");
    let writer = Mutex::new(log.reopen().expect("it is there"));
    let logging = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish().set_default();
    let sessions = application(disk.path());
    drop(logging);
    let log = fs::read_to_string(log.path()).expect("text");
    let warned: Vec<_> = log.lines().filter(|line| line.contains("No space left")).collect();
    let directory = disk.path().join("WebStack-sessions");
    assert!(
        matches!(&*warned, [line] if line.contains("WARN") && line.contains(&*directory.to_string_lossy())),
        "{log}"
    );

    assert!(block_on(async { sessions.list().next().await }).expect("it can be read").is_some());
    let stored = block_on(async {
        let exchange = sessions.open_by_token(None);
        exchange.session().load().await?;
        exchange.session().insert("n", &2)?;
        exchange.session().save().await
    });
    assert!(stored.is_err(), "there is no room for another one");
    fs::remove_file(disk.path().join("filler")).expect("it is ours");
    begin(&sessions, |session| session.insert("n", &2).expect("open"));
}

/// An empty `.htaccess` denies nothing, and what is there is never written again.
#[test]
fn what_is_not_written_on_a_full_disk_is_written_at_the_next_start() {
    let Some(disk) = SmallDisk::mount("what_is_not_written_on_a_full_disk_is_written_at_the_next_start") else {
        return;
    };
    disk.fill();
    application(disk.path());
    let directory = disk.path().join("WebStack-sessions");
    assert_eq!(fs::read_dir(&directory).expect("it was made").count(), 0, "nothing that is half written");
    fs::remove_file(disk.path().join("filler")).expect("it is ours");
    application(disk.path());
    assert!(fs::read_to_string(directory.join(".htaccess")).expect("a file").contains("Require all denied"));
}

#[test]
fn a_read_only_disk_is_looked_at() {
    let Some(disk) = SmallDisk::mount("a_read_only_disk_is_looked_at") else { return };
    let sessions = application(disk.path());
    let id = begin(&sessions, |session| session.insert("n", &1).expect("open"));
    disk.make_read_only();

    assert_eq!(said(&webstack(disk.path(), &["list"])).lines().count(), 1);
    assert_eq!(said(&webstack(disk.path(), &["purge"])), "0 removed, 1 left\n");
    assert!(said(&webstack(disk.path(), &["setup"])).ends_with("it needs nothing\n"));
    let complaint = failed(&webstack(disk.path(), &["end", &id]), 1);
    assert!(complaint.contains("Read-only"), "{complaint}");
    let complaint = failed(&webstack(disk.path(), &["doctor"]), 2);
    assert!(complaint.contains("cannot write") && complaint.contains("Read-only"), "{complaint}");
    let directory = disk.path().join("WebStack-sessions");
    assert!(Sessions::builder().directory(directory).build().is_err(), "no application starts there");
}
