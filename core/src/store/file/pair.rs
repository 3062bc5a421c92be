//! Two slots in one file, so that one of them is whole whatever happens while the other is written.
//!
//! * Both are equally large, a power of two, and there is nothing else in the file.
//! * A writer, who holds the lock, fills the slot that does not hold the newest entry.
//! * A reader, who holds none, believes a file **only if both verify**. If one does not it may be being written, and the
//!   other be newest or be behind what somebody else saw meanwhile; it is read again, at last under the lock, where what
//!   verifies and is newest is right.

use super::fault::Fault;
use super::slot::{self, LARGEST, SMALLEST, Slot};
use crate::store::{Entry, Version};

/// The largest file that is read.
pub(super) const LARGEST_FILE: usize = 2 * LARGEST;

/// What the two slots of a file say.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    /// The entry.
    pub(super) newest: Slot<'a>,
    /// True if both slots verify.
    pub(super) is_sound: bool,
    /// Where the next entry is written.
    pub(super) spare: Spare,
}

/// The slot that does not hold the newest entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spare {
    pub(super) offset: usize,
    pub(super) size: usize,
}

impl<'a> Pair<'a> {
    /// Takes a file apart. It is malformed if neither slot verifies.
    pub(super) fn of(file: &'a [u8]) -> Result<Self, Fault> {
        let size = file.len() / 2;
        if !file.len().is_multiple_of(2) || !size.is_power_of_two() || size < SMALLEST {
            return Err(Fault::Malformed("its length is not that of two slots"));
        }
        let (first, second) = file.split_at(size);
        let (newest, is_sound, offset) = match (Slot::verify(first), Slot::verify(second)) {
            (Ok(first), Ok(second)) if first.order() >= second.order() => (first, true, size),
            (Ok(_), Ok(second)) => (second, true, 0),
            (Ok(first), Err(_)) => (first, false, size),
            (Err(_), Ok(second)) => (second, false, 0),
            (Err(fault), Err(_)) => return Err(fault),
        };
        Ok(Pair { newest, is_sound, spare: Spare { offset, size } })
    }
}

/// A slot with this entry.
pub(super) fn one(entry: &Entry, version: Version, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    slot::fill(&mut bytes, entry, version);
    bytes
}

/// A new file: the same entry in both slots.
pub(super) fn both(entry: &Entry, version: Version) -> Result<Vec<u8>, Fault> {
    let size = slot::size_for(entry)?;
    let mut bytes = Vec::with_capacity(2 * size);
    bytes.resize(size, 0);
    slot::fill(&mut bytes, entry, version);
    bytes.extend_from_within(..);
    Ok(bytes)
}
