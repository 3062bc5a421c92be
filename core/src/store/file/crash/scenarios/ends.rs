//! Sessions that begin and end at the same time as they are read and written.

use super::holds;
use crate::store::file::crash::explore::Scenario;
use crate::store::file::crash::world::{LARGE, SMALL, World};

pub(in super::super) fn removal_and_growth() -> Scenario {
    Scenario::new("removal, growth, load", World::updated())
        .actor(|player| player.remove())
        .actor(|player| player.update(player.first(), player.world.entry('x', LARGE)))
        .actor(|player| player.load())
}

#[test]
fn removal_and_an_update() {
    let scenario = Scenario::new("removal, update, load", World::updated())
        .actor(|player| player.remove())
        .actor(|player| player.update(player.first(), player.world.entry('x', SMALL)))
        .actor(|player| player.load());
    holds(&scenario);
}

#[test]
fn removal_and_growth_at_the_same_time() {
    holds(&removal_and_growth());
}

#[test]
fn two_who_create_the_same() {
    let scenario = Scenario::new("create, create, load", World::new(|_| {}))
        .actor(|player| player.create(player.world.entry('x', SMALL)))
        .actor(|player| player.create(player.world.entry('y', SMALL)))
        .actor(|player| player.load());
    holds(&scenario);
}
