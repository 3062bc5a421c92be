//! Writers and readers at the same time.

use std::time::Duration;

use super::{holds, holds_thoroughly, is_thorough};
use crate::store::file::crash::explore::Scenario;
use crate::store::file::crash::world::{ID, LARGE, SMALL, World};

/// Two who have seen the same, and one who reads.
pub(in super::super) fn updates_and_a_load(world: World) -> Scenario {
    Scenario::new("update, update, load", world)
        .actor(|player| player.update(player.first(), player.world.entry('x', SMALL)))
        .actor(|player| player.update(player.first(), player.world.entry('y', SMALL + 7)))
        .actor(|player| player.load())
}

/// One who writes twice, and one who reads twice.
pub(in super::super) fn two_updates_and_loads(world: World) -> Scenario {
    Scenario::new("update twice, load twice", world)
        .actor(|player| {
            if let Some(version) = player.update(player.first(), player.world.entry('x', SMALL)) {
                player.update(version, player.world.entry('y', SMALL));
            }
        })
        .actor(|player| {
            player.load();
            player.load()
        })
}

pub(in super::super) fn growth_and_an_update() -> Scenario {
    Scenario::new("growth, update, load", World::updated())
        .actor(|player| player.update(player.first(), player.world.entry('x', LARGE)))
        .actor(|player| player.update(player.first(), player.world.entry('y', SMALL)))
        .actor(|player| player.load())
}

pub(in super::super) fn growth_and_a_touch() -> Scenario {
    Scenario::new("growth, touch", World::updated())
        .actor(|player| player.update(player.first(), player.world.entry('x', LARGE)))
        .actor(|player| player.touch(player.first(), player.world.now + Duration::from_secs(7200)))
}

pub(in super::super) fn an_update_and_a_load() -> Scenario {
    Scenario::new("update, load", World::updated())
        .actor(|player| player.update(player.first(), player.world.entry('x', SMALL)))
        .actor(|player| player.load())
}

#[test]
fn two_updates_of_the_same_version() {
    holds(&updates_and_a_load(World::updated()));
    if is_thorough() {
        holds(&updates_and_a_load(World::fresh()));
    }
}

#[test]
fn updates_in_a_row() {
    holds(&two_updates_and_loads(World::updated()));
    if is_thorough() {
        holds(&two_updates_and_loads(World::fresh()));
    }
}

#[test]
fn updates_in_a_row_and_two_readers() {
    let scenario = two_updates_and_loads(World::updated()).actor(|player| player.load());
    holds_thoroughly(&scenario.called("update twice, load twice, load"));
}

#[test]
fn an_update_and_a_touch() {
    let scenario = Scenario::new("touch, update, load", World::updated())
        .actor(|player| player.touch(player.first(), player.world.now + Duration::from_secs(7200)))
        .actor(|player| player.update(player.first(), player.world.entry('x', SMALL)))
        .actor(|player| player.load());
    holds(&scenario);
}

#[test]
fn growth_and_who_still_has_the_old_file() {
    holds(&growth_and_an_update());
}

#[test]
fn growth_and_who_keeps_it_alive() {
    holds(&growth_and_a_touch());
}

/// Nothing of the longer entry may be seen behind the shorter one.
#[test]
fn an_update_that_is_shorter() {
    let long = World::new(|world| world.update_twice(world.entry('b', 400)));
    let scenario = Scenario::new("shorter update, load twice", long)
        .actor(|player| player.update(player.first(), player.world.entry('x', 10)))
        .actor(|player| {
            player.load();
            player.load()
        });
    holds(&scenario);
}

/// A writer was killed in the middle of each part before.
#[test]
fn a_file_that_a_killed_writer_left() {
    for broken in if is_thorough() { &[32, 128, 300][..] } else { &[128] } {
        let world = World::new(|world| {
            world.update_twice(world.entry('b', SMALL));
            let path = world.path_of(&ID);
            let mut file = std::fs::read(&path).expect("it is ours");
            file[..*broken].fill(b'#');
            std::fs::write(&path, file).expect("it is ours");
        });
        let scenario = Scenario::new("after a killed writer: update, load twice", world)
            .actor(|player| player.update(player.first(), player.world.entry('x', SMALL)))
            .actor(|player| {
                player.load();
                player.load()
            });
        holds(&scenario);
    }
}

/// More than is read in one call.
#[test]
fn a_large_file() {
    let large = World::new(|world| world.update_twice(world.entry('b', 5000)));
    let scenario = Scenario::new("update of a large file, load", large)
        .actor(|player| player.update(player.first(), player.world.entry('x', 5001)))
        .actor(|player| player.load());
    holds(&scenario);
}
