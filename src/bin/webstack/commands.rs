//! What each command does.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use webstack::store::{Findings, Repair};
use webstack::{ConfigError, SessionId, Sessions};

use crate::Failure;

/// How long each step of a purge may take before the progress is told.
const STEP: Duration = Duration::from_millis(200);

pub(crate) async fn doctor(sessions: &Sessions, repair: Repair, out: &mut impl Write) -> Result<(), Failure> {
    // That it could be opened says that owner, mode and file system are right.
    sessions.probe().await.map_err(Failure::Settings)?;
    let place = sessions.place();
    let (mut alive, mut signed_in) = (0_u64, 0_u64);
    let progress = progress();
    let mut listing = sessions.list();
    while let Some(session) = listing.next().await.map_err(Failure::Store)? {
        alive += 1;
        signed_in += u64::from(session.user().is_some());
        progress.set_message(format!("{alive} sessions"));
    }
    let found = sessions.inspect(repair).await.map_err(Failure::Store)?;
    progress.finish_and_clear();
    let remains = found.unmarked > 0 && repair == Repair::Nothing;
    let is_good = !remains && found.unreadable == 0 && found.foreign.is_none();
    let verdict = if is_good { "good" } else { "not good" };
    writeln!(out, "{place}: {verdict}; {alive} sessions, {signed_in} of them signed in").map_err(Failure::Output)?;
    if let Some(directory) = &found.foreign {
        let mend = "name the one that the application says it uses";
        writeln!(out, "{}; {mend}", not_for_sessions(directory)).map_err(Failure::Output)?;
    }
    if let Some(line) = unreadable(&found) {
        writeln!(out, "{line}").map_err(Failure::Output)?;
    }
    let unmarked = found.unmarked;
    if unmarked > 0 {
        let done = match repair {
            Repair::Nothing => "`webstack doctor --repair` puts them back",
            Repair::Markers => "they were put back",
        };
        writeln!(out, "{unmarked} missing in the index of users, so that ending all of a user's misses them; {done}")
            .map_err(Failure::Output)?;
    }
    if is_good { Ok(()) } else { Err(Failure::Found) }
}

/// What is wrong with a directory of other things, without the mend.
fn not_for_sessions(directory: &Path) -> String {
    let directory = directory.display();
    format!("{directory} does not look like a session directory: nothing of webstack's is in it, but other things are")
}

/// What was passed over because it cannot be read, in a line.
fn unreadable(found: &Findings) -> Option<String> {
    let first = found.first_unreadable.as_ref()?;
    let (count, first) = (found.unreadable, first.display());
    Some(format!("{count} cannot be read, the first is {first}; a purge removes them when they are an hour old"))
}

/// Says on standard error what was passed over, where the output is for programs.
async fn tell_unreadable(sessions: &Sessions) -> Result<(), Failure> {
    let found = sessions.inspect(Repair::Nothing).await.map_err(Failure::Store)?;
    match unreadable(&found) {
        Some(line) => writeln!(std::io::stderr(), "webstack: {line}").map_err(Failure::Output),
        None => Ok(()),
    }
}

pub(crate) async fn purge(sessions: &Sessions, out: &mut impl Write) -> Result<(), Failure> {
    let (mut removed, mut remaining, mut after) = (0, 0, None);
    let progress = progress();
    loop {
        let step = sessions.purge_some(after, STEP).await.map_err(Failure::Store)?;
        removed += step.removed;
        remaining += step.remaining;
        progress.set_message(counted(removed, remaining));
        after = step.next;
        if after.is_none() {
            break;
        }
    }
    progress.finish_and_clear();
    writeln!(out, "{}", counted(removed, remaining)).map_err(Failure::Output)
}

pub(crate) async fn set_up(sessions: &Sessions, out: &mut impl Write) -> Result<(), Failure> {
    let done = match sessions.set_up().await.map_err(Failure::Store)? {
        true => "its tables are there",
        false => "it needs nothing",
    };
    writeln!(out, "{}: {done}", sessions.place()).map_err(Failure::Output)
}

