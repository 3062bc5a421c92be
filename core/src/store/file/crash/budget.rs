//! Which system calls an operation makes when nobody disturbs it.

use std::time::Duration;

use super::explore::{Scenario, calls};
use super::player::Player;
use super::world::{LARGE, SMALL, World};
use crate::store::Version;
use crate::store::file::temporary::is_temporary;

/// The calls of an operation, each with what it was for; parts of one call are one.
pub(super) fn calls_of<T: 'static>(world: World, act: impl Fn(Player<'_>) -> T + Send + Sync + 'static) -> Vec<String> {
    let calls = calls(&Scenario::new("alone", world).actor(act));
    let whole = calls.into_iter().filter(|(_, name, _)| !name.starts_with('…'));
    whole.map(|(_, name, path)| format!("{name} {}", kind(&path)).trim_end().to_owned()).collect()
}

/// What a path is the path of.
fn kind(path: &str) -> &str {
    let parts: Vec<&str> = path.split('/').collect();
    match *parts.as_slice() {
        [_, name] if is_temporary(name) => "temporary",
        ["owners", _, _, _] => "marker",
        ["owners", _, _] => "owner",
        [_, name] if name.len() == 32 => "session",
        _ => path,
    }
}

/// How many calls that is, with the closing of whatever was opened.
fn count(calls: &[String]) -> usize {
    let opens = calls.iter().filter(|call| call.starts_with("open") || call.starts_with("make")).count();
    opens + calls.iter().filter(|call| *call != "close").count()
}

#[track_caller]
fn costs<T: 'static>(most: usize, world: World, act: impl Fn(Player<'_>) -> T + Send + Sync + 'static) {
    let calls = calls_of(world, act);
    assert!(count(&calls) <= most, "{} calls: {calls:#?}", count(&calls));
}

#[test]
fn operations_make_few_calls() {
    costs(3, World::updated(), |player| player.load());
    costs(7, World::updated(), |player| player.update(player.first(), player.world.entry('x', SMALL)));
    costs(7, World::updated(), |player| {
        player.touch(player.first(), player.world.now + Duration::from_secs(7200));
    });
    costs(5, World::updated(), |player| player.update(Version::new(0), player.world.entry('x', SMALL)));
    costs(10, World::updated(), |player| player.update(player.first(), player.world.entry('x', LARGE)));
    // And one that looks whether the session directory is still there, which is none of what is in it.
    costs(5 - 1, World::with_shard(), |player| player.create(player.world.entry('x', SMALL)));
}
