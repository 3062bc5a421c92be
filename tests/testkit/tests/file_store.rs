//! What only a directory can do wrong.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

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
        block_on(self.store.update(&id(), seen, entry()))
    }

    fn remove(&self) -> Result<Removed, StoreError> {
        block_on(self.store.remove(&id()))
    }

    fn purge(&self) -> Purged {
        block_on(self.store.purge(PurgeStep::new(10_000))).expect("a purge")
    }

    fn assert_corrupt(&self, what: &str) {
        let version = Version::new(1);
        assert!(matches!(self.load(), Err(StoreError::Corrupt(_))), "load: {what}");
        assert!(matches!(self.update(version), Err(StoreError::Corrupt(_))), "update: {what}");
        let touched = block_on(self.store.touch(&id(), version, None));
        assert!(matches!(touched, Err(StoreError::Corrupt(_))), "touch: {what}");
        assert!(matches!(block_on(self.store.create(&id(), entry())), Ok(Created::Exists)), "create: {what}");
        assert!(matches!(block_on(self.store.list(None, 9)), Ok(listed) if listed.is_empty()), "list: {what}");
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

mod format {
    use super::*;

    #[test]
    fn truncated_at_every_byte_is_corrupt_and_never_a_panic() {
        let place = Place::new();
        place.create(Some(alice()));
        let whole = fs::read(place.file()).expect("the file");
        for length in 1..whole.len() {
            place.plant(&whole[..length]);
            place.assert_corrupt(&format!("{length} bytes of {}", whole.len()));
        }
        place.plant(&[&whole[..], b"x"].concat());
        place.assert_corrupt("one byte too many");
        place.plant(&whole);
        assert_eq!(place.load().expect("whole again").expect("an entry").entry.bytes, "some text");
    }

    #[test]
    fn a_flipped_bit_is_corrupt_wherever_it_is() {
        let place = Place::new();
        place.create(Some(alice()));
        let whole = fs::read(place.file()).expect("the file");
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            place.plant(&flipped);
            assert!(matches!(place.load(), Err(StoreError::Corrupt(_))), "bit {bit}");
        }
    }

    #[test]
    fn what_never_was_a_session_is_corrupt() {
        let place = Place::new();
        for (what, bytes) in [("text", &b"hello"[..]), ("zeros", &[0; 4096]), ("json", b"{\"a\":1}")] {
            place.plant(bytes);
            place.assert_corrupt(what);
        }
    }

    #[test]
    fn an_oversized_file_is_corrupt_and_an_oversized_entry_is_not_written() {
        let place = Place::new();
        place.plant(b"");
        fs::File::options()
            .write(true)
            .open(place.file())
            .and_then(|file| file.set_len(1 << 40))
            .expect("a sparse file");
        place.assert_corrupt("a terabyte of zeros");
        assert!(matches!(place.remove(), Ok(Removed::Removed)));

        let large = Entry { bytes: vec![0; 16 << 20].into(), ..entry() };
        assert!(matches!(block_on(place.store.create(&id(), large.clone())), Err(StoreError::Broken(_))));
        assert!(matches!(place.load(), Ok(None)));
        let version = place.create(None);
        assert!(matches!(block_on(place.store.update(&id(), version, large)), Err(StoreError::Broken(_))));
        assert_eq!(place.load().expect("the old").expect("an entry").version, version);
    }

    #[test]
    fn a_corrupt_file_can_be_removed() {
        let place = Place::new();
        place.plant(b"garbage");
        assert!(matches!(place.remove(), Ok(Removed::Removed)));
        assert!(matches!(place.load(), Ok(None)));
    }

    #[test]
    fn an_empty_file_is_absent_and_does_not_hold_up_a_creation() {
        let place = Place::new();
        place.plant(b"");
        assert!(matches!(place.load(), Ok(None)));
        assert!(matches!(place.update(Version::new(1)), Ok(Updated::Gone)));
        assert!(matches!(block_on(place.store.touch(&id(), Version::new(1), None)), Ok(Touched::Gone)));
        assert!(matches!(place.remove(), Ok(Removed::Absent)));
        place.plant(b"");
        place.create(None);
        assert!(matches!(place.load(), Ok(Some(_))));
    }
}

