//! Files that get their name only when they are whole.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::calls;
use super::fault::{Doing as _, Fault, opening};
use super::root::Base;
use super::settled::Directories;

const PREFIX: &str = ".webstack-";
const SUFFIX: &str = ".tmp";
/// Random digits in a name.
const RANDOM: usize = 16;
/// How often a file that cannot be made is tried again, with another name or a new directory.
const ATTEMPTS: usize = 16;

/// Whether this is the name of a temporary file of ours, and of nobody else's.
pub(super) fn is_temporary(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    random.is_some_and(|random| {
        random.len() == RANDOM && random.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// A temporary file, removed when dropped.
#[derive(Debug)]
pub(super) struct Temporary {
    base: Arc<Base>,
    fd: Option<OwnedFd>,
    path: String,
}

impl Temporary {
    /// A new file in a directory below the session directory, which is made if it is not there (or in it itself: `.`).
    pub(super) fn create(base: &Arc<Base>, directory: &str) -> Result<Self, Fault> {
        let shard = Directories::Shard(directory);
        for _ in 0..ATTEMPTS {
            let path = format!("{directory}/{}", random_name());
            match base.open(&path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL) {
                Err(Errno::EXIST) => {}
                Err(Errno::NOENT) => {
                    base.make_directory(directory).doing("make a directory for session files")?;
                    base.sync_names(".")?;
                    base.settled.add(shard);
                }
                opened => {
                    let fd = opened.map_err(opening)?;
                    let temporary = Temporary { base: Arc::clone(base), fd: Some(fd), path };
                    base.settle_mode(temporary.fd())?;
                    if base.settled.lacks(shard) {
                        base.sync_names(".")?;
                        base.settled.add(shard);
                    }
                    return Ok(temporary);
                }
            }
        }
        Err(Fault::Held)
    }

    pub(super) fn fd(&self) -> &OwnedFd {
        self.fd.as_ref().expect("it is taken by `rename_to` only, which consumes the rest")
    }

    /// Gives the file its name, if nothing stands there; else false.
    pub(super) fn name(mut self, path: &str) -> Result<bool, Fault> {
        match calls::rename_new(&self.base.fd, &self.path, path) {
            Err(Errno::NOENT) => return Err(Fault::Held),
            Err(Errno::EXIST) => return Ok(false),
            named => named.doing("name a temporary file")?,
        }
        self.fd = None;
        Ok(true)
    }

    /// Gives the file its name, in the place of what stood there.
    pub(super) fn rename_to(mut self, path: &str) -> Result<OwnedFd, Fault> {
        match calls::rename(&self.base.fd, &self.path, path) {
            // An external cleaner took it: nothing happened yet, so it may be tried again.
            Err(Errno::NOENT) => return Err(Fault::Held),
            renamed => renamed.doing("rename a temporary file")?,
        }
        Ok(self.fd.take().expect("only this function takes it"))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.fd.is_some() {
            // If this fails too, a purge will find the file.
            let _ = self.base.unlink(&self.path);
        }
    }
}

/// A name that hardly anybody else comes upon; who does makes another.
pub(super) fn random_name() -> String {
    format!("{PREFIX}{:016x}{SUFFIX}", calls::random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_recognised_and_similar_ones_are_not() {
        assert!(is_temporary(&random_name()));
        for foreign in [".webstack-.tmp", ".webstack-00112233445566zz.tmp", ".tmp", "notes.tmp", ".webstack-notes.tmp"]
        {
            assert!(!is_temporary(foreign), "{foreign}");
        }
    }
}