/// Passes over the old store until one of them finds nothing: sessions that were held, or came meanwhile, are in the next.
pub(crate) async fn move_all(sessions: &Sessions, out: &mut impl Write) -> Result<(), Failure> {
    let (mut all, mut after, mut in_this_pass) = (0, None, 0);
    let progress = progress();
    loop {
        let step = sessions.move_some(after.as_ref(), MOVED_AT_A_TIME).await.map_err(Failure::Store)?;
        let Some(step) = step else {
            let problem = "no store is named that sessions move from";
            let mend = "name it here or with `--from URL`, and the store that they move to with WEBSTACK_STORE";
            return Err(Failure::Settings(ConfigError::new("WEBSTACK_MOVE_FROM", problem, mend)));
        };
        all += step.moved;
        in_this_pass += step.moved;
        progress.set_message(format!("{all} moved"));
        after = step.next;
        if after.is_none() && std::mem::take(&mut in_this_pass) == 0 {
            break;
        }
    }
    progress.finish_and_clear();
    if all == 0 {
        // Who reads that none is left removes the old store.
        let found = sessions.inspect_left(Repair::Nothing).await.map_err(Failure::Store)?;
        if let Some(directory) = found.foreign {
            let problem = not_for_sessions(&directory);
            let mend = "name the one that the sessions are to leave";
            return Err(Failure::Settings(ConfigError::new("WEBSTACK_MOVE_FROM", problem, mend)));
        }
    }
    writeln!(out, "{all} moved, none left; {}", sessions.place()).map_err(Failure::Output)?;
    tell_unreadable(sessions).await
}

/// How many sessions are moved before the progress is told.
const MOVED_AT_A_TIME: usize = 100;

/// A store with an index of deadlines does not count what it leaves.
fn counted(removed: u64, remaining: u64) -> String {
    if remaining == 0 { format!("{removed} removed") } else { format!("{removed} removed, {remaining} left") }
}

pub(crate) async fn list(sessions: &Sessions, user: Option<&str>, out: &mut impl Write) -> Result<(), Failure> {
    if let Some(user) = user {
        for info in sessions.user_sessions(user).await.map_err(Failure::Store)? {
            let line = line(info.id(), Some(user), info.created(), info.accessed(), info.expires(), info.label());
            writeln!(out, "{line}").map_err(Failure::Output)?;
        }
        return Ok(());
    }
    let mut listing = sessions.list();
    while let Some(session) = listing.next().await.map_err(Failure::Store)? {
        let (created, accessed, expires) = (session.created(), session.accessed(), session.expires());
        let line = line(session.id(), session.user(), created, accessed, expires, session.label());
        writeln!(out, "{line}").map_err(Failure::Output)?;
    }
    tell_unreadable(sessions).await
}

pub(crate) async fn end(
    sessions: &Sessions,
    ids: &[SessionId],
    user: Option<&str>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut ended = 0;
    if let Some(user) = user {
        ended += sessions.end_user_sessions(user).await.map_err(Failure::Store)?;
    }
    for id in ids {
        ended += u64::from(sessions.remove(id).await.map_err(Failure::Store)?);
    }
    writeln!(out, "{ended} ended").map_err(Failure::Output)
}

/// What there is to know of a session, and no value of it: those are the application's.
fn line(
    id: &SessionId,
    user: Option<&str>,
    created: SystemTime,
    accessed: SystemTime,
    expires: Option<SystemTime>,
    label: Option<&str>,
) -> Value {
    json!({
        "id": id.to_string(),
        "user": user,
        "created": rfc3339(created),
        "accessed": rfc3339(accessed),
        "expires": expires.map(rfc3339),
        "label": label,
    })
}

fn rfc3339(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// Tells on a terminal how far long work has come; elsewhere nothing.
fn progress() -> ProgressBar {
    let progress = ProgressBar::new_spinner();
    progress.set_style(ProgressStyle::default_spinner());
    progress
}
