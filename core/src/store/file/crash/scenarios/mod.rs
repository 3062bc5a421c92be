//! What meets in the directory. No promise is broken in any order.

mod ends;
mod owners;
mod purges;
mod writers;

pub(super) use ends::removal_and_growth;
pub(super) use owners::{login_and_a_purge, one_place};
pub(super) use purges::purge_and_an_update;
pub(super) use writers::{
    an_update_and_a_load, growth_and_a_touch, growth_and_an_update, two_updates_and_loads, updates_and_a_load,
};

use super::explore::{Scenario, explore, explore_with};
use super::script::{Bounds, Memory};
use super::shim::Tearing;

/// Whether there is time: everything is to be tested.
fn is_thorough() -> bool {
    std::env::var_os("WEBSTACK_TESTS").is_some_and(|wanted| wanted == "all")
}

/// Explores a scenario and tells what was tried; more of it if there is time.
fn holds(scenario: &Scenario) {
    if is_thorough() {
        holds_within(scenario, Tearing::Forwards, 3);
        holds_within(scenario, Tearing::Backwards, 2);
    } else {
        holds_within(scenario, Tearing::Forwards, 2);
    }
}

/// The same for a scenario that has so many orders that it takes long.
fn holds_thoroughly(scenario: &Scenario) {
    if is_thorough() {
        holds_within(scenario, Tearing::Forwards, 2);
    } else {
        eprintln!("skipped: {}: WEBSTACK_TESTS is not `all`", scenario.name);
    }
}

fn holds_within(scenario: &Scenario, tearing: Tearing, switches: usize) {
    match explore(scenario, Bounds { switches, kills: 1 }, tearing, None) {
        Ok(summary) => eprintln!("{}, {switches} switches: {summary}, and nothing broken", scenario.name),
        Err(violation) => panic!("{}: {}\n{}", scenario.name, violation.what, violation.story.join("\n")),
    }
}

/// What is passed over because it was seen before leads nowhere else.
#[test]
fn nothing_is_missed_by_remembering() {
    let bounds = Bounds { switches: 2, kills: 1 };
    for scenario in [growth_and_a_touch(), an_update_and_a_load()] {
        let [with, without] = [Memory::Seen, Memory::Nothing]
            .map(|memory| explore_with(&scenario, bounds, Tearing::Forwards, None, memory).expect("nothing is broken"));
        assert_eq!(with.ends, without.ends, "{with}; {without}");
        assert!(with.schedules < without.schedules, "{with}; {without}");
    }
}
