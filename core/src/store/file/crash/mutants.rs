//! What the harness finds if a rule is taken out: if it did not, its silence about the shipped code would mean nothing.

use super::explore::{Scenario, explore};
use super::rules::Mutant;
use super::script::Bounds;
use super::shim::Tearing;
use super::{scenarios, world};

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
