//! The choices of one run, and on to the next: depth first, and never twice from the same state.

use std::collections::HashMap;

/// How much may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Times that another actor goes on though this one could.
    pub(super) switches: usize,
    pub(super) kills: usize,
}

impl Bounds {
    fn covers(self, other: Bounds) -> bool {
        self.switches >= other.switches && self.kills >= other.kills
    }
}

/// What may be done at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    GoOn,
    /// This one goes on instead.
    Turn(usize),
    Kill,
}

/// What may be done at a point, and which of it is.
#[derive(Debug)]
struct Choice {
    acts: Vec<Act>,
    chosen: usize,
}

/// Whether what was tried before is passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Memory {
    #[default]
    Seen,
    Nothing,
}

#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) memory: Memory,
    choices: Vec<Choice>,
    at: usize,
    /// States from which everything was tried, within these bounds.
    seen: HashMap<u64, Vec<Bounds>>,
}

impl Script {
    pub(super) fn rewind(&mut self) {
        self.at = 0;
    }

    /// What is done at this point, if it is not a new one.
    pub(super) fn next(&mut self) -> Option<Act> {
        let choice = self.choices.get(self.at)?;
        self.at += 1;
        Some(choice.acts[choice.chosen])
    }

    /// What is done first at a new point.
    pub(super) fn choose(&mut self, acts: Vec<Act>) -> Act {
        let first = acts[0];
        self.choices.push(Choice { acts, chosen: 0 });
        self.at += 1;
        first
    }

    /// True the first time that a state is come upon with this much left, or with more than before.
    pub(super) fn is_new(&mut self, state: u64, left: Bounds) -> bool {
        if self.knows(state, left) {
            return false;
        }
        self.seen.entry(state).or_default().push(left);
        true
    }

    /// Whether there is nothing new behind this state.
    pub(super) fn passes_over(&self, state: u64, left: Bounds) -> bool {
        self.memory == Memory::Seen && self.knows(state, left)
    }

    fn knows(&self, state: u64, left: Bounds) -> bool {
        self.seen.get(&state).is_some_and(|seen| seen.iter().any(|seen| seen.covers(left)))
    }

    pub(super) fn states(&self) -> usize {
        self.seen.len()
    }

    /// On to the next script: the last choice that has an alternative takes it. False if there is none.
    pub(super) fn advance(&mut self) -> bool {
        while self.choices.last().is_some_and(|choice| choice.chosen + 1 == choice.acts.len()) {
            self.choices.pop();
        }
        self.choices.last_mut().is_some_and(|choice| {
            choice.chosen += 1;
            true
        })
    }
}
