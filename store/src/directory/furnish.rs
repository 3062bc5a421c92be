//! What stands in every session directory.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;

use super::Access;

/// Keeps the directory out of repositories, and out of the web should it lie below a document root. Files that are there
/// already are left as they are.
///
/// A directory in which something stands that is not of the store's making is left alone, and warned of: it may be a
/// document root that was named by mistake, and denying it would take a site down. That sessions are there too, from an
/// earlier start, makes it no less so.
///
/// # Errors
///
/// What the operating system says.
pub fn furnish(
    directory: &OwnedFd,
    path: &Path,
    access: &Access,
    is_of_the_store: impl Fn(&str) -> bool,
) -> io::Result<()> {
    let mut missing = Vec::new();
    for (name, text) in FURNITURE {
        match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => missing.push((name, text)),
            found => drop(found?),
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    if !holds_only(directory, is_of_the_store)? {
        // What else is there is not named: other programs have names that are secret.
        let missing = missing.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" and ");
        tracing::warn!(
            path = %path.display(),
            "{missing} not written: the directory holds other things than sessions; choose one for sessions alone"
        );
        return Ok(());
    }
    missing.into_iter().try_for_each(|(name, text)| write(directory, name, text, access))
}

/// Whether its `.htaccess` is there, and says what was written into it. (Many have a `.gitignore` like this one.)
pub fn is_furnished(directory: &OwnedFd) -> bool {
    let [_, (name, text)] = FURNITURE;
    // A pipe of this name would wait for somebody to write.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(fd) = rustix::fs::openat(directory, name, flags, Mode::empty()) else { return false };
    let mut said = Vec::new();
    let read = File::from(fd).take(text.len() as u64 + 1).read_to_end(&mut said);
    read.is_ok() && said == text.as_bytes()
}

/// Whether everything in the directory has a name of which this is true, or is furniture.
///
/// # Errors
///
/// What the operating system says.
pub fn holds_only(directory: &OwnedFd, is_of_the_store: impl Fn(&str) -> bool) -> io::Result<bool> {
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let is_known = |name: &str| {
            matches!(name, "." | "..") || FURNITURE.iter().any(|(own, _)| *own == name) || is_of_the_store(name)
        };
        if !entry.file_name().to_str().is_ok_and(is_known) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn write(directory: &OwnedFd, name: &str, text: &str, access: &Access) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = match rustix::fs::openat(directory, name, flags, access.file_mode()) {
        // Another process was faster.
        Err(Errno::EXIST) => return Ok(()),
        opened => opened?,
    };
    // What is there is never written again, and half of it, as a full disk leaves it, denies nothing.
    fill(fd, text, access).inspect_err(|_| {
        let _ = rustix::fs::unlinkat(directory, name, AtFlags::empty());
    })
}

fn fill(fd: OwnedFd, text: &str, access: &Access) -> io::Result<()> {
    // Whatever the umask is.
    if Mode::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode) != access.file_mode() {
        rustix::fs::fchmod(&fd, access.file_mode())?;
    }
    File::from(fd).write_all(text.as_bytes())
}

const FURNITURE: [(&str, &str); 2] = [
    (".gitignore", "*\n"),
    (
        ".htaccess",
        "<IfModule mod_authz_core.c>\n\tRequire all denied\n</IfModule>\n\
         <IfModule !mod_authz_core.c>\n\tOrder deny,allow\n\tDeny from all\n</IfModule>\n",
    ),
];
