//! Removing what has expired, a few milliseconds of it at a time, by requests that find it due.

use std::error::Error;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use webstack_core::{SessionId, Sessions};

use crate::drive::Drive;
use crate::log;

/// How long a request may purge after its response was written.
const BUDGET: Duration = Duration::from_millis(5);

/// How soon a purge that was not finished is gone on with.
const PAUSE: Duration = Duration::from_secs(1);

/// The file in the session directory whose modification time says when a purge was last made, and whose content where
/// it goes on; empty if it came to its end.
const STAMP: &str = "last-purge";

/// Purges for a few milliseconds if that is due and nobody else does.
pub(crate) fn purge_if_due(sessions: &Sessions, drive: &impl Drive) {
    let Some(every) = sessions.purge_every() else { return };
    let Some(directory) = sessions.directory() else { return purge_by_chance(sessions, drive) };
    // One look is all that it costs nearly every request.
    if directory.join(STAMP).symlink_metadata().is_ok_and(|state| !is_due(&state, every)) {
        return;
    }
    let stamp = match open(directory) {
        Ok(stamp) => stamp,
        // The directory is lost, which the response has said.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            let path = directory.join(STAMP);
            return log::line(format_args!("nothing is purged: cannot open {} ({error}): remove it", path.display()));
        }
    };
    // Whoever holds it purges; it is let go with the file.
    if stamp.try_lock().is_err() {
        return;
    }
    if let Err(error) = purge(sessions, drive, stamp, every) {
        log::line(format_args!("a purge failed: {error}"));
    }
}

/// A store on a server has no place for a stamp. It knows what has expired, so a purge that finds nothing costs a round trip.
fn purge_by_chance(sessions: &Sessions, drive: &impl Drive) {
    // The standard library seeds it from the operating system's generator.
    let dice = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0);
    if dice.is_multiple_of(ONE_IN)
        && let Err(error) = drive.drive(sessions.purge_some(None, BUDGET))
    {
        log::line(format_args!("a purge failed: {error}"));
    }
}

/// How many requests there are to one that purges a store on a server.
const ONE_IN: u64 = 100;

fn purge(sessions: &Sessions, drive: &impl Drive, mut stamp: File, every: Duration) -> Result<(), Box<dyn Error>> {
    // Another request may have been at it since.
    if !is_due(&stamp.metadata()?, every) {
        return Ok(());
    }
    let mut text = String::new();
    // What is no text is begun anew.
    let _ = (&stamp).take(64).read_to_string(&mut text);
    let after: Option<SessionId> = text.trim().parse().ok();
    // Before it is tried, so that what fails is not tried by every request.
    write(&mut stamp, None)?;
    match drive.drive(sessions.purge_some(after, BUDGET))?.next {
        Some(next) => Ok(write(&mut stamp, Some(next))?),
        None => Ok(()),
    }
}

/// True if a purge is due, or is to be gone on with.
fn is_due(stamp: &Metadata, every: Duration) -> bool {
    // A line that is empty says that there is nothing to go on with.
    let wait = if stamp.len() > 1 { PAUSE } else { every };
    // A time to come was written by another clock.
    let age = stamp.modified().ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
    stamp.len() == 0 || age.is_none_or(|age| age >= wait)
}

fn write(stamp: &mut File, next: Option<SessionId>) -> io::Result<()> {
    stamp.set_len(0)?;
    stamp.rewind()?;
    match next {
        Some(next) => writeln!(stamp, "{next}"),
        None => writeln!(stamp),
    }
}

fn open(directory: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let path = directory.join(STAMP);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
        // As session files are: shared with the group if the directory is, and no link that somebody placed there.
        let is_shared = directory.metadata()?.mode() & 0o020 != 0;
        let mode = if is_shared { 0o660 } else { 0o600 };
        let flags = rustix::fs::OFlags::NOFOLLOW.bits().try_into().map_err(io::Error::other)?;
        options.mode(mode).custom_flags(flags);
        let stamp = match options.open(&path) {
            // Another member of the group made it for itself alone.
            Err(error) if is_shared && error.kind() == io::ErrorKind::PermissionDenied => {
                std::fs::remove_file(&path)?;
                options.open(&path)?
            }
            opened => opened?,
        };
        settle_mode(&stamp, mode)?;
        Ok(stamp)
    }
    #[cfg(not(unix))]
    options.open(path)
}

