//! What is synced, and when: after it is written, before anybody is told, and under the lock.

use std::time::Duration;

use super::budget::calls_of;
use super::player::Player;
use super::world::{ALICE, LARGE, OTHER, SMALL, World};
use crate::store::{Durability, Entry, FileStore};

fn updated(durability: Durability) -> World {
    World::with(durability, |world| world.update_twice(world.entry('b', SMALL)))
}

fn update(player: Player<'_>) {
    player.update(player.first(), player.world.entry('x', SMALL));
}

fn grow(player: Player<'_>) {
    player.update(player.first(), player.world.entry('x', LARGE));
}

fn log_in(player: Player<'_>) {
    let entry = Entry { owner: Some(ALICE), ..player.world.entry('x', SMALL) };
    player.update(player.first(), entry);
}

fn create(player: Player<'_>) {
    player.create(player.world.entry('x', SMALL));
}

#[track_caller]
fn are(calls: &[String], expected: &[&str]) {
    assert_eq!(calls, expected);
}

const LOOKS: [&str; 5] = ["open session", "flock", "pread", "fstat", "stat session"];

#[test]
fn nothing_waits_for_the_disk_unasked() {
    for act in [update, grow, log_in, |player: Player<'_>| player.remove()] {
        let calls = calls_of(updated(Durability::None), act);
        assert!(!calls.iter().any(|call| call.starts_with("sync")), "{calls:#?}");
    }
    let calls = calls_of(World::new(|_| {}), create);
    assert!(!calls.iter().any(|call| call.starts_with("sync")), "{calls:#?}");
}

#[test]
fn what_is_written_is_synced_before_the_lock_is_let_go() {
    let expected = [&LOOKS[..], &["pwrite", "sync data", "close"]].concat();
    for durability in [Durability::Data, Durability::Full] {
        are(&calls_of(updated(durability), update), &expected);
        let touch = |player: Player<'_>| {
            player.touch(player.first(), player.world.now + Duration::from_secs(7200));
        };
        are(&calls_of(updated(durability), touch), &expected);
    }
}

/// The bytes before the name, and the name before anybody else may write there.
#[test]
fn what_has_grown_is_synced_before_it_has_its_name() {
    let expected = [&LOOKS[..], &["make temporary", "pwrite", "sync data", "rename session", "close"]].concat();
    are(&calls_of(updated(Durability::Data), grow), &expected);
    let made = ["make temporary", "pwrite", "sync data", "flock", "rename session", "open ff", "sync names", "close"];
    are(&calls_of(updated(Durability::Full), grow), &[&LOOKS[..], &made].concat());
}

#[test]
fn a_new_session_is_synced_before_it_has_its_name() {
    let shard = |durability| World::with(durability, World::make_shard);
    let expected = ["make temporary", "pwrite", "sync data", "rename new session"];
    are(&calls_of(shard(Durability::Data), create), &expected);
    let named = [&expected[1..], &["open ff", "sync names"]].concat();
    let known = |world: &World| world.make_shard_known();
    are(&calls_of(World::with(Durability::Full, known), create), &[&expected[..1], &named].concat());
}

/// Whoever made the directory may have been killed before it was synced.
#[test]
fn a_directory_that_others_made_is_synced_at_its_first_use() {
    let world = World::with(Durability::Full, World::make_shard);
    let twice = |player: Player<'_>| {
        player.create(player.world.entry('x', SMALL));
        player.with(OTHER).create(player.world.entry('x', SMALL));
    };
    let first = ["make temporary", "open .", "sync names", "pwrite", "sync data", "rename new session"];
    let named = ["open ff", "sync names"];
    let second = ["make temporary", "pwrite", "sync data", "rename new session"];
    are(&calls_of(world, twice), &[&first[..], &named, &second, &named].concat());
}

/// The same of the directories for owners.
#[test]
fn an_owners_directory_that_others_made_is_synced_at_its_first_use() {
    let world = World::with(Durability::Full, |world| {
        world.update_twice(world.entry('b', SMALL));
        for path in ["owners", "owners/ff", &format!("owners/ff/{ALICE}")] {
            world.root.base().make_directory(path).expect("it is ours");
        }
    });
    let calls = calls_of(world, log_in);
    let synced: Vec<usize> = (0..calls.len()).filter(|index| calls[*index] == "sync names").collect();
    let marker = calls.iter().position(|call| call == "make marker").expect("a marker");
    assert_eq!(synced.iter().filter(|index| **index < marker).count(), 3, "each of them: {calls:#?}");
    assert_eq!(synced.len(), 4, "and the marker: {calls:#?}");
}

/// The session directory is a name in another one.
#[test]
fn the_session_directory_itself_is_synced_when_it_is_opened() {
    let open = |player: Player<'_>| {
        let builder = FileStore::builder(player.world.root.path()).insecure_allow_network_fs(true);
        builder.durability(Durability::Full).open().expect("a fit directory");
    };
    let calls = calls_of(World::with(Durability::Full, |_| {}), open);
    assert_eq!(calls.first().map(String::as_str), Some("sync names"), "{calls:#?}");
}

#[test]
fn a_new_directory_is_synced_before_what_is_in_it() {
    let calls = calls_of(World::with(Durability::Full, |_| {}), create);
    let made = ["make temporary", "mkdir ff", "open ff", "chmod", "open .", "sync names"];
    let named = ["make temporary", "pwrite", "sync data", "rename new session", "open ff", "sync names"];
    are(&calls, &[made, named].concat());
}

#[test]
fn an_end_is_synced_before_it_is_told() {
    let remove = |player: Player<'_>| player.remove();
    let expected = [&LOOKS[..], &["unlink session", "open ff", "sync names", "close"]].concat();
    are(&calls_of(updated(Durability::Full), remove), &expected);
    let expected = [&LOOKS[..], &["unlink session", "close"]].concat();
    are(&calls_of(updated(Durability::Data), remove), &expected);
}

/// A record is never there without its marker, and a marker never without its directory.
#[test]
fn a_marker_is_synced_before_its_record() {
    let calls = calls_of(updated(Durability::Full), log_in);
    let at = |what: &str| calls.iter().position(|call| call == what).unwrap_or_else(|| panic!("{what} in {calls:#?}"));
    let synced: Vec<usize> = (0..calls.len()).filter(|index| calls[*index] == "sync names").collect();
    let made: Vec<usize> = (0..calls.len()).filter(|index| calls[*index].starts_with("mkdir")).collect();
    assert_eq!(made.len(), 3, "owners, its part, and the owner's: {calls:#?}");
    assert_eq!(synced.len(), 4, "each of them, and the marker: {calls:#?}");
    assert!(made.iter().zip(&synced).all(|(made, synced)| made < synced), "{calls:#?}");
    let (marker, record) = (at("make marker"), at("pwrite"));
    assert!(synced[2] < marker && marker < synced[3] && synced[3] < record, "{calls:#?}");
    assert!(record < at("sync data") && at("sync data") < calls.len() - 1, "{calls:#?}");
}
