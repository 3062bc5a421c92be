//! What stands in every session directory.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::Access;

/// Keeps the directory out of repositories, and out of the web should it lie below a document root. Files that are there
/// already are left as they are.
///
/// # Errors
///
/// What the operating system says.
pub fn furnish(directory: &OwnedFd, access: &Access) -> io::Result<()> {
    for (name, text) in FURNITURE {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = match rustix::fs::openat(directory, name, flags, access.file_mode()) {
            Err(Errno::EXIST) => continue,
            opened => opened?,
        };
        // Whatever the umask is.
        if Mode::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode) != access.file_mode() {
            rustix::fs::fchmod(&fd, access.file_mode())?;
        }
        rustix::io::write(&fd, text.as_bytes())?;
    }
    Ok(())
}

const FURNITURE: [(&str, &str); 2] = [
    (".gitignore", "*\n"),
    (
        ".htaccess",
        "<IfModule mod_authz_core.c>\n\tRequire all denied\n</IfModule>\n\
         <IfModule !mod_authz_core.c>\n\tOrder deny,allow\n\tDeny from all\n</IfModule>\n",
    ),
];
