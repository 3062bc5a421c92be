//! Visitors who go on asking: each waits for an answer before the next request, and notes what it was.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use webstack_testkit::environment::Browser;

use crate::answers::{answer, change_while_it_ends, outcome};
use crate::site::{Served, Site};

/// How many visitors there are. Each has a session of its own, and all share another one.
pub(crate) const VISITORS: usize = 6;

/// The session that all share; those of their own follow.
pub(crate) const SHARED: usize = 0;

/// How long anything else may take: a bound, not an expectation.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long some handlers wait between loading and storing.
const PAUSE: Duration = Duration::from_millis(150);

/// What a visitor asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Increment,
    /// The same, with a pause before it is stored.
    SlowIncrement,
    Read,
    /// A page that does not ask for the session.
    Plain,
    /// The first increment, which begins a session.
    Begin,
    /// With a pause before it is done.
    SlowLogout,
}

/// What the visitor was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// What was asked for, with the number if there is one.
    Right(u64),
    /// As if the visitor had no session.
    Stranger,
    /// 503.
    Refused,
}

/// A request and its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) visitor: usize,
    pub(crate) action: Action,
    /// Whose number it is.
    pub(crate) session: Option<usize>,
    pub(crate) began: Instant,
    pub(crate) answered: Instant,
    pub(crate) outcome: Outcome,
}

/// Somebody who was told to be logged out, with the token of before.
pub(crate) struct LoggedOut {
    pub(crate) token: Browser,
    pub(crate) began: Instant,
    pub(crate) answered: Instant,
}

/// Everything once, and whether all of it went right.
pub(crate) struct Round {
    visitor: usize,
    began: Instant,
    right: bool,
}

#[derive(Default)]
pub(crate) struct Log {
    pub(crate) asked: Vec<Asked>,
    pub(crate) logged_out: Vec<LoggedOut>,
    /// Those whose logout was refused, and not yet asked for again.
    pub(crate) undecided: Vec<Browser>,
    rounds: Vec<Round>,
}

impl Log {
    /// True if each visitor did everything so often, without any failure, from then on.
    pub(crate) fn all_went_right(&self, since: Instant, times: usize) -> bool {
        self.each(|visitor| {
            let rounds = self.rounds.iter().filter(|round| round.visitor == visitor);
            rounds.filter(|round| round.right && round.began >= since).count() >= times
        })
    }

    /// True if each visitor was refused so often, in a request from then on.
    pub(crate) fn all_were_refused(&self, since: Instant, times: usize) -> bool {
        let refused = |asked: &&Asked| asked.outcome == Outcome::Refused && asked.began >= since;
        self.each(|visitor| self.asked.iter().filter(|asked| asked.visitor == visitor).filter(refused).count() >= times)
    }

    /// True if readers met both: being refused, and being taken for a stranger.
    pub(crate) fn readers_met_both(&self, since: Instant) -> bool {
        let reads = || self.asked.iter().filter(|asked| asked.action == Action::Read && asked.began >= since);
        [Outcome::Refused, Outcome::Stranger].iter().all(|outcome| reads().any(|asked| asked.outcome == *outcome))
    }

    /// True if somebody was refused this, from then on.
    pub(crate) fn was_refused(&self, action: Action, since: Instant) -> bool {
        let refused = |asked: &Asked| asked.outcome == Outcome::Refused && asked.began >= since;
        self.asked.iter().any(|asked| asked.action == action && refused(asked))
    }

    fn each(&self, is_so: impl FnMut(usize) -> bool) -> bool {
        (0..VISITORS).all(is_so)
    }
}

/// What visitors note, and whether they go on.
#[derive(Default)]
pub(crate) struct Load {
    log: Mutex<Log>,
    /// What each visitor waits for.
    under_way: Mutex<[Option<(Action, Instant)>; VISITORS]>,
    over: AtomicBool,
}

