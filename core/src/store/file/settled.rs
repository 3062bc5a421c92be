//! Which directories' names this process has seen to be on the disk. Whoever made one may have been killed before it was.

use std::sync::atomic::{AtomicBool, Ordering};

use super::durability::Durability;
use crate::store::OwnerKey;

/// Which directories are settled, by their first two digits.
#[derive(Debug)]
pub(super) struct Settled {
    durability: Durability,
    shards: [AtomicBool; 256],
    owners: [AtomicBool; 256],
}

/// Directories whose names have to be on the disk.
#[derive(Clone, Copy, Debug)]
pub(super) enum Directories<'a> {
    /// The one of this name, for sessions.
    Shard(&'a str),
    /// The ones above this owner's markers, and of all whose keys begin alike.
    Owner(&'a OwnerKey),
}

impl Settled {
    pub(super) fn new(durability: Durability) -> Self {
        let none = || std::array::from_fn(|_| AtomicBool::new(false));
        Settled { durability, shards: none(), owners: none() }
    }

    /// True if they have to be synced, by this process at least once.
    pub(super) fn lacks(&self, directories: Directories<'_>) -> bool {
        self.durability == Durability::Full
            && self.flag(directories).is_some_and(|settled| !settled.load(Ordering::Relaxed))
    }

    /// They were synced.
    pub(super) fn add(&self, directories: Directories<'_>) {
        if let Some(settled) = self.flag(directories) {
            settled.store(true, Ordering::Relaxed);
        }
    }

    /// `None` for the session directory itself.
    fn flag(&self, directories: Directories<'_>) -> Option<&AtomicBool> {
        match directories {
            Directories::Shard(name) => self.shards.get(usize::from_str_radix(name, 16).ok()?),
            Directories::Owner(owner) => self.owners.get(usize::from(owner.as_bytes()[0])),
        }
    }
}
