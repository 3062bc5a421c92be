//! What becomes of an actor's system calls: they wait for their turn, are cut in parts, or done wrong on purpose.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::rc::Rc;
use std::sync::Arc;

use rustix::fs::{FlockOperation, Stat};
use rustix::io::Errno;

use super::effects::{Notes, digest, number_of};
use super::rules::Mutant;
use super::stage::Stage;
use super::{rules, system};
use crate::store::file::root::is_file;

thread_local! {
    static ACTOR: RefCell<Option<Rc<Actor>>> = const { RefCell::new(None) };
}

/// In which order the first actor writes the parts of a slot; the second one does it the other way round, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tearing {
    Forwards,
    Backwards,
}

/// What is about to be called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) name: &'static str,
    pub(super) path: &'a str,
    pub(super) range: Option<(usize, usize)>,
    /// Nobody else can see it: it does not matter who goes on before it.
    pub(super) is_private: bool,
}

impl<'a> Call<'a> {
    pub(super) fn new(name: &'static str) -> Self {
        Call { name, path: "", range: None, is_private: false }
    }

    pub(super) fn at(name: &'static str, path: &'a str) -> Self {
        Call { path, ..Call::new(name) }
    }

    fn part(name: &'static str, from: usize, to: usize) -> Self {
        Call { range: Some((from, to)), ..Call::new(name) }
    }
}

/// One who acts on this thread.
struct Actor {
    stage: Arc<Stage>,
    number: usize,
    tearing: Tearing,
    mutant: Option<Mutant>,
    /// How many numbers it was given in this run.
    numbers: Cell<u64>,
    /// What it has locked: nobody else writes there.
    locked: RefCell<HashSet<RawFd>>,
    /// The file that it looked at last.
    looked_at: Cell<Option<Stat>>,
}

/// Makes this thread an actor's.
pub(super) fn enter(stage: Arc<Stage>, number: usize, tearing: Tearing, mutant: Option<Mutant>) {
    let (numbers, locked, looked_at) = (Cell::new(0), RefCell::default(), Cell::new(None));
    ACTOR.set(Some(Rc::new(Actor { stage, number, tearing, mutant, numbers, locked, looked_at })));
}

/// Before an actor's first step in a run.
pub(super) fn begin_anew() {
    if let Some(actor) = current() {
        actor.numbers.set(0);
        actor.locked.borrow_mut().clear();
    }
}

impl Actor {
    fn step(&self, call: Call<'_>) -> Result<(), Errno> {
        if std::thread::panicking() {
            return Err(Errno::CANCELED);
        }
        self.stage.step(self.number, call);
        Ok(())
    }