mod foreign_files {
    use super::*;

    #[test]
    fn a_link_is_corrupt_and_its_target_untouched() {
        let (place, other) = (Place::new(), Place::new());
        other.create(None);
        fs::create_dir(place.directory.join("00")).expect("a shard");
        symlink(other.file(), place.file()).expect("a link");
        place.assert_corrupt("a link to a living session");
        let _ = place.purge();
        assert!(matches!(place.remove(), Ok(Removed::Removed)), "the link itself");
        assert!(matches!(other.load(), Ok(Some(_))), "its target is untouched");
        symlink(place.directory.join("nowhere"), place.file()).expect("a link");
        place.assert_corrupt("a dangling link");
        assert!(!place.directory.join("nowhere").exists());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_link_in_the_place_of_a_shard_is_not_followed() {
        let (place, other) = (Place::new(), Place::new());
        other.create(None);
        symlink(other.directory.join("00"), place.directory.join("00")).expect("a link");
        assert!(matches!(place.load(), Err(StoreError::Corrupt(_))));
        assert!(block_on(place.store.create(&id(), entry())).is_err());
        let second = "00ffffffffffffffffffffffffffffff".parse().expect("an id");
        assert!(block_on(place.store.create(&second, entry())).is_err());
        let _ = place.remove();
        assert!(matches!(block_on(place.store.list(None, 9)), Ok(listed) if listed.is_empty()));
        let _ = place.purge();
        assert!(matches!(other.load(), Ok(Some(_))), "what is behind the link is untouched");
        assert_eq!(fs::read_dir(other.directory.join("00")).expect("a shard").count(), 1);
    }

    #[test]
    fn a_fifo_is_corrupt_and_nobody_waits_for_its_other_end() {
        let place = Place::new();
        fs::create_dir(place.directory.join("00")).expect("a shard");
        let made = std::process::Command::new("mkfifo").arg(place.file()).status();
        assert!(made.expect("mkfifo").success());
        place.assert_corrupt("a fifo");
        let _ = place.purge();
        assert!(place.file().exists());
        assert!(matches!(place.remove(), Ok(Removed::Removed)));
    }

    #[test]
    fn a_directory_is_corrupt_and_removed_only_if_it_is_empty() {
        let place = Place::new();
        fs::create_dir_all(place.file().join("precious")).expect("directories");
        place.assert_corrupt("a directory");
        let _ = place.purge();
        assert!(matches!(place.remove(), Err(StoreError::Corrupt(_))));
        fs::remove_dir(place.file().join("precious")).expect("it is still there");
        assert!(matches!(place.remove(), Ok(Removed::Removed)));
    }

    #[test]
    fn a_purge_leaves_what_is_not_ours() {
        let place = Place::new();
        place.create(Some(alice()));
        let foreign = [
            "notes.txt",
            "00/notes.txt",
            "00/.webstack-notes.tmp",
            "00/00112233445566778899AABBCCDDEEFF",
            // A session's name in another session's directory.
            "01/00112233445566778899aabbccddeeff",
            "zz/00112233445566778899aabbccddeeff",
            "owners/README",
        ];
        for name in foreign {
            let path = place.directory.join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, "mine").expect("a file");
        }
        place.clock.advance(1000 * HOUR);
        assert_eq!(place.purge().removed, 0);
        for name in foreign {
            assert_eq!(fs::read_to_string(place.directory.join(name)).expect(name), "mine");
        }
        assert_eq!(block_on(place.store.list(None, 9)).expect("a list").len(), 1);
    }
}

mod purge {
    use super::*;