/// Gives a stamp that is ours the permissions that it shall have, whatever the umask was.
#[cfg(unix)]
fn settle_mode(stamp: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let state = stamp.metadata()?;
    match state.uid() == rustix::process::geteuid().as_raw() && state.mode() & 0o777 != mode {
        true => stamp.set_permissions(std::fs::Permissions::from_mode(mode)),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::Thread;

    #[test]
    fn a_request_purges_when_it_is_due_and_another_one_goes_on() {
        let place = tempfile::tempdir().expect("a directory");
        let every = Duration::from_secs(600);
        let sessions =
            crate::builder().directory(place.path().join("sessions")).purge_every(Some(every)).build().expect("good");
        let stamp = sessions.directory().expect("a directory").join(STAMP);
        let text = || std::fs::read_to_string(&stamp).expect("a stamp");
        let age = |by: Duration| {
            let file = File::options().write(true).open(&stamp).expect("a stamp");
            file.set_modified(SystemTime::now() - by).expect("a time");
        };
        let purges = || {
            let before = stamp.metadata().ok().map(|state| state.modified().expect("a time"));
            purge_if_due(&sessions, &Thread);
            before != stamp.metadata().ok().map(|state| state.modified().expect("a time"))
        };
        assert!(purges(), "for the first time");
        assert_eq!(text(), "\n", "there was nothing to go on with");
        age(every / 2);
        assert!(!purges());
        age(every);
        assert!(purges());
        std::fs::write(&stamp, "00112233445566778899aabbccddeeff\n").expect("a stamp");
        assert!(!purges(), "not by every request");
        age(PAUSE);
        assert!(purges());
        assert_eq!(text(), "\n");
        age(every);
        let held = open(sessions.directory().expect("a directory")).expect("a stamp");
        held.lock().expect("a lock");
        assert!(!purges(), "somebody else does");
    }

    #[test]
    #[cfg(unix)]
    fn the_stamp_is_the_groups_as_session_files_are_whatever_the_umask() {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().expect("a directory");
        let stamp = place.path().join(STAMP);
        let made_with = |mode| {
            std::fs::set_permissions(place.path(), Permissions::from_mode(mode)).expect("it is ours");
            drop(open(place.path()).expect("a stamp"));
            stamp.metadata().expect("a stamp").permissions().mode() & 0o7777
        };
        assert_eq!(made_with(0o700), 0o600);
        assert_eq!(made_with(0o2770), 0o660, "one that was made before");
        std::fs::remove_file(&stamp).expect("it is ours");
        assert_eq!(made_with(0o2770), 0o660);
    }

    /// A stamp that an earlier program of another user made for itself alone.
    #[test]
    #[cfg(unix)]
    fn a_stamp_that_another_member_keeps_closed_is_made_anew() {
        use std::fs::Permissions;
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
        use std::os::unix::process::CommandExt as _;
        const ASKED: &str = "WEBSTACK_TEST_STAMP";
        const OTHER: u32 = 65534;
        if let Some(directory) = std::env::var_os(ASKED) {
            drop(open(Path::new(&directory)).expect("a stamp"));
            return;
        }
        let place = tempfile::tempdir().expect("a directory");
        let (shared, program) = (place.path().join("sessions"), place.path().join("program"));
        std::fs::create_dir(&shared).expect("a directory");
        if !rustix::process::geteuid().is_root() || chown(&shared, None, Some(OTHER)).is_err() {
            let _ = writeln!(io::stderr(), "skipped: only root can be two users");
            return;
        }
        for (path, mode) in [(place.path(), 0o755), (&shared, 0o2770)] {
            std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
        }
        let stamp = shared.join(STAMP);
        std::fs::write(&stamp, "\n").expect("a file");
        std::fs::set_permissions(&stamp, Permissions::from_mode(0o600)).expect("it is ours");
        // Where it was built the other may not look.
        std::fs::copy(std::env::current_exe().expect("this test"), &program).expect("a copy");
        let name = "purging::tests::a_stamp_that_another_member_keeps_closed_is_made_anew";
        let mut child = std::process::Command::new(program);
        let output = child.args(["--exact", name]).env(ASKED, &shared).uid(OTHER).gid(OTHER).output();
        let output = output.expect("this test, once more");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let state = stamp.metadata().expect("a stamp");
        assert_eq!((state.uid(), state.mode() & 0o7777), (OTHER, 0o660));
    }
}