impl Load {
    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the log says so.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Log) -> bool) {
        let begun = Instant::now();
        while !is_so(&self.log()) {
            assert!(!self.is_over(), "a visitor met what must not be");
            assert!(begun.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until handlers have loaded their sessions and not stored them yet: one that increments, one that logs out.
    pub(crate) fn until_some_are_halfway(&self) {
        let halfway = PAUSE / 4..PAUSE * 3 / 4;
        self.until("some are halfway", |_| {
            let under_way = self.under_way();
            [Action::SlowIncrement, Action::SlowLogout].iter().all(|wanted| {
                under_way.iter().flatten().any(|(action, began)| action == wanted && halfway.contains(&began.elapsed()))
            })
        });
    }

    fn under_way(&self) -> MutexGuard<'_, [Option<(Action, Instant)>; VISITORS]> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// Ends the load when it is dropped: at the end, and when anybody panics.
struct Ends<'a>(&'a Load);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

/// Lets visitors ask for as long as something else goes on.
pub(crate) fn under_load<T>(site: &Site, meanwhile: impl FnOnce(&Load) -> T) -> (Log, T) {
    let load = Load::default();
    let told = thread::scope(|scope| {
        let _ends = Ends(&load);
        for number in 0..VISITORS {
            let visitor = Visitor { number, site, load: &load, requests: AtomicUsize::new(number), leaving: None };
            scope.spawn(|| visitor.ask_on_and_on());
        }
        meanwhile(&load)
    });
    (load.log.into_inner().unwrap_or_else(PoisonError::into_inner), told)
}

struct Visitor<'a> {
    number: usize,
    site: &'a Site,
    load: &'a Load,
    requests: AtomicUsize,
    /// A session that ends soon.
    leaving: Option<Browser>,
}

impl Visitor<'_> {
    fn ask_on_and_on(mut self) {
        let _ends = Ends(self.load);
        for round in 0.. {
            let began = Instant::now();
            let mut right = true;
            // Everybody begins somewhere else, so that a failure meets all of it.
            for step in 0..5 {
                right &= self.step(round, (self.number + round + step) % 5);
            }
            self.load.log().rounds.push(Round { visitor: self.number, began, right });
            if self.load.is_over() {
                break;
            }
        }
        self.load.log().undecided.extend(self.leaving.take());
    }

    fn step(&mut self, round: usize, step: usize) -> bool {
        let own = self.number + 1;
        let either = if round.is_multiple_of(2) { SHARED } else { own };
        let outcome = match step {
            0 => self.ask(Action::Increment, Some(SHARED), &mut self.site.visitor(SHARED)),
            1 => self.ask(Action::SlowIncrement, Some(own), &mut self.site.visitor(own)),
            2 => self.ask(Action::Read, Some(either), &mut self.site.visitor(either)),
            3 => self.ask(Action::Plain, None, &mut self.site.visitor(own)),
            _ => self.come_and_go(),
        };
        matches!(outcome, Outcome::Right(_))
    }

    /// Begins a session; the next time, logs out while something is changed in it.
    fn come_and_go(&mut self) -> Outcome {
        let Some(mut token) = self.leaving.take() else {
            let mut token = self.site.stranger();
            let outcome = self.ask(Action::Begin, None, &mut token);
            self.leaving = (outcome == Outcome::Right(1)).then_some(token);
            return outcome;
        };
        let before = token.clone();
        let elsewhere = before.at(self.next_but(1).url());
        let began = Instant::now();
        let outcome = thread::scope(|scope| {
            scope.spawn(|| change_while_it_ends(elsewhere));
            self.ask(Action::SlowLogout, None, &mut token)
        });
        match outcome {
            Outcome::Refused => self.leaving = Some(before),
            _ => self.load.log().logged_out.push(LoggedOut { token: before, began, answered: Instant::now() }),
        }
        outcome
    }

    /// The program that is asked after so many other requests.
    fn next_but(&self, others: usize) -> &Served {
        self.site.server(self.requests.load(Ordering::Relaxed) + others)
    }

    /// Each request goes to the other program.
    fn ask(&self, action: Action, session: Option<usize>, browser: &mut Browser) -> Outcome {
        let server = self.next_but(0);
        self.requests.fetch_add(1, Ordering::Relaxed);
        let pause = PAUSE.as_millis();
        let (method, path) = match action {
            Action::Increment | Action::Begin => ("POST", "/api/increment/n".to_owned()),
            Action::SlowIncrement => ("POST", format!("/api/slow-increment/n?ms={pause}")),
            Action::Read => ("GET", "/api/values/n".to_owned()),
            Action::Plain => ("GET", "/plain".to_owned()),
            Action::SlowLogout => ("POST", format!("/api/slow-logout?ms={pause}")),
        };
        let began = Instant::now();
        self.load.under_way()[self.number] = Some((action, began));
        let mut there = browser.at(server.url());
        let answer = answer(&mut there, method, &path);
        self.load.under_way()[self.number] = None;
        let outcome = outcome(action, server, &answer);
        *browser = there;
        let (visitor, answered) = (self.number, Instant::now());
        self.load.log().asked.push(Asked { visitor, action, session, began, answered, outcome });
        outcome
    }
}