    #[test]
    fn leftovers_of_killed_processes_are_removed_after_an_hour() {
        let place = Place::new();
        place.plant(b"");
        let corrupt = "00ffffffffffffffffffffffffffffff";
        fs::write(place.directory.join("00").join(corrupt), "half an en").expect("a file");
        fs::write(place.directory.join("00/.webstack-0123456789abcdef.tmp"), "half an en").expect("a file");
        assert_eq!(place.purge().removed, 0, "somebody may be at work on them");
        place.clock.advance(HOUR + Duration::from_secs(60));
        assert_eq!(place.purge().removed, 3);
        assert_eq!(fs::read_dir(place.directory.join("00")).expect("a shard").count(), 0);
    }

    #[test]
    fn a_file_younger_than_what_is_spared_is_not_read() {
        let place = Place::new();
        let store = FileStore::builder(&place.directory).clock(Arc::new(place.clock.clone()));
        let store = store.purge_spares(HOUR).open().expect("a fit directory");
        let deadline = place.clock.now() + Duration::from_secs(1);
        let _ = block_on(store.create(&id(), Entry { expires: Some(deadline), ..entry() })).expect("a creation");
        let purge = || block_on(store.purge(PurgeStep::new(9))).expect("a purge").removed;
        place.clock.advance(HOUR - Duration::from_secs(60));
        assert_eq!(purge(), 0);
        place.clock.advance(Duration::from_secs(120));
        assert_eq!(purge(), 1);
    }

    #[test]
    fn a_date_far_ahead_does_not_keep_a_file_for_ever() {
        let place = Place::new();
        let store = FileStore::builder(&place.directory).clock(Arc::new(place.clock.clone()));
        let store = store.purge_spares(HOUR).open().expect("a fit directory");
        let deadline = place.clock.now() + Duration::from_secs(1);
        let _ = block_on(store.create(&id(), Entry { expires: Some(deadline), ..entry() })).expect("a creation");
        set_modified(&place.file(), SystemTime::now() + 100_000 * HOUR);
        place.clock.advance(2 * GRACE);
        assert_eq!(block_on(store.purge(PurgeStep::new(9))).expect("a purge").removed, 1);
    }

    #[test]
    fn a_held_file_is_passed_over() {
        let place = Place::new();
        let deadline = place.clock.now() + Duration::from_secs(1);
        let expiring = Entry { expires: Some(deadline), ..entry() };
        let _ = block_on(place.store.create(&id(), expiring.clone())).expect("a creation");
        let other = "01ffffffffffffffffffffffffffffff".parse().expect("an id");
        let _ = block_on(place.store.create(&other, expiring)).expect("a creation");
        place.clock.advance(2 * GRACE);
        let file = fs::File::open(place.file()).expect("the file");
        rustix::fs::flock(&file, FlockOperation::LockExclusive).expect("the lock");
        let purged = place.purge();
        assert_eq!((purged.removed, purged.remaining), (1, 1));
        drop(file);
        assert_eq!(place.purge().removed, 1);
    }

    #[test]
    fn stale_markers_and_empty_owner_directories_are_removed() {
        let place = Place::new();
        place.create(Some(alice()));
        let key = alice().to_string();
        let hers = place.directory.join("owners").join(&key[..2]).join(&key);
        assert!(hers.join(ID).exists());
        assert_eq!(fs::metadata(hers.join(ID)).expect("a marker").len(), 0);
        let stale = hers.join("00ffffffffffffffffffffffffffffff");
        fs::write(&stale, "").expect("a marker of a record that is gone");
        let _ = place.purge();
        assert!(stale.exists(), "its record may be about to be written");
        place.clock.advance(2 * GRACE);
        let _ = place.purge();
        assert!(!stale.exists());
        assert!(hers.join(ID).exists());
        assert!(matches!(place.remove(), Ok(Removed::Removed)));
        assert!(!hers.join(ID).exists());
        let _ = place.purge();
        assert!(!hers.exists());
        place.create(Some(alice()));
        assert_eq!(block_on(place.store.owned_by(&alice(), None, 9)).expect("a list").len(), 1);
    }

    #[test]
    fn an_external_cleaner_that_goes_by_age_leaves_the_markers_of_living_sessions() {
        let place = Place::new();
        place.create(Some(alice()));
        let key = alice().to_string();
        let marker = place.directory.join("owners").join(&key[..2]).join(&key).join(ID);
        let modified = fs::metadata(marker).and_then(|meta| meta.modified()).expect("a date");
        assert!(modified > SystemTime::now() + 1000 * HOUR, "find -mmin +N does not match");
    }
}

