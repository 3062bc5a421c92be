//! What has to be true of everything that was answered.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::load::{Action, Asked, Log, LoggedOut, Outcome};
use crate::site::Site;

/// When what happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    /// Before it began.
    pub(crate) began: Instant,
    /// When it had happened.
    pub(crate) complete: Instant,
    /// Before it was put right.
    pub(crate) over: Instant,
    /// From here on everything has to go right.
    pub(crate) mended: Instant,
    /// While it lasted nobody can have been answered by the server.
    pub(crate) is_total: bool,
}

/// What a failover may undo: what was acknowledged by the master that died and may not have reached its replica.
pub(crate) struct Undoable<'a> {
    /// What was answered before this moment has reached the replica.
    pub(crate) since: Instant,
    /// What was asked for after this moment was asked of the replica.
    pub(crate) until: Instant,
    /// Whether a session of this id was kept by the master that died.
    pub(crate) was_there: &'a dyn Fn(&str) -> bool,
}

impl Undoable<'_> {
    fn is_meanwhile(&self, began: Instant, answered: Instant) -> bool {
        answered >= self.since && began < self.until
    }
}

/// Judges a log, and says in a line what was seen.
pub(crate) fn judge(name: &str, site: &Site, mut log: Log, failure: Failure, undoable: Option<&Undoable<'_>>) {
    failures_are_where_they_belong(&log, failure);
    let numbers = site.numbers();
    let mut undone = 0;
    for (session, number) in numbers.iter().enumerate() {
        let asked: Vec<_> = log.asked.iter().filter(|asked| asked.session == Some(session)).copied().collect();
        let here = undoable
            .filter(|undoable| (undoable.was_there)(&site.id(&site.visitor(session)).expect("nobody ended it")));
        undone += no_update_was_lost(session, &asked, *number, failure, here);
    }
    for mut token in std::mem::take(&mut log.undecided) {
        let began = Instant::now();
        token.post("/api/logout").expect(204);
        log.logged_out.push(LoggedOut { token, began, answered: Instant::now() });
    }
    let come_back = no_logout_was_undone(site, &log, undoable);

    let count = |outcome| log.asked.iter().filter(|asked| asked.outcome == outcome).count();
    let longest = log.asked.iter().map(|asked| asked.answered - asked.began).max().unwrap_or_default();
    let logouts = log.logged_out.len();
    eprintln!(
        "{name}: {} requests, {} refused, {} answered as strangers', the slowest after {}; failing for {}, then {} until all \
         went right; {logouts} logouts; undone by a failover: {undone} increments, {come_back} logouts",
        log.asked.len(),
        count(Outcome::Refused),
        count(Outcome::Stranger),
        seconds(longest),
        seconds(failure.over - failure.began),
        seconds(failure.mended - failure.over),
    );
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn failures_are_where_they_belong(log: &Log, failure: Failure) {
    for asked in &log.asked {
        let is_before = asked.answered < failure.began;
        let is_after = asked.began > failure.mended;
        let is_right = matches!(asked.outcome, Outcome::Right(_));
        assert!(is_right || !is_before, "before anything failed: {asked:?}");
        assert!(is_right || !is_after, "after it was mended: {asked:?}");
    }
}

/// Returns how many increments a failover has undone.
fn no_update_was_lost(
    session: usize,
    asked: &[Asked],
    number: u64,
    failure: Failure,
    undoable: Option<&Undoable<'_>>,
) -> u64 {
    let is_undoable = |asked: &Asked| undoable.is_some_and(|it| it.is_meanwhile(asked.began, asked.answered));
    let increments = || asked.iter().filter(|asked| asked.action != Action::Read);
    let acknowledged = |asked: &&Asked| matches!(asked.outcome, Outcome::Right(_));
    // Each was incremented once before.
    let done = 1 + increments().filter(acknowledged).count() as u64;
    let in_danger = increments().filter(acknowledged).filter(|asked| is_undoable(asked)).count() as u64;
    // Whoever could not even load the session changed nothing.
    let in_vain = |asked: &&Asked| failure.is_total && asked.began > failure.complete && asked.answered < failure.over;
    let refused = increments().filter(|asked| asked.outcome == Outcome::Refused);
    let perhaps_done = refused.filter(|asked| !in_vain(asked)).count() as u64;
    let says = format!(
        "session {session}: {number} in the end, {done} acknowledged, of them {in_danger} that a failover may undo; \
         {perhaps_done} without an answer, and perhaps done"
    );
    assert!(number >= done - in_danger, "acknowledged, and lost: {says}");
    assert!(number <= done + perhaps_done, "done more than once: {says}");

    let mut answers = HashMap::new();
    for increment in increments() {
        let Outcome::Right(answer) = increment.outcome else { continue };
        if let Some(other) = answers.insert(answer, increment) {
            assert!(is_undoable(increment) || is_undoable(other), "one answer twice: {other:?} {increment:?}");
        }
    }
    for later in asked {
        let Outcome::Right(answer) = later.outcome else { continue };
        for earlier in asked.iter().filter(|earlier| earlier.answered < later.began && !is_undoable(earlier)) {
            let Outcome::Right(before) = earlier.outcome else { continue };
            let has_grown = later.action == Action::Read || answer > before;
            assert!(answer >= before && has_grown, "the past: {earlier:?} {later:?}");
        }
    }
    done.saturating_sub(number)
}

/// Returns how many logouts a failover has undone.
fn no_logout_was_undone(site: &Site, log: &Log, undoable: Option<&Undoable<'_>>) -> usize {
    let mut come_back = 0;
    for LoggedOut { token, began, answered } in &log.logged_out {
        let Some(id) = site.id(token) else { continue };
        let may_be = undoable.is_some_and(|it| it.is_meanwhile(*began, *answered) && (it.was_there)(&id));
        assert!(may_be, "{id} is there again, {:?} after its logout", answered.elapsed());
        come_back += 1;
    }
    come_back
}
