//! Purges at the same time as what they must leave.

use std::time::Duration;

use super::holds;
use crate::store::Entry;
use crate::store::file::crash::explore::Scenario;
use crate::store::file::crash::world::{LARGE, SMALL, World};

/// What the clock of a purge is ahead: to it, the session of [`overdue`] is one to remove.
const AHEAD: Duration = Duration::from_secs(40);

/// A session whose deadline has passed, but by less than the grace.
fn overdue() -> World {
    World::new(|world| {
        let past = world.now - Duration::from_secs(30);
        world.update_twice(Entry { expires: Some(past), ..world.entry('b', SMALL) });
    })
}

pub(in super::super) fn purge_and_an_update() -> Scenario {
    Scenario::new("purge, update, load", overdue())
        .actor(|player| player.later(AHEAD).purge())
        .actor(|player| player.update(player.first(), player.world.entry('x', SMALL)))
        .actor(|player| player.load())
}

#[test]
fn a_purge_and_an_update_within_the_grace() {
    holds(&purge_and_an_update());
}

#[test]
fn a_purge_and_growth_within_the_grace() {
    let scenario = Scenario::new("purge, growth, load", overdue())
        .actor(|player| player.later(AHEAD).purge())
        .actor(|player| player.update(player.first(), player.world.entry('x', LARGE)))
        .actor(|player| player.load());
    holds(&scenario);
}

#[test]
fn a_purge_and_a_touch_within_the_grace() {
    let scenario =
        Scenario::new("purge, touch and load", overdue()).actor(|player| player.later(AHEAD).purge()).actor(|player| {
            player.touch(player.first(), player.world.now + Duration::from_secs(3600));
            player.load()
        });
    holds(&scenario);
}

#[test]
fn a_purge_and_who_creates() {
    let scenario = Scenario::new("create, load, purge", World::new(|_| {}))
        .actor(|player| player.create(player.world.entry('x', SMALL)))
        .actor(|player| player.load())
        .actor(|player| player.later(AHEAD).purge());
    holds(&scenario);
}
