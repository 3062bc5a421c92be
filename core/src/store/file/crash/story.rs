//! What happened in one run, for whoever has to understand it.

use std::fmt::Write as _;

use super::history::{Answer, Event, History, Op};
use super::shim::Call;
use crate::store::{Created, Entry, Reserved, Stored, Updated, Version};

/// Lines, if somebody wants to hear them.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) is_wanted: bool,
    pub(super) lines: Vec<String>,
    /// The calls alone, with what they were for.
    pub(super) calls: Vec<(usize, &'static str, String)>,
    last: Option<usize>,
    begun: usize,
}

impl Story {
    pub(super) fn step(&mut self, actor: usize, call: Call<'_>, history: &History) {
        if !self.is_wanted {
            return;
        }
        if history.events.len() > self.begun {
            self.begun = history.events.len();
            if let Some(event) = history.latest(actor).map(|index| &history.events[index]) {
                self.line(actor, &format!("begins to {}", asked(event, base(history))));
            }
        }
        self.line(actor, &format!("    {}", called(call)));
        self.calls.push((actor, call.name, call.path.to_owned()));
    }

    pub(super) fn killed(&mut self, actor: usize, call: Call<'_>) {
        if self.is_wanted {
            self.line(actor, &format!("  is killed before {}", called(call)));
        }
    }

    pub(super) fn told(&mut self, actor: usize, history: &History) {
        if !self.is_wanted {
            return;
        }
        let Some(event) = history.latest(actor).map(|index| &history.events[index]) else { return };
        if history.events.len() > self.begun {
            self.begun = history.events.len();
            self.line(actor, &format!("begins to {}", asked(event, base(history))));
        }
        self.line(actor, &format!("  is answered: {}", answered(event, base(history))));
    }

    fn line(&mut self, actor: usize, text: &str) {
        let name = char::from(b'A' + u8::try_from(actor).unwrap_or(25));
        let turn = if self.last.replace(actor) == Some(actor) { ' ' } else { name };
        self.lines.push(format!("{turn} {text}"));
    }
}

fn called(call: Call<'_>) -> String {
    let mut text = call.name.to_owned();
    if !call.path.is_empty() {
        let _ = write!(text, " {}", call.path);
    }
    if let Some((from, to)) = call.range {
        let _ = write!(text, " {from}..{to}");
    }
    text
}

/// The version that the others are counted from.
fn base(history: &History) -> u64 {
    let new = history.events.iter().find_map(|event| match event.answer {
        Some(Answer::Created(Created::New(version))) => Some(version.get()),
        _ => None,
    });
    history.first.first().map(|(_, stored)| stored.version.get()).or(new).unwrap_or(0)
}

fn asked(event: &Event, base: u64) -> String {
    match &event.op {
        Op::Load => "load".to_owned(),
        Op::Create(entry) => format!("create {}", of(entry)),
        Op::Update(seen, entry) => format!("update {} to {}", number(*seen, base), of(entry)),
        Op::Touch(seen, expires) => {
            format!("touch {} until {:?}", number(*seen, base), expires.map(|at| at.as_millis() % 10_000_000))
        }
        Op::Remove => "remove".to_owned(),
        Op::Purge => "purge".to_owned(),
        Op::OwnedBy(_) => "list what its owner has".to_owned(),
        Op::Reserve(limit) => format!("reserve one of {limit} places for {}", event.id),
    }
}

fn answered(event: &Event, base: u64) -> String {
    let stored = |stored: &Stored| format!("{} {}", number(stored.version, base), of(&stored.entry));
    match &event.answer {
        None => "nothing, it was killed".to_owned(),
        Some(Answer::Loaded(found) | Answer::Listed(found)) => found.as_ref().map_or("absent".to_owned(), stored),
        Some(Answer::Created(Created::New(version))) => format!("new, {}", number(*version, base)),
        Some(Answer::Created(Created::Exists)) => "exists".to_owned(),
        Some(Answer::Updated(Updated::Applied(version))) => format!("applied, {}", number(*version, base)),
        Some(Answer::Updated(Updated::Conflict(found))) => format!("conflict with {}", stored(found)),
        Some(Answer::Updated(Updated::Gone)) => "gone".to_owned(),
        Some(Answer::Touched(touched)) => format!("{touched:?}").to_lowercase(),
        Some(Answer::Removed(removed)) => format!("{removed:?}").to_lowercase(),
        Some(Answer::Purged(count)) => format!("{count} removed"),
        Some(Answer::Reserved(Reserved::Granted)) => "granted".to_owned(),
        Some(Answer::Reserved(Reserved::Full(_))) => "full".to_owned(),
        Some(Answer::Busy) => "busy".to_owned(),
        Some(Answer::Failed(message)) => format!("failed, {message}"),
    }
}

fn number(version: Version, base: u64) -> String {
    format!("v{:+}", version.get().wrapping_sub(base).cast_signed())
}

/// A payload's letters, each with how often it stands there; and what belongs to it.
fn of(entry: &Entry) -> String {
    let mut text = String::new();
    for run in entry.bytes.chunk_by(|one, other| one == other) {
        let _ = write!(text, "{}×{} ", run.len(), char::from(run[0]).escape_default());
    }
    if let Some(expires) = entry.expires {
        let _ = write!(text, "until {}", expires.as_millis() % 10_000_000);
    }
    if entry.owner.is_some() {
        text.push_str(", owned");
    }
    text
}
