//! Where actors take turns: one runs, and before each of its system calls the script says who goes on.

use std::panic::resume_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::effects::{Effects, Notes, digest};
use super::history::{Answer, Event, History};
use super::script::{Act, Bounds, Script};
use super::shim::Call;
use super::story::Story;

/// What an actor unwinds with that was killed.
pub(super) struct Leaves;

pub(super) struct Stage {
    state: Mutex<State>,
    /// One for each actor.
    bells: Vec<Condvar>,
    is_over: Condvar,
}

pub(super) struct State {
    pub(super) script: Script,
    pub(super) history: History,
    pub(super) story: Story,
    pub(super) left: Bounds,
    pub(super) steps: u64,
    pub(super) kills: u64,
    /// What an actor's thread broke down with.
    pub(super) broken: Option<String>,
    effects: Effects,
    cast: Vec<Part>,
    running: Option<usize>,
    /// Whose turn it is has been chosen just now.
    is_fresh: bool,
    /// All that can follow was seen before.
    is_abandoned: bool,
    is_closed: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    standing: Standing,
    knows: u64,
    steps: u64,
    /// It has changed something, or locked it, in this operation: a kill leaves the half of it.
    is_amid: bool,
}

#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
enum Standing {
    #[default]
    Outside,
    Inside,
    Done,
    Killed,
}

/// Where something is decided.
#[derive(Clone, Copy, Hash)]
pub(super) enum Point {
    /// Before somebody's step, whose turn it was already or is from now on.
    Step { me: usize, is_fresh: bool },
    /// When somebody has left.
    Next,
    /// When all have.
    End,
}

