//! The system calls, with a test between the store and the system.
//!
//! On a thread that is no actor's they are what they are for everybody else. An actor comes by its stage before each, and
//! notes what it has learned by it and what it has changed: what there is to know to tell two moments apart.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, Stat, Timestamps};
use rustix::io::Errno;

use super::effects::{digest, number_of};
use super::shim::{self, Call, between};
use super::system;

pub(in super::super) fn open(directory: &OwnedFd, path: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    let creates = flags.contains(OFlags::CREATE) && shim::is_between() && system::stat(directory, path).is_err();
    let open = || system::open(directory, path, flags, mode);
    between(Call::at(if creates { "make" } else { "open" }, path), open, |fd, notes| {
        let number = number_of(fd);
        if creates {
            notes.changes(path, number);
            notes.made(number, flags.contains(OFlags::EXCL));
        }
        let name = notes.name_of(number, path);
        notes.learns(name);
        shim::opened(fd);
    })
}

pub(in super::super) fn names(directory: &OwnedFd, show: &mut dyn FnMut(&str)) -> Result<(), Errno> {
    let read = || {
        let mut names = Vec::new();
        system::names(directory, &mut |name| names.push(name.to_owned())).map(|()| names)
    };
    let names = between(Call::new("names"), read, |names, notes| notes.learns(digest(names)))?;
    names.iter().for_each(|name| show(name));
    Ok(())
}

pub(in super::super) fn flock(fd: &OwnedFd, lock: FlockOperation) -> Result<(), Errno> {
    between(Call::new("flock"), || shim::lock(fd, lock), |(), notes| *notes.is_amid = true)
}

pub(in super::super) fn pread_some<const ROOM: usize, T>(
    fd: &OwnedFd,
    take: impl FnOnce(&[u8]) -> T,
) -> Result<T, Errno> {
    if !shim::is_between() {
        return system::pread_some::<ROOM, T>(fd, take);
    }
    let mut room = [0; ROOM];
    let length = shim::read_in_parts(fd, &mut room)?;
    Ok(take(&room[..length]))
}

pub(in super::super) fn pread(fd: &OwnedFd, buffer: &mut [u8]) -> Result<usize, Errno> {
    if shim::is_between() { shim::read_in_parts(fd, buffer) } else { system::pread(fd, buffer) }
}

pub(in super::super) fn pwrite(fd: &OwnedFd, bytes: &[u8], offset: u64) -> Result<usize, Errno> {
    if shim::is_between() { shim::write_in_parts(fd, bytes, offset) } else { system::pwrite(fd, bytes, offset) }
}

pub(in super::super) fn fstat(fd: &OwnedFd) -> Result<Stat, Errno> {
    between(Call::new("fstat"), || shim::look_at_open(fd), |stat, notes| notes.learns_of(stat, ""))
}

pub(in super::super) fn stat(directory: &OwnedFd, path: &str) -> Result<Stat, Errno> {
    between(Call::at("stat", path), || shim::look_at(directory, path), |stat, notes| notes.learns_of(stat, path))
}

pub(in super::super) fn unlink(directory: &OwnedFd, path: &str, flags: AtFlags) -> Result<(), Errno> {
    between(Call::at("unlink", path), || system::unlink(directory, path, flags), |(), notes| notes.changes(path, 0))
}

pub(in super::super) fn rename(directory: &OwnedFd, from: &str, to: &str) -> Result<(), Errno> {
    let named = between(
        Call::at("rename", to),
        || system::rename(directory, from, to),
        |(), notes| {
            notes.moves(from, to);
        },
    );
    shim::named(directory, to, &named);
    named
}

pub(in super::super) fn rename_new(directory: &OwnedFd, from: &str, to: &str) -> Result<(), Errno> {
    let named = between(
        Call::at("rename new", to),
        || system::rename_new(directory, from, to),
        |(), notes| {
            notes.moves(from, to);
        },
    );
    shim::named(directory, to, &named);
    named
}

pub(in super::super) fn mkdir(directory: &OwnedFd, path: &str, mode: Mode) -> Result<(), Errno> {
    between(Call::at("mkdir", path), || system::mkdir(directory, path, mode), |(), notes| notes.changes(path, 1))
}

pub(in super::super) fn chmod(fd: &OwnedFd, mode: Mode) -> Result<(), Errno> {
    between(
        Call::new("chmod"),
        || system::chmod(fd, mode),
        |(), notes| {
            notes.writes(number_of(fd), digest(mode.bits()));
        },
    )
}

pub(in super::super) fn utimens(fd: &OwnedFd, times: &Timestamps) -> Result<(), Errno> {
    let modified = times.last_modification;
    between(
        Call::new("utimens"),
        || system::utimens(fd, times),
        |(), notes| {
            notes.writes(number_of(fd), digest((modified.tv_sec, modified.tv_nsec)));
        },
    )
}

pub(in super::super) fn sync_data(fd: &OwnedFd) -> Result<(), Errno> {
    between(Call::new("sync data"), || system::sync_data(fd), |(), _| {})
}

pub(in super::super) fn sync_directory(fd: &OwnedFd) -> Result<(), Errno> {
    between(Call::new("sync names"), || system::sync_directory(fd), |(), _| {})
}

/// Not twice the same in a run, and the same in each run of a script.
pub(in super::super) fn random() -> u64 {
    shim::number().unwrap_or_else(system::random)
}
