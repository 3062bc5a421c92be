//! What was asked, what was answered, and what had ended before it began.

use super::effects::digest;
use crate::store::{Created, Entry, OwnerKey, Removed, Reserved, Stored, Touched, Updated, Version};
use crate::{SessionId, Timestamp};

/// How many operations one actor may do.
const EACH: usize = 10;

#[derive(Clone)]
pub(super) enum Op {
    Load,
    Create(Entry),
    Update(Version, Entry),
    Touch(Version, Option<Timestamp>),
    Remove,
    Purge,
    OwnedBy(OwnerKey),
    Reserve(usize),
}

#[derive(Clone)]
pub(super) enum Answer {
    Loaded(Option<Stored>),
    Created(Created),
    Updated(Updated),
    Touched(Touched),
    Removed(Removed),
    /// How many were removed.
    Purged(u64),
    Listed(Option<Stored>),
    Reserved(Reserved),
    Busy,
    Failed(String),
}

#[derive(Clone)]
pub(super) struct Event {
    pub(super) actor: usize,
    pub(super) id: SessionId,
    /// What its clock says.
    pub(super) now: Timestamp,
    pub(super) op: Op,
    /// None if it was killed.
    pub(super) answer: Option<Answer>,
    /// A bit of its own, the same in each run.
    pub(super) bit: u64,
    /// What had ended when it began.
    pub(super) before: u64,
}

/// The operations of one run.
#[derive(Clone, Default)]
pub(super) struct History {
    /// What was there when it began.
    pub(super) first: Vec<(SessionId, Stored)>,
    /// In the order in which they began.
    pub(super) events: Vec<Event>,
    /// What the actors will begin next.
    pending: Vec<Event>,
    ended: u64,
}

impl History {
    pub(super) fn of(first: Vec<(SessionId, Stored)>) -> Self {
        History { first, ..History::default() }
    }

    /// Somebody will do something next.
    pub(super) fn pend(&mut self, event: Event) {
        self.pending.push(event);
    }

    /// Somebody begins now what was pending.
    pub(super) fn begins(&mut self, actor: usize) {
        let Some(index) = self.pending.iter().position(|event| event.actor == actor) else { return };
        let mut event = self.pending.swap_remove(index);
        let nth = self.events.iter().filter(|event| event.actor == actor).count();
        assert!(nth < EACH, "an actor does only so much");
        (event.bit, event.before) = (1 << (actor * EACH + nth), self.ended);
        self.events.push(event);
    }

    /// Somebody has got an answer.
    pub(super) fn ends(&mut self, actor: usize, answer: Answer) {
        self.begins(actor);
        let event = self.last_of(actor).expect("it began");
        let bit = event.bit;
        event.answer = Some(answer);
        self.ended |= bit;
    }

    fn last_of(&mut self, actor: usize) -> Option<&mut Event> {
        self.events.iter_mut().rev().find(|event| event.actor == actor)
    }

    /// Where an event stands.
    pub(super) fn latest(&self, actor: usize) -> Option<usize> {
        self.events.iter().rposition(|event| event.actor == actor)
    }

    /// The same for histories that differ in nothing but the order in which unrelated things happened.
    pub(super) fn digest(&self) -> u64 {
        let one = |event: &Event| digest((event.bit, event.before, event.answer.as_ref().map(Answer::digest)));
        self.events.iter().map(one).fold(0, u64::wrapping_add)
    }
}

impl Answer {
    fn digest(&self) -> u64 {
        match self {
            Answer::Loaded(stored) | Answer::Listed(stored) => digest((0, stored.as_ref().map(of_stored))),
            Answer::Created(Created::New(version)) => digest((1, version)),
            Answer::Created(Created::Exists) => 2,
            Answer::Updated(Updated::Applied(version)) => digest((3, version)),
            Answer::Updated(Updated::Conflict(stored)) => digest((4, of_stored(stored))),
            Answer::Updated(Updated::Gone) => 5,
            Answer::Touched(touched) => digest((6, *touched as u8)),
            Answer::Removed(removed) => digest((7, *removed as u8)),
            Answer::Purged(count) => digest((8, count)),
            Answer::Reserved(Reserved::Granted) => 9,
            Answer::Reserved(Reserved::Full(ids)) => digest((10, ids)),
            Answer::Busy => 11,
            Answer::Failed(message) => digest(message),
        }
    }
}

fn of_stored(stored: &Stored) -> u64 {
    let Stored { entry: Entry { bytes, expires, owner }, version } = stored;
    digest((version, bytes, expires.map(Timestamp::as_millis), owner))
}
