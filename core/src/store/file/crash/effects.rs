//! What was done to each file and each name: two moments at which the same was done are the same for whoever comes next.

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::os::fd::OwnedFd;

use rustix::fs::Stat;

pub(super) fn digest(what: impl Hash) -> u64 {
    let mut mixed = Mixed(0);
    what.hash(&mut mixed);
    mixed.finish()
}

/// Mixes quickly, even where nothing is optimized: half of the time of these tests would be the standard hasher's.
struct Mixed(u64);

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
        self.write_u64(bytes.len() as u64);
    }

    fn write_u64(&mut self, word: u64) {
        let mixed = (self.0 ^ word ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xff51_afd7_ed55_8ccd);
        self.0 = (mixed ^ (mixed >> 32)).wrapping_mul(0xc4ce_b9fe_1a85_ec53).rotate_left(23);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
}

/// The system's number of an open file.
pub(super) fn number_of(fd: &OwnedFd) -> u64 {
    rustix::fs::fstat(fd).map_or(0, |stat| stat.st_ino)
}

/// What was done since the beginning of a run.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// What was done to one thing, one after the other.
    done: HashMap<u64, u64>,
    /// The same for all things, in whatever order.
    all: u64,
    /// What a file is called in all runs: its number is another one in each.
    names: HashMap<u64, u64>,
    /// Files that have no name yet that anybody else looks for.
    private: HashSet<u64>,
}

impl Effects {
    pub(super) fn digest(&self) -> u64 {
        self.all
    }

    /// Notes that something was done to a thing.
    pub(super) fn add(&mut self, thing: u64, what: impl Hash) {
        let done = self.done.entry(thing).or_default();
        self.all = self.all.wrapping_sub(*done);
        *done = digest((thing, *done, what));
        self.all = self.all.wrapping_add(*done);
    }

    /// What the file with this number is called: by the path under which it was seen first, or by who made it.
    pub(super) fn name_of(&mut self, number: u64, path: &str) -> u64 {
        *self.names.entry(number).or_insert_with(|| digest(path))
    }

    pub(super) fn made(&mut self, number: u64, by: u64, is_private: bool) {
        self.names.insert(number, by);
        if is_private {
            self.private.insert(number);
        }
    }

    pub(super) fn publish(&mut self, number: u64) {
        self.private.remove(&number);
    }

    pub(super) fn is_private(&self, number: u64) -> bool {
        self.private.contains(&number)
    }
}

/// What one actor notes after a call.
pub(super) struct Notes<'a> {
    pub(super) effects: &'a mut Effects,
    /// All that the actor has learned up to now.
    pub(super) knows: &'a mut u64,
    /// Whether it would leave something half done.
    pub(super) is_amid: &'a mut bool,
    /// Which actor it is, and which of its steps.
    pub(super) moment: u64,
}

impl Notes<'_> {
    pub(super) fn learns(&mut self, what: impl Hash) {
        *self.knows = digest((*self.knows, what));
    }

    pub(super) fn learns_of(&mut self, stat: &Stat, path: &str) {
        let name = self.name_of(stat.st_ino, path);
        self.learns((name, stat.st_nlink, stat.st_size));
    }

    /// What stands under a path is another thing now, or nothing.
    pub(super) fn changes(&mut self, path: &str, what: u64) {
        let what = if what > 1 { self.moment } else { what };
        self.effects.add(digest(path), what);
    }

    pub(super) fn moves(&mut self, from: &str, to: &str) {
        self.effects.add(digest(from), "moved");
        self.effects.add(digest(to), from);
    }

    pub(super) fn writes(&mut self, number: u64, what: impl Hash) {
        let name = self.name_of(number, "");
        self.effects.add(digest((name, "bytes")), what);
    }

    pub(super) fn made(&mut self, number: u64, is_private: bool) {
        self.effects.made(number, self.moment, is_private);
    }

    pub(super) fn name_of(&mut self, number: u64, path: &str) -> u64 {
        self.effects.name_of(number, path)
    }
}
