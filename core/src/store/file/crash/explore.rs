//! Plays a scenario by all scripts, and looks at the end of each whether the store kept its promises.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::history::History;
use super::model;
use super::player::Player;
use super::promises;
use super::recovery;
use super::rules::Mutant;
use super::script::{Bounds, Memory};
use super::shim::{self, Tearing};
use super::stage::{Leaves, Point, Stage};
use super::world::{ID, OTHER, World};

type Act = Box<dyn Fn(Player<'_>) + Send + Sync>;

/// What there is at first, and who does what.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) world: World,
    actors: Vec<Act>,
    also: fn(&History) -> Result<(), &'static str>,
}

impl Scenario {
    pub(super) fn new(name: &'static str, world: World) -> Self {
        Scenario { name, world, actors: Vec::new(), also: |_| Ok(()) }
    }

    pub(super) fn called(self, name: &'static str) -> Self {
        Scenario { name, ..self }
    }

    pub(super) fn actor<T>(mut self, act: impl Fn(Player<'_>) -> T + Send + Sync + 'static) -> Self {
        self.actors.push(Box::new(move |player| drop(act(player))));
        self
    }

    /// What else has to be so when all have ended.
    pub(super) fn and(self, also: fn(&History) -> Result<(), &'static str>) -> Self {
        Scenario { also, ..self }
    }

    fn player<'a>(&'a self, stage: &'a Stage, me: usize) -> Player<'a> {
        Player { stage, world: &self.world, me, id: ID, now: self.world.now }
    }
}

/// What was tried.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Summary {
    /// Runs, and how many of them did not end where another one had been before.
    pub(super) schedules: u64,
    pub(super) ends: u64,
    pub(super) states: usize,
    pub(super) steps: u64,
    pub(super) kills: u64,
    pub(super) took: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { schedules, ends, states, steps, kills, took } = self;
        write!(f, "{schedules} schedules ({states} states, {ends} ends), {steps} steps, {kills} kills, {took:.1?}")
    }
}

/// A run in which a promise was broken.
#[derive(Debug)]
pub(super) struct Violation {
    pub(super) what: String,
    pub(super) story: Vec<String>,
}

/// Tries everything within these bounds.
pub(super) fn explore(
    scenario: &Scenario,
    bounds: Bounds,
    tearing: Tearing,
    mutant: Option<Mutant>,
) -> Result<Summary, Violation> {
    explore_with(scenario, bounds, tearing, mutant, Memory::Seen)
}

pub(super) fn explore_with(
    scenario: &Scenario,
    bounds: Bounds,
    tearing: Tearing,
    mutant: Option<Mutant>,
    memory: Memory,
) -> Result<Summary, Violation> {
    let began = Instant::now();
    let mut summary = on_stage(scenario, tearing, mutant, |stage| {
        stage.lock().script.memory = memory;
        let mut summary = Summary::default();
        loop {
            summary.schedules += 1;
            if let Err(what) = play_one(scenario, stage, bounds, &mut summary) {
                stage.lock().story.is_wanted = true;
                let _ = play_one(scenario, stage, bounds, &mut Summary::default());
                return Err(Violation { what, story: std::mem::take(&mut stage.lock().story.lines) });
            }
            let mut state = stage.lock();
            if !state.script.advance() {
                (summary.steps, summary.kills, summary.states) = (state.steps, state.kills, state.script.states());
                return Ok(summary);
            }
        }
    })?;
    summary.took = began.elapsed();
    Ok(summary)
}

/// The calls of one undisturbed run: who made it, what it is called, and its path.
pub(super) fn calls(scenario: &Scenario) -> Vec<(usize, &'static str, String)> {
    on_stage(scenario, Tearing::Forwards, None, |stage| {
        scenario.world.reset();
        stage.lock().story.is_wanted = true;
        stage.play(Bounds { switches: 0, kills: 0 }, History::of(scenario.world.first.clone()));
        std::mem::take(&mut stage.lock().story.calls)
    })
}

fn play_one(scenario: &Scenario, stage: &Stage, bounds: Bounds, summary: &mut Summary) -> Result<(), String> {
    scenario.world.reset();
    let came_to_an_end = stage.play(bounds, History::of(scenario.world.first.clone()));
    let mut state = stage.lock();
    if let Some(broken) = state.broken.take() {
        return Err(format!("an actor broke down: {broken}"));
    }
    let end = state.digest(Point::End);
    let killed = bounds.kills - state.left.kills;
    let is_told = state.story.is_wanted;
    if !came_to_an_end || !state.script.is_new(end, bounds) && !is_told {
        return Ok(());
    }
    drop(state);
    summary.ends += 1;
    let recovered = recovery::recover(&scenario.player(stage, scenario.actors.len()), killed);
    let history = stage.lock().history.clone();
    if ![ID, OTHER].iter().all(|id| model::allows(&history, id)) {
        return Err(promises::broken(&history).to_owned());
    }
    (scenario.also)(&history)?;
    recovered
}

/// Does something while the actors are there.
fn on_stage<T>(scenario: &Scenario, tearing: Tearing, mutant: Option<Mutant>, direct: impl FnOnce(&Stage) -> T) -> T {
    let stage = Arc::new(Stage::new(scenario.actors.len()));
    std::thread::scope(|scope| {
        let _closes = Closes(&stage);
        for (number, act) in scenario.actors.iter().enumerate() {
            let stage = Arc::clone(&stage);
            scope.spawn(move || {
                shim::enter(Arc::clone(&stage), number, tearing, mutant);
                let player = scenario.player(&stage, number);
                while stage.enter(number) {
                    shim::begin_anew();
                    let acted = catch_unwind(AssertUnwindSafe(|| act(player)));
                    let was_killed = acted.as_ref().is_err_and(|payload| payload.is::<Leaves>());
                    if acted.is_err() && !was_killed {
                        stage.lock().broken = Some(format!("actor {number}; see above"));
                    }
                    stage.leave(number, was_killed);
                }
            });
        }
        direct(&stage)
    })
}

/// Lets the actors go, even if whoever directs them breaks down.
struct Closes<'a>(&'a Stage);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}
