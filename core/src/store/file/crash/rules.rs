//! The rules of the file format, each of which can be taken out: by what the system calls answer, not in the shipped code.

use std::os::fd::OwnedFd;

use super::system;
use crate::store::file::slot::Slot;

/// A rule that is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutant {
    /// Each slot that is read bears the checksum that it should.
    Checksum,
    /// Everybody is granted every lock at once.
    Lock,
    /// A file that was opened stands under its name for ever.
    Recheck,
    /// The slot with the newest entry is written.
    InactiveSlot,
    /// A slot that does not verify is taken for a copy of the one that does.
    BothSlots,
}

/// Changes what was read.
pub(super) fn patch(mutant: Mutant, file: &mut [u8]) {
    let size = file.len() / 2;
    if !file.len().is_multiple_of(2) || size < 8 {
        return;
    }
    let (first, second) = file.split_at_mut(size);
    match mutant {
        Mutant::Checksum => {
            for slot in [first, second] {
                let sum = crc32fast::hash(&slot[8..]);
                slot[4..8].copy_from_slice(&sum.to_le_bytes());
            }
        }
        Mutant::BothSlots => match (Slot::verify(first).is_ok(), Slot::verify(second).is_ok()) {
            (true, false) => second.copy_from_slice(first),
            (false, true) => first.copy_from_slice(second),
            _ => {}
        },
        Mutant::Lock | Mutant::Recheck | Mutant::InactiveSlot => {}
    }
}

/// Changes where a slot is written.
pub(super) fn place(mutant: Option<Mutant>, fd: &OwnedFd, length: usize, offset: u64) -> u64 {
    let size = system::fstat(fd).map_or(0, |stat| stat.st_size);
    let length = length as u64;
    let is_slot = u64::try_from(size).is_ok_and(|size| size == 2 * length);
    if mutant == Some(Mutant::InactiveSlot) && is_slot { length.saturating_sub(offset) } else { offset }
}