impl Stage {
    pub(super) fn new(actors: usize) -> Self {
        let state = State {
            script: Script::default(),
            history: History::default(),
            story: Story::default(),
            left: Bounds { switches: 0, kills: 0 },
            steps: 0,
            kills: 0,
            broken: None,
            effects: Effects::default(),
            cast: vec![Part::default(); actors],
            running: None,
            is_fresh: false,
            is_abandoned: false,
            is_closed: false,
        };
        let bells = (0..actors).map(|_| Condvar::new()).collect();
        Stage { state: Mutex::new(state), bells, is_over: Condvar::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays the script once; false if it came to where another one had been.
    pub(super) fn play(&self, bounds: Bounds, history: History) -> bool {
        let mut state = self.lock();
        state.script.rewind();
        state.left = bounds;
        (state.history, state.effects, state.is_abandoned) = (history, Effects::default(), false);
        state.cast.fill(Part::default());
        self.pass_on(&mut state);
        while state.running.is_some() {
            state = self.is_over.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.is_abandoned
    }

    /// Sends all actors home.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.bells.iter().for_each(Condvar::notify_all);
    }

    /// Waits for an actor's entrance; false if there is none any more.
    pub(super) fn enter(&self, me: usize) -> bool {
        let mut state = self.lock();
        while state.running != Some(me) || state.cast[me].standing != Standing::Outside {
            if state.is_closed {
                return false;
            }
            state = self.wait(me, state);
        }
        state.cast[me].standing = Standing::Inside;
        true
    }

    /// An actor's thread has come to its end.
    pub(super) fn leave(&self, me: usize, was_killed: bool) {
        let mut state = self.lock();
        state.cast[me].standing = if was_killed { Standing::Killed } else { Standing::Done };
        self.pass_on(&mut state);
    }

    /// Before a system call: goes on, lets somebody else go on, or does not come back.
    pub(super) fn step(&self, me: usize, call: Call<'_>) {
        let mut state = self.lock();
        loop {
            match state.decide(me, call) {
                Some(Act::GoOn) => break,
                Some(Act::Turn(to)) => {
                    state.left.switches -= 1;
                    self.call(&mut state, to);
                    while state.running != Some(me) {
                        state = self.wait(me, state);
                    }
                }
                Some(Act::Kill) => {
                    state.left.kills -= 1;
                    state.kills += 1;
                    state.story.killed(me, call);
                    drop(state);
                    resume_unwind(Box::new(Leaves));
                }
                None => {
                    state.is_abandoned = true;
                    drop(state);
                    resume_unwind(Box::new(Leaves));
                }
            }
        }
        state.history.begins(me);
        state.steps += 1;
        state.cast[me].steps += 1;
        let State { history, story, .. } = &mut *state;
        story.step(me, call, history);
    }

    /// After a system call: what it told, and what it did.
    pub(super) fn note(&self, me: usize, note: impl FnOnce(&mut Notes<'_>)) {
        let mut state = self.lock();
        let State { effects, cast, .. } = &mut *state;
        let moment = digest((me, cast[me].steps));
        let before = effects.digest();
        let Part { knows, is_amid, .. } = &mut cast[me];
        note(&mut Notes { effects, knows, is_amid, moment });
        cast[me].is_amid |= effects.digest() != before;
    }

    pub(super) fn is_private(&self, number: u64) -> bool {
        self.lock().effects.is_private(number)
    }

    /// An operation is about to begin: with its first system call.
    pub(super) fn begins(&self, event: Event) {
        self.lock().history.pend(event);
    }

    pub(super) fn ends(&self, me: usize, answer: Answer) {
        let mut state = self.lock();
        let State { history, story, cast, .. } = &mut *state;
        history.ends(me, answer);
        if let Some(part) = cast.get_mut(me) {
            part.is_amid = false;
        }
        story.told(me, history);
    }

    /// The next one goes on, when one has left; or all are told that this is over.
    fn pass_on(&self, state: &mut State) {
        if !state.is_abandoned {
            let turns = state.others(None).into_iter().map(Act::Turn).collect();
            match state.choose(Point::Next, turns) {
                Some(Act::Turn(next)) => return self.call(state, next),
                Some(_) => {}
                None => state.is_abandoned = !state.others(None).is_empty(),
            }
        }
        // Whoever waits is called, and leaves.
        match state.cast.iter().position(|part| part.standing == Standing::Inside) {
            Some(waiting) => self.call(state, waiting),
            None => {
                state.running = None;
                self.is_over.notify_all();
            }
        }
    }

    fn call(&self, state: &mut State, actor: usize) {
        state.running = Some(actor);
        state.is_fresh = true;
        self.bells[actor].notify_all();
    }

    fn wait<'a>(&self, me: usize, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.bells[me].wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What the actor whose turn it is does at this point; `None` if everything was tried from here.
    fn decide(&mut self, me: usize, call: Call<'_>) -> Option<Act> {
        if self.is_abandoned {
            return None;
        }
        let is_fresh = std::mem::take(&mut self.is_fresh);
        let mut acts = vec![Act::GoOn];
        if !is_fresh && !call.is_private && self.left.switches > 0 {
            acts.extend(self.others(Some(me)).into_iter().map(Act::Turn));
        }
        if self.left.kills > 0 && self.cast[me].is_amid {
            acts.push(Act::Kill);
        }
        self.choose(Point::Step { me, is_fresh }, acts)
    }

    /// What the script says, or the first of what may be done; `None` if that is nothing, or was tried from here before.
    fn choose(&mut self, point: Point, mut acts: Vec<Act>) -> Option<Act> {
        if let Some(act) = self.script.next() {
            return Some(act);
        }
        let state = self.digest(point);
        if acts.is_empty() || self.script.passes_over(state, self.left) {
            return None;
        }
        self.script.is_new(state, self.left);
        acts.retain(|act| !self.was_tried(point, *act));
        Some(self.script.choose(acts))
    }

    /// Whether an act leads to where another run has been.
    fn was_tried(&mut self, point: Point, act: Act) -> bool {
        let (mut left, here) = (self.left, self.cast.clone());
        let Point::Step { me, .. } = point else { return false };
        let then = match act {
            Act::GoOn => return false,
            Act::Turn(to) => {
                left.switches -= 1;
                Point::Step { me: to, is_fresh: true }
            }
            Act::Kill => {
                left.kills -= 1;
                self.cast[me].standing = Standing::Killed;
                if self.others(None).is_empty() { Point::End } else { Point::Next }
            }
        };
        let state = self.digest(then);
        self.cast = here;
        self.script.passes_over(state, left)
    }

    /// Who could go on.
    fn others(&self, but: Option<usize>) -> Vec<usize> {
        let goes_on = |part: &Part| matches!(part.standing, Standing::Outside | Standing::Inside);
        (0..self.cast.len()).filter(|index| Some(*index) != but && goes_on(&self.cast[*index])).collect()
    }

    /// All that there is to know of this moment.
    pub(super) fn digest(&self, point: Point) -> u64 {
        let knows = |part: &Part| match part.standing {
            Standing::Inside => (part.standing, part.knows, part.steps),
            _ => (part.standing, 0, 0),
        };
        let cast: Vec<_> = self.cast.iter().map(knows).collect();
        digest((point, cast, self.effects.digest(), self.history.digest()))
    }
}
