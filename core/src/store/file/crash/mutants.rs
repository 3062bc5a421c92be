//! What the harness finds if a rule is taken out: if it did not, its silence about the shipped code would mean nothing.

use std::os::fd::OwnedFd;

use super::explore::{Scenario, explore};
use super::scenarios;
use super::script::Bounds;
use super::shim::Tearing;
use super::{system, world};
use crate::store::file::slot::Slot;

/// A rule that is taken out: by what the system calls answer, not in the shipped code.
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

/// Explores until a promise is found broken, and tells how.
fn finds(mutant: Mutant, scenario: &Scenario) {
    let bounds = Bounds { switches: 2, kills: 1 };
    let found = [Tearing::Forwards, Tearing::Backwards]
        .into_iter()
        .find_map(|tearing| explore(scenario, bounds, tearing, Some(mutant)).err());
    let found = found.unwrap_or_else(|| panic!("{mutant:?} is not found in {}", scenario.name));
    eprintln!("without {mutant:?}, {}: {}\n{}", scenario.name, found.what, found.story.join("\n"));
}

#[test]
fn without_the_checksum_half_an_entry_is_read() {
    finds(Mutant::Checksum, &scenarios::updates_and_a_load(world::World::updated()));
}

#[test]
fn without_the_lock_updates_are_lost() {
    finds(Mutant::Lock, &scenarios::updates_and_a_load(world::World::updated()));
}

#[test]
fn without_the_lock_a_renewed_session_is_purged() {
    finds(Mutant::Lock, &scenarios::purge_and_an_update());
}

#[test]
fn without_the_lock_a_marker_is_lost() {
    finds(Mutant::Lock, &scenarios::login_and_a_purge());
}

#[test]
fn without_the_lock_one_place_is_given_to_two() {
    finds(Mutant::Lock, &scenarios::one_place());
}

#[test]
fn without_another_look_at_the_name_updates_are_lost() {
    finds(Mutant::Recheck, &scenarios::growth_and_an_update());
}

#[test]
fn without_another_look_at_the_name_a_session_comes_back() {
    finds(Mutant::Recheck, &scenarios::removal_and_growth());
}

#[test]
fn without_the_spare_slot_a_kill_takes_the_newest_entry() {
    finds(Mutant::InactiveSlot, &scenarios::updates_and_a_load(world::World::updated()));
}

#[test]
fn without_both_slots_a_reader_goes_back_in_time() {
    finds(Mutant::BothSlots, &scenarios::two_updates_and_loads(world::World::updated()));
}