mod owners {
    use super::*;

    #[test]
    fn a_marker_without_its_record_is_seen_through() {
        let place = Place::new();
        place.create(None);
        let key = alice().to_string();
        let hers = place.directory.join("owners").join(&key[..2]).join(&key);
        fs::create_dir_all(&hers).expect("a directory");
        for name in [ID, "00ffffffffffffffffffffffffffffff", "notes.txt"] {
            fs::write(hers.join(name), "").expect("a marker");
        }
        assert_eq!(block_on(place.store.owned_by(&alice(), None, 9)).expect("a list"), []);
        place.clock.advance(2 * GRACE);
        assert_eq!(block_on(place.store.reserve(&alice(), &id(), 1)).expect("a place"), Reserved::Granted);
    }

    #[test]
    fn a_marker_goes_when_the_session_changes_hands_or_ends() {
        let place = Place::new();
        let marker = |owner: OwnerKey| {
            let key = owner.to_string();
            place.directory.join("owners").join(&key[..2]).join(&key).join(ID)
        };
        let bob = OwnerKey::derive("test", "bob");
        let version = place.create(Some(alice()));
        assert_eq!((marker(alice()).exists(), marker(bob).exists()), (true, false));
        let his = Entry { owner: Some(bob), ..entry() };
        assert!(matches!(block_on(place.store.update(&id(), version, his)), Ok(Updated::Applied(_))));
        assert_eq!((marker(alice()).exists(), marker(bob).exists()), (false, true));
        assert!(matches!(place.remove(), Ok(Removed::Removed)));
        assert!(!marker(bob).exists());
    }

    #[test]
    fn an_owner_who_is_being_counted_is_busy() {
        let place = Place::new();
        place.create(Some(alice()));
        let key = alice().to_string();
        let hers = fs::File::open(place.directory.join("owners").join(&key[..2]).join(&key)).expect("a directory");
        rustix::fs::flock(&hers, FlockOperation::LockExclusive).expect("the lock");
        let other = "01ffffffffffffffffffffffffffffff".parse().expect("an id");
        let hers_too = Entry { owner: Some(alice()), ..entry() };
        assert!(matches!(block_on(place.store.reserve(&alice(), &other, 9)), Err(StoreError::Busy)));
        assert!(matches!(block_on(place.store.create(&other, hers_too.clone())), Err(StoreError::Busy)));
        assert!(matches!(block_on(place.store.load(&other)), Ok(None)), "nothing was done");
        drop(hers);
        assert!(matches!(block_on(place.store.create(&other, hers_too)), Ok(Created::New(_))));
    }
}

mod locks {
    use super::*;

    #[test]
    fn a_held_lock_answers_busy_to_writers_and_nothing_to_readers() {
        let place = Place::new();
        let version = place.create(None);
        let file = fs::File::open(place.file()).expect("the file");
        rustix::fs::flock(&file, FlockOperation::LockExclusive).expect("the lock");
        assert!(matches!(place.load(), Ok(Some(_))));
        assert!(matches!(place.update(version), Err(StoreError::Busy)));
        assert!(matches!(place.remove(), Err(StoreError::Busy)));
        let later = Some(place.clock.now() + HOUR);
        assert!(matches!(block_on(place.store.touch(&id(), version, later)), Err(StoreError::Busy)));
        drop(file);
        assert!(matches!(place.update(version), Ok(Updated::Applied(_))));
    }

    #[test]
    fn a_lock_on_the_replaced_file_holds_up_nobody() {
        let place = Place::new();
        let version = place.create(None);
        let old = fs::File::open(place.file()).expect("the file");
        let Ok(Updated::Applied(version)) = place.update(version) else { panic!("it is free") };
        rustix::fs::flock(&old, FlockOperation::LockExclusive).expect("the lock of a file that has no name any more");
        assert!(matches!(place.update(version), Ok(Updated::Applied(_))));
        assert!(matches!(place.remove(), Ok(Removed::Removed)));
    }