    fn note(&self, note: impl FnOnce(&mut Notes<'_>)) {
        self.stage.note(self.number, note);
    }
}

fn current() -> Option<Rc<Actor>> {
    ACTOR.with_borrow(Option::clone)
}

/// Whether a test stands between the store and the system on this thread.
pub(super) fn is_between() -> bool {
    ACTOR.with_borrow(Option::is_some)
}

/// Makes a call when it is its turn. Who was killed makes none.
pub(super) fn between<T>(
    call: Call<'_>,
    make: impl FnOnce() -> Result<T, Errno>,
    note: impl FnOnce(&T, &mut Notes<'_>),
) -> Result<T, Errno> {
    let Some(actor) = current() else { return make() };
    actor.step(call)?;
    let made = make();
    actor.note(|notes| match &made {
        Ok(made) => note(made, notes),
        Err(errno) => notes.learns(errno.raw_os_error()),
    });
    made
}

/// A file with a lock is about to be closed.
pub(super) fn closes() {
    if let Some(actor) = current() {
        let _ = actor.step(Call::new("close"));
    }
}

pub(super) fn opened(fd: &OwnedFd) {
    if let Some(actor) = current() {
        actor.locked.borrow_mut().remove(&fd.as_raw_fd());
        actor.looked_at.set(None);
    }
}

/// A file got the name under which others look for it.
pub(super) fn named(directory: &OwnedFd, path: &str, named: &Result<(), Errno>) {
    if let (Some(actor), Ok(()), Ok(stat)) = (current(), named, system::stat(directory, path)) {
        actor.note(|notes| notes.effects.publish(stat.st_ino));
    }
}

pub(super) fn lock(fd: &OwnedFd, lock: FlockOperation) -> Result<(), Errno> {
    let Some(actor) = current() else { return system::flock(fd, lock) };
    if actor.mutant != Some(Mutant::Lock) {
        system::flock(fd, lock)?;
        actor.locked.borrow_mut().insert(fd.as_raw_fd());
    }
    Ok(())
}

pub(super) fn look_at_open(fd: &OwnedFd) -> Result<Stat, Errno> {
    let mut stat = system::fstat(fd)?;
    let Some(actor) = current().filter(|actor| actor.mutant == Some(Mutant::Recheck) && is_file(&stat)) else {
        return Ok(stat);
    };
    stat.st_nlink = 1;
    actor.looked_at.set(Some(stat));
    Ok(stat)
}

pub(super) fn look_at(directory: &OwnedFd, path: &str) -> Result<Stat, Errno> {
    match current().and_then(|actor| actor.looked_at.take()) {
        Some(stat) => Ok(stat),
        None => system::stat(directory, path),
    }
}

/// Reads each slot in two parts, as if the system had been interrupted, unless nobody can be writing.
pub(super) fn read_in_parts(fd: &OwnedFd, buffer: &mut [u8]) -> Result<usize, Errno> {
    let actor = current().expect("somebody stands between");
    let size = usize::try_from(system::fstat(fd)?.st_size).unwrap_or(0).min(buffer.len());
    let is_whole = size < 4 || actor.locked.borrow().contains(&fd.as_raw_fd());
    let cuts = if is_whole { vec![0] } else { vec![0, size / 4, size / 2, size / 4 * 3] };
    let mut length = 0;
    for (index, from) in cuts.iter().copied().enumerate() {
        let to = cuts.get(index + 1).copied().unwrap_or(buffer.len());
        let name = if from == 0 { "pread" } else { "… pread" };
        actor.step(Call { is_private: is_whole, ..Call::part(name, from, to.min(size)) })?;
        let count = rustix::io::pread(fd, &mut buffer[from..to], from as u64)?;
        actor.note(|notes| notes.learns(&buffer[from..from + count]));
        length += count;
    }
    if let Some(mutant) = actor.mutant {
        rules::patch(mutant, &mut buffer[..length]);
    }
    Ok(length)
}

/// Writes in parts, which others see before the rest, and which are all there is if it is killed.
pub(super) fn write_in_parts(fd: &OwnedFd, bytes: &[u8], offset: u64) -> Result<usize, Errno> {
    let actor = current().expect("somebody stands between");
    let number = number_of(fd);
    let offset = rules::place(actor.mutant, fd, bytes.len(), offset);
    let is_private = actor.stage.is_private(number);
    let mut cuts = if is_private { vec![0, bytes.len() / 2] } else { vec![0, 32, 128, bytes.len() / 2] };
    cuts.retain(|cut| *cut == 0 || *cut < bytes.len());
    cuts.push(bytes.len());
    let mut parts: Vec<&[usize]> = cuts.windows(2).collect();
    if (actor.tearing == Tearing::Backwards) != (actor.number % 2 == 1) {
        parts.reverse();
    }
    for (index, part) in parts.iter().enumerate() {
        let (from, to) = (part[0], part[1]);
        let place = usize::try_from(offset).unwrap_or(0);
        let name = if index == 0 { "pwrite" } else { "… pwrite" };
        actor.step(Call { is_private, ..Call::part(name, place + from, place + to) })?;
        let count = rustix::io::pwrite(fd, &bytes[from..to], offset + from as u64)?;
        assert_eq!(count, to - from, "a file system with space writes all it is given");
        actor.note(|notes| notes.writes(number, (offset, from, digest(&bytes[from..to]))));
    }
    Ok(bytes.len())
}

/// The next number of this actor in this run.
pub(super) fn number() -> Option<u64> {
    let actor = current()?;
    actor.numbers.set(actor.numbers.get() + 1);
    Some(digest((actor.number, actor.numbers.get())))
}
