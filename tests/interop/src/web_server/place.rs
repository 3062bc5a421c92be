//! Where a server runs, and as whom.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use nix::unistd::{Gid, Uid, User};

use crate::launch::{USER, is_root};

/// Makes a server's directory: with the program, and in a directory where the program may make its own.
pub(super) fn prepare(site: &Path, root: &Path) {
    fs::create_dir_all(root.join("www/cgi-bin")).expect("a directory");
    if is_root() {
        let user = User::from_name(USER).expect("users can be looked up");
        let (uid, gid) = user.map_or((Uid::current(), Gid::current()), |user| (user.uid, user.gid));
        // lighttpd opens its log when it is root no more.
        for directory in [site, root] {
            chown(directory, Some(uid.as_raw()), Some(gid.as_raw())).expect("root may");
        }
    }
    fs::set_permissions(site, Permissions::from_mode(0o755)).expect("it is ours");
    symlink(program(), root.join("www/cgi-bin/demo-cgi")).expect("a link");
}

/// A copy of the program where everybody may run it; it may have been built where they may not. Kept from run to run.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let built = crate::program("demo-cgi");
        let meta = built.metadata().expect("it was built");
        let age = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).expect("a time");
        let prefix = format!("webstack-interop-{}-", Uid::effective());
        let place = std::env::temp_dir().join(format!("{prefix}{}-{}", age.as_nanos(), meta.len()));
        if !place.exists() {
            remove_old(&prefix);
            let new = tempfile::tempdir().expect("a temporary directory");
            fs::copy(&built, new.path().join("demo-cgi")).expect("a copy");
            fs::set_permissions(new.path(), Permissions::from_mode(0o755)).expect("it is ours");
            // Whoever is first wins, and another copy is removed.
            if fs::rename(new.path(), &place).is_ok() {
                let _gone = new.keep();
            }
        }
        let owner = place.symlink_metadata().map(|meta| meta.uid()).expect("it was made");
        assert_eq!(owner, Uid::effective().as_raw(), "{} is somebody else's", place.display());
        place.join("demo-cgi")
    })
}

/// Copies of programs that were built again since. Not those of today: another run may be at work.
fn remove_old(prefix: &str) {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(prefix);
        let made = entry.metadata().ok().and_then(|meta| meta.modified().ok());
        if is_ours && made.and_then(|made| made.elapsed().ok()).is_some_and(|age| age > DAY) {
            // what another run removes at the same time is gone as well
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
