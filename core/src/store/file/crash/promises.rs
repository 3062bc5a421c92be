//! Which promise a history breaks that no store can have: the plain ones first.

use super::history::{Answer, Event, History, Op};
use crate::store::{Entry, Removed, Stored, Updated};

/// What is wrong, in a word.
pub(super) fn broken(history: &History) -> &'static str {
    let events = &history.events;
    if let Some(Answer::Failed(_)) = events.iter().find_map(|event| event.answer.as_ref().filter(failed)) {
        return "an operation failed";
    }
    if events.iter().filter_map(seen).any(|stored| is_mixed(&stored.entry)) {
        return "half of one entry and half of another were read";
    }
    let applied: Vec<_> = events.iter().filter_map(|event| applied(event).map(|version| (event.id, version))).collect();
    if applied.iter().enumerate().any(|(index, one)| applied[..index].contains(one)) {
        return "an update was lost: a version was given twice";
    }
    let is_older = |(before, after): (u64, u64)| after < before;
    let first =
        |event: &Event| history.first.iter().find(|(id, _)| *id == event.id).map(|(_, stored)| stored.version.get());
    if events.iter().any(|event| first(event).zip(newest(event)).is_some_and(is_older)) {
        return "it went back in time, to before the beginning";
    }
    for (one, other) in events.iter().flat_map(|one| events.iter().map(move |other| (one, other))) {
        let comes_later = one.id == other.id && other.before & one.bit != 0;
        if comes_later && is_over(one) && seen(other).is_some() {
            return "it came back after it was removed";
        }
        if comes_later && newest(one).zip(newest(other)).is_some_and(is_older) {
            return "it went back in time";
        }
    }
    if events.iter().filter_map(seen).any(|stored| !was_written(history, stored)) {
        return "something was read that nobody wrote";
    }
    "no order of the operations explains the answers"
}

fn failed(answer: &&Answer) -> bool {
    matches!(answer, Answer::Failed(_))
}

/// The record that an answer brought.
fn seen(event: &Event) -> Option<&Stored> {
    match &event.answer {
        Some(Answer::Loaded(stored) | Answer::Listed(stored)) => stored.as_ref(),
        Some(Answer::Updated(Updated::Conflict(stored))) => Some(stored),
        _ => None,
    }
}

fn applied(event: &Event) -> Option<u64> {
    match &event.answer {
        Some(Answer::Updated(Updated::Applied(version))) => Some(version.get()),
        _ => None,
    }
}

fn newest(event: &Event) -> Option<u64> {
    seen(event).map(|stored| stored.version.get()).or(applied(event))
}

fn is_over(event: &Event) -> bool {
    matches!(event.answer, Some(Answer::Removed(Removed::Removed) | Answer::Loaded(None)))
}

/// All that is written in these tests is of one letter.
fn is_mixed(entry: &Entry) -> bool {
    entry.bytes.windows(2).any(|two| two[0] != two[1])
}

/// Whether somebody wrote this payload.
fn was_written(history: &History, stored: &Stored) -> bool {
    let is_it = |entry: &Entry| entry.bytes == stored.entry.bytes;
    history.first.iter().any(|(_, first)| is_it(&first.entry))
        || history.events.iter().any(|event| match &event.op {
            Op::Create(entry) | Op::Update(_, entry) => is_it(entry),
            _ => false,
        })
}
