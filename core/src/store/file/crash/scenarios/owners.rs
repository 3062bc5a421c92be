//! Owners' markers, and the records that they point to.

use std::time::Duration;

use super::{holds, holds_thoroughly};
use crate::SessionId;
use crate::store::file::crash::explore::Scenario;
use crate::store::file::crash::history::{Answer, History};
use crate::store::file::crash::player::Player;
use crate::store::file::crash::world::{ALICE, BOB, ID, LARGE, OTHER, SMALL, World};
use crate::store::{Entry, GRACE, Reserved};

fn owned(world: &World, letter: char, length: usize) -> Entry {
    Entry { owner: Some(ALICE), ..world.entry(letter, length) }
}

fn of_alice() -> World {
    World::new(|world| world.update_twice(owned(world, 'b', SMALL)))
}

/// Who logs in finds the session among the owner's, unless somebody ended it.
/// The purge takes a marker for stale that waits for its record: only the lock of the owner's directory keeps it.
pub(in super::super) fn login_and_a_purge() -> Scenario {
    Scenario::new("login and list, purge", World::updated())
        .actor(|player| {
            player.update(player.first(), owned(player.world, 'x', SMALL));
            player.owned_by(ALICE);
        })
        .actor(|player| player.later(2 * GRACE).purge())
}

pub(in super::super) fn one_place() -> Scenario {
    fn comes(player: Player<'_>, id: SessionId) {
        let player = player.with(id);
        if player.reserve(ALICE, 1) {
            player.create(owned(player.world, 'x', SMALL));
        }
    }
    let one_at_most = |history: &History| {
        let answers = history.events.iter().filter_map(|event| event.answer.as_ref());
        let granted = answers.filter(|answer| matches!(answer, Answer::Reserved(Reserved::Granted))).count();
        if granted > 1 { Err("one place was given to two") } else { Ok(()) }
    };
    Scenario::new("reserve and create, reserve and create", World::new(|_| {}))
        .actor(|player| comes(player, ID))
        .actor(|player| comes(player, OTHER))
        .and(one_at_most)
}

/// Who logs in finds the session among the owner's, unless somebody ended it.
#[test]
fn a_login_and_a_removal() {
    let scenario = Scenario::new("login and list, removal", World::updated())
        .actor(|player| {
            player.update(player.first(), owned(player.world, 'x', SMALL));
            player.owned_by(ALICE);
        })
        .actor(|player| player.remove());
    holds(&scenario);
}

#[test]
fn a_login_that_others_list() {
    let scenario = Scenario::new("login with growth, removal, list", World::updated())
        .actor(|player| player.update(player.first(), owned(player.world, 'x', LARGE)))
        .actor(|player| player.remove())
        .actor(|player| player.owned_by(ALICE));
    holds(&scenario);
}

fn to_bob(player: Player<'_>) {
    let entry = Entry { owner: Some(BOB), ..player.world.entry('x', SMALL) };
    player.update(player.first(), entry);
    player.owned_by(BOB);
}

#[test]
fn a_session_that_changes_hands() {
    let scenario = Scenario::new("to another owner and list, list", of_alice());
    holds(&scenario.actor(to_bob).actor(|player| player.owned_by(ALICE)));
}

#[test]
fn a_session_that_changes_hands_and_is_touched() {
    let scenario = Scenario::new("to another owner and list, touch, list", of_alice())
        .actor(to_bob)
        .actor(|player| player.touch(player.first(), player.world.now + Duration::from_secs(7200)))
        .actor(|player| player.owned_by(ALICE));
    holds_thoroughly(&scenario);
}

#[test]
fn a_login_and_a_purge_that_tidies_up() {
    holds(&login_and_a_purge());
}

#[test]
fn one_place_and_two_who_want_it() {
    holds(&one_place());
}
