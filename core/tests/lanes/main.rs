//! What is done at once is what would have been done later.
//!
//! Random scripts run over two stores that differ in one thing: one answers at once, one has to be waited for. Several requests of several
//! visitors are under way at a time, under every kind of configuration. Nobody shall notice the difference: not in headers, not in what
//! handlers see, not in errors, events and their order, nor in what is left in the store.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod random;
mod script;
mod setting;
mod world;

use random::Random;
use setting::SETTINGS;
use world::World;

/// How many scripts run for each setting: many more where everything is tested.
fn scripts() -> u64 {
    if std::env::var("WEBSTACK_TESTS").is_ok_and(|tests| tests == "all") { 60 } else { 6 }
}

const STEPS: usize = 150;

fn told(at_once: bool, setting: usize, seed: u64) -> Vec<String> {
    let mut world = World::new(at_once, setting);
    let mut random = Random::new(seed);
    for _ in 0..STEPS {
        script::step(&mut world, &mut random);
    }
    world.end()
}

#[test]
fn nobody_notices_what_is_done_at_once() {
    for setting in 0..SETTINGS {
        for seed in 0..scripts() {
            let [at_once, later] = [true, false].map(|at_once| told(at_once, setting, seed));
            let longest = at_once.len().max(later.len());
            if let Some(at) = (0..longest).find(|at| at_once.get(*at) != later.get(*at)) {
                let before = at_once[at.saturating_sub(12)..at].join("\n");
                let (one, other) = (at_once.get(at), later.get(at));
                panic!("setting {setting}, seed {seed}, after\n{before}\nat once: {one:?}\nlater:   {other:?}");
            }
        }
    }
}
