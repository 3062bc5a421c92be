//! A store in which operations follow one another, and whether it could have given all the answers of a history.
//!
//! Each operation happens at one moment between its beginning and its end, and one that was killed happens then, later
//! or never. A history for which there are such moments is right, and no other is: nothing is torn, lost,
//! older than what was seen before, or back after it was removed. A busy store has done nothing.

use super::history::{Answer, Event, History, Op};
use crate::SessionId;
use crate::store::{Created, Entry, Removed, Stored, Touched, Updated, Version};

/// A record; its version is unknown if who made it was killed and nobody has seen it yet.
#[derive(Clone)]
struct Record {
    version: Option<Version>,
    entry: Entry,
}

type State = Option<Record>;

/// Whether a session's events are those of a store.
pub(super) fn allows(history: &History, id: &SessionId) -> bool {
    let first = history.first.iter().find(|(first, _)| first == id).map(|(_, stored)| known(stored));
    let events: Vec<&Event> = history.events.iter().filter(|event| event.id == *id).collect();
    let rest = events.iter().fold(0, |rest, event| rest | event.bit);
    has_order(&events, rest, &first)
}

/// Whether the rest of the events can follow one another from this state on.
fn has_order(events: &[&Event], rest: u64, state: &State) -> bool {
    let waiting = || events.iter().filter(|event| rest & event.bit != 0);
    if waiting().all(|event| event.answer.is_none()) {
        return true;
    }
    let is_next = |event: &&&Event| event.before & rest == 0;
    waiting()
        .filter(is_next)
        .any(|event| follow(event, state).iter().any(|next| has_order(events, rest & !event.bit, next)))
}

/// What can be there after an operation with this answer; nothing if that cannot be its answer.
fn follow(event: &Event, state: &State) -> Vec<State> {
    let now = event.now;
    let same = || vec![state.clone()];
    let there = state.as_ref().filter(|record| !record.entry.is_purgeable(now));
    let alive = state.as_ref().filter(|record| !record.entry.is_expired(now));
    let has = |seen: Version| there.is_some_and(|record| record.version.is_none_or(|version| version == seen));
    let has_other = |seen: Version| there.is_some_and(|record| record.version.is_none_or(|version| version != seen));
    let written = |seen: Version, entry: &Entry| {
        let version = Some(Version::new(seen.get().wrapping_add(1)));
        Some(Record { version, entry: entry.clone() })
    };
    let touched = |deadline: Option<crate::Timestamp>| {
        let mut record = there?.clone();
        record.entry.expires = record.entry.expires.zip(deadline).map(|(old, new)| old.max(new));
        Some(record)
    };
    match (&event.op, &event.answer) {
        (_, Some(Answer::Busy)) => same(),
        (Op::Load, Some(Answer::Loaded(answer))) => sees(alive, answer.as_ref(), state),
        (Op::OwnedBy(owner), Some(Answer::Listed(answer))) => {
            sees(alive.filter(|record| record.entry.owner.as_ref() == Some(owner)), answer.as_ref(), state)
        }
        (Op::Reserve(..), Some(Answer::Reserved(_))) => same(),
        (Op::Load | Op::OwnedBy(_) | Op::Reserve(..), None) => same(),

        (Op::Create(entry), Some(Answer::Created(Created::New(version)))) if state.is_none() => {
            vec![Some(Record { version: Some(*version), entry: entry.clone() })]
        }
        (Op::Create(_), Some(Answer::Created(Created::Exists))) if state.is_some() => same(),
        (Op::Create(entry), None) if state.is_none() => {
            vec![None, Some(Record { version: None, entry: entry.clone() })]
        }
        (Op::Create(_), None) => same(),

        (Op::Update(seen, entry), Some(Answer::Updated(Updated::Applied(version)))) if has(*seen) => {
            let next = written(*seen, entry);
            if next.as_ref().and_then(|record| record.version) == Some(*version) { vec![next] } else { Vec::new() }
        }
        (Op::Update(seen, _), Some(Answer::Updated(Updated::Conflict(stored)))) if has_other(*seen) => {
            sees(there, Some(stored), state)
        }
        (Op::Update(..), Some(Answer::Updated(Updated::Gone))) if there.is_none() => same(),
        (Op::Update(seen, entry), None) if has(*seen) => vec![state.clone(), written(*seen, entry)],
        (Op::Update(..), None) => same(),

        (Op::Touch(seen, deadline), Some(Answer::Touched(Touched::Extended))) if has(*seen) => vec![touched(*deadline)],
        (Op::Touch(seen, _), Some(Answer::Touched(Touched::Stale))) if has_other(*seen) => same(),
        (Op::Touch(..), Some(Answer::Touched(Touched::Gone))) if there.is_none() => same(),
        (Op::Touch(seen, deadline), None) if has(*seen) => vec![state.clone(), touched(*deadline)],
        (Op::Touch(..), None) => same(),

        (Op::Remove, Some(Answer::Removed(Removed::Removed))) if alive.is_some() => vec![None],
        (Op::Remove, Some(Answer::Removed(Removed::Absent))) if alive.is_none() => vec![None],
        (Op::Remove, None) => vec![state.clone(), None],

        (Op::Purge, Some(Answer::Purged(0))) => same(),
        (Op::Purge, Some(Answer::Purged(_))) if there.is_none() && state.is_some() => vec![None],
        (Op::Purge, None) if there.is_none() => vec![state.clone(), None],
        (Op::Purge, None) => same(),

        _ => Vec::new(),
    }
}

/// The state, if what was seen is what is there; a version that was not known is known then.
fn sees(there: Option<&Record>, answer: Option<&Stored>, state: &State) -> Vec<State> {
    match (there, answer) {
        (None, None) => vec![state.clone()],
        (Some(record), Some(stored))
            if record.entry == stored.entry && record.version.is_none_or(|version| version == stored.version) =>
        {
            vec![Some(known(stored))]
        }
        _ => Vec::new(),
    }
}

fn known(stored: &Stored) -> Record {
    Record { version: Some(stored.version), entry: stored.entry.clone() }
}