    #[test]
    fn a_creation_under_way_is_busy_or_absent_and_never_half_an_entry() {
        let place = Place::new();
        place.create(None);
        let whole = fs::read(place.file()).expect("the file");
        place.plant(&whole[..whole.len() / 2]);
        let file = fs::File::open(place.file()).expect("the file");
        rustix::fs::flock(&file, FlockOperation::LockExclusive).expect("the lock of who creates it");
        assert!(matches!(place.load(), Err(StoreError::Busy)));
        assert!(matches!(block_on(place.store.list(None, 9)), Ok(listed) if listed.is_empty()));
        place.plant(b"");
        assert!(matches!(place.load(), Ok(None)));
        assert!(matches!(block_on(place.store.create(&id(), entry())), Err(StoreError::Busy)));
    }

    #[test]
    fn a_killed_process_leaves_no_lock() {
        let place = Place::new();
        let version = place.create(None);
        // The shell opens the file, locks it, says so, and then only waits to be killed.
        let script = "exec 9<\"$0\"; flock -x 9 && echo locked && exec sleep 1000";
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", script]).arg(place.file()).stdout(std::process::Stdio::piped());
        let mut child = shell.spawn().expect("a shell");
        let mut said = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut said).expect("a line");
        if said.trim() != "locked" {
            let _ = child.kill();
            let _ = child.wait();
            return skipped("a_killed_process_leaves_no_lock", "there is no flock(1)");
        }
        assert!(matches!(place.update(version), Err(StoreError::Busy)));
        child.kill().expect("it runs");
        child.wait().expect("it ends");
        assert!(matches!(place.update(version), Ok(Updated::Applied(_))));
    }

    #[test]
    fn nothing_but_the_session_is_left_after_updates() {
        let place = Place::new();
        let mut version = place.create(None);
        let before = tree(&place.directory).len();
        for _ in 0..10 {
            let Ok(Updated::Applied(next)) = place.update(version) else { panic!("it is free") };
            version = next;
        }
        assert_eq!(tree(&place.directory).len(), before);
    }
}

mod directory {
    use super::*;

    fn refused(directory: &Path) -> String {
        FileStore::open(directory).expect_err("unfit").to_string()
    }

    fn place() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary directory")
    }

    #[test]
    fn what_is_made_is_for_its_user_alone() {
        check_modes(Place::new());
    }

    fn check_modes(place: Place) {
        place.create(Some(alice()));
        let Ok(Updated::Applied(_)) = place.update(Version::new(1)) else { panic!("it is free") };
        assert_eq!(mode(&place.directory), 0o700);
        for path in tree(&place.directory) {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path), expected, "{}", path.display());
        }
    }

    #[test]
    fn modes_hold_under_any_umask() {
        // The umask belongs to the whole process, so this runs in one of its own.
        if std::env::var_os("WEBSTACK_TEST_UMASK").is_some() {
            for umask in [0o277, 0o077, 0o000] {
                let place = place();
                rustix::process::umask(Mode::from_raw_mode(umask));
                check_modes(Place::within(place));
                rustix::process::umask(Mode::from_raw_mode(0o022));
            }
            return;
        }
        let this = std::env::current_exe().expect("this test");
        let name = "directory::modes_hold_under_any_umask";
        let mut child = std::process::Command::new(this);
        let output = child.args(["--exact", name, "--test-threads=1"]).env("WEBSTACK_TEST_UMASK", "1").output();
        let output = output.expect("this test, once more");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }

    #[test]
    fn it_is_kept_out_of_repositories_and_the_web() {
        let place = Place::new();
        assert_eq!(fs::read_to_string(place.directory.join(".gitignore")).expect("a file"), "*\n");
        let htaccess = fs::read_to_string(place.directory.join(".htaccess")).expect("a file");
        assert!(htaccess.contains("Require all denied") && htaccess.contains("Deny from all"));
        fs::write(place.directory.join(".gitignore"), "my own").expect("a file");
        let _ = open(&place.directory, &place.clock);
        assert_eq!(fs::read_to_string(place.directory.join(".gitignore")).expect("a file"), "my own");
    }

    #[test]
    fn opening_leaves_nothing_of_its_probe() {
        let place = Place::new();
        let names: Vec<_> = tree(&place.directory);
        assert_eq!(names.len(), 2, "{names:?}");
    }

    #[test]
    fn a_link_is_refused() {
        let place = place();
        fs::create_dir(place.path().join("real")).expect("a directory");
        symlink(place.path().join("real"), place.path().join("link")).expect("a link");
        let error = refused(&place.path().join("link"));
        assert!(error.contains("symbolic link: name the directory that it points to"), "{error}");
        assert_eq!(fs::read_dir(place.path().join("real")).expect("a directory").count(), 0);
    }

    #[test]
    fn a_file_is_refused() {
        let place = place();
        fs::write(place.path().join("file"), "").expect("a file");
        let error = refused(&place.path().join("file"));
        assert!(error.contains("not a directory"), "{error}");
    }

    #[test]
    fn a_missing_parent_is_refused_and_not_made() {
        let place = place();
        let error = refused(&place.path().join("not/there"));
        assert!(error.contains("create it, or the directory that it belongs in"), "{error}");
        assert!(!place.path().join("not").exists());
    }

    #[test]
    fn what_others_may_write_is_refused_with_the_mend() {
        for mode in [0o777, 0o1777, 0o770, 0o720, 0o702] {
            let place = place();
            fs::set_permissions(place.path(), fs::Permissions::from_mode(mode)).expect("a mode");
            let error = refused(place.path());
            assert!(error.contains("chmod 700") && error.contains("use a directory inside it"), "{error}");
            assert_eq!(fs::read_dir(place.path()).expect("a directory").count(), 0, "nothing was put there");
        }
    }

    #[test]
    fn a_directory_of_somebody_else_is_refused() {
        if !runs_as_root() {
            // Root's own root directory is somebody else's to everybody else.
            let error = FileStore::open("/").expect_err("unfit");
            assert!(matches!(error, OpenError::ForeignOwner { owner: 0, .. }), "{error}");
            return;
        }
        let place = place();
        std::os::unix::fs::chown(place.path(), Some(65_534), None).expect("root may");
        let error = refused(place.path());
        assert!(error.contains("belongs to user 65534"), "{error}");
    }

    #[test]
    fn an_unknown_group_is_refused() {
        let place = place();
        let opened = FileStore::builder(place.path().join("sessions")).group("no-such-group-here").open();
        assert!(matches!(opened, Err(OpenError::UnknownGroup { .. })));
        assert!(!place.path().join("sessions").exists());
    }

    #[test]
    fn a_group_shares_the_sessions() {
        let gid = rustix::process::getegid();
        let name = group_name(gid.as_raw());
        let Some(name) = name else {
            return skipped("a_group_shares_the_sessions", "this user's group has no name");
        };
        let place = place();
        let directory = place.path().join("sessions");
        let store = FileStore::builder(&directory).group(&name).open().expect("a fit directory");
        let hers = Entry { owner: Some(alice()), ..entry() };
        let Ok(Created::New(version)) = block_on(store.create(&id(), hers.clone())) else { panic!("it is new") };
        let Ok(Updated::Applied(_)) = block_on(store.update(&id(), version, hers)) else { panic!("it is free") };
        assert_eq!(mode(&directory), 0o2770);
        for path in tree(&directory) {
            let meta = fs::symlink_metadata(&path).expect("something there");
            assert_eq!(meta.gid(), gid.as_raw());
            assert_eq!(mode(&path), if meta.is_dir() { 0o2770 } else { 0o660 }, "{}", path.display());
        }
        assert!(FileStore::open(&directory).is_err(), "for one user alone it is too open");

        let private = place.path().join("private");
        let _ = FileStore::open(&private).expect("a fit directory");
        let error = FileStore::builder(&private).group(&name).open().expect_err("not shared").to_string();
        assert!(error.contains(&format!("chgrp {name}")) && error.contains("chmod 2770"), "{error}");
    }

    /// The name of a group, as the system's table of groups tells it.
    fn group_name(gid: u32) -> Option<String> {
        let table = fs::read_to_string("/etc/group").ok()?;
        let mut groups = table.lines().map(|line| line.split(':').collect::<Vec<_>>());
        groups.find(|group| group.get(2) == Some(&gid.to_string().as_str())).map(|group| group[0].to_owned())
    }

    #[test]
    fn a_vanished_directory_is_broken_and_comes_back() {
        let place = Place::new();
        let version = place.create(Some(alice()));
        let away = place.directory.with_extension("away");
        // A directory that is only moved is still open here; one that is gone is what an unmounted volume looks like.
        fs::rename(&place.directory, &away).expect("to move it");
        let other: SessionId = "01ffffffffffffffffffffffffffffff".parse().expect("an id");
        let fails = |what: &str| {
            assert!(matches!(block_on(place.store.load(&other)), Err(StoreError::Broken(_))), "load {what}");
            assert!(matches!(block_on(place.store.create(&other, entry())), Err(StoreError::Broken(_))), "{what}");
            assert!(matches!(block_on(place.store.list(None, 9)), Err(StoreError::Broken(_))), "list {what}");
            assert!(matches!(block_on(place.store.purge(PurgeStep::new(9))), Err(StoreError::Broken(_))), "{what}");
            let reserved = block_on(place.store.reserve(&alice(), &other, 9));
            assert!(matches!(reserved, Err(StoreError::Broken(_))), "reserve {what}");
            assert!(!place.directory.exists(), "it is not made anew");
        };
        fails("moved away");
        fs::rename(&away, &place.directory).expect("to move it back");
        assert!(matches!(place.load(), Ok(Some(found)) if found.version == version));

        fs::remove_dir_all(&place.directory).expect("to remove it");
        fails("removed");
        assert!(matches!(place.load(), Err(StoreError::Broken(_))));
        assert!(matches!(place.update(version), Err(StoreError::Broken(_))));
        assert!(matches!(place.remove(), Err(StoreError::Broken(_))));

        fs::create_dir(&place.directory).expect("to make it");
        fs::set_permissions(&place.directory, fs::Permissions::from_mode(0o700)).expect("a mode");
        assert!(matches!(place.load(), Ok(None)));
        place.create(Some(alice()));
        assert!(matches!(place.load(), Ok(Some(_))));
    }

    #[test]
    fn a_strangers_directory_in_its_place_is_not_used() {
        let place = Place::new();
        place.create(None);
        fs::remove_dir_all(&place.directory).expect("to remove it");
        fs::create_dir(&place.directory).expect("to make it");
        fs::set_permissions(&place.directory, fs::Permissions::from_mode(0o777)).expect("a mode");
        assert!(matches!(place.load(), Err(StoreError::Broken(_))));
        assert!(matches!(block_on(place.store.create(&id(), entry())), Err(StoreError::Broken(_))));
        assert_eq!(fs::read_dir(&place.directory).expect("a directory").count(), 0);
    }

    #[test]
    fn permission_lost_is_broken() {
        if runs_as_root() {
            return skipped("permission_lost_is_broken", "nothing is forbidden to root");
        }
        let place = Place::new();
        let version = place.create(None);
        let shard = place.directory.join("00");
        fs::set_permissions(&shard, fs::Permissions::from_mode(0o500)).expect("a mode");
        assert!(matches!(place.load(), Ok(Some(_))));
        assert!(matches!(place.update(version), Err(StoreError::Broken(_))));
        fs::set_permissions(&shard, fs::Permissions::from_mode(0o000)).expect("a mode");
        assert!(matches!(place.load(), Err(StoreError::Broken(_))));
        fs::set_permissions(&shard, fs::Permissions::from_mode(0o700)).expect("a mode");
        assert!(matches!(place.update(version), Ok(Updated::Applied(_))));
    }
}
