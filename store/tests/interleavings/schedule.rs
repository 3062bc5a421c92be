//! Runs a few futures in every order in which their store operations can follow each other.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use webstack_store::{
    Capabilities, Created, Entry, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved, SessionId, Store,
    StoreAnswer, Stored, Timestamp, Touched, Updated, Version,
};

/// A store that lets others run before each operation.
#[derive(Debug)]
pub(crate) struct Stepped<S>(pub S);

/// What became of an actor.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    Done(T),
    Killed,
}

impl<T> Outcome<T> {
    pub(crate) fn done(&self) -> Option<&T> {
        match self {
            Outcome::Done(did) => Some(did),
            Outcome::Killed => None,
        }
    }
}

type Actor<T> = Pin<Box<dyn Future<Output = T>>>;

/// Tries all orders with at most so many changes from an actor that could go on, and at most so many kills; answers how many.
pub(crate) fn explore<W, T>(
    world: impl Fn() -> W,
    actors: impl Fn(&W) -> Vec<Actor<T>>,
    switches: usize,
    kills: usize,
    check: impl Fn(&W, &[Outcome<T>]),
) -> usize {
    // The choice made at each point, and how many there were.
    let mut script: Vec<(usize, usize)> = Vec::new();
    let mut explored = 0;
    loop {
        let world = world();
        let outcomes = run_one(actors(&world), &mut script, switches, kills);
        check(&world, &outcomes);
        explored += 1;
        // On to the next script: the last choice that has an alternative takes it.
        while script.last().is_some_and(|(choice, of)| choice + 1 == *of) {
            script.pop();
        }
        match script.last_mut() {
            Some((choice, _)) => *choice += 1,
            None => return explored,
        }
    }
}

#[derive(Clone, Copy)]
enum Act {
    Step(usize),
    Kill(usize),
}

fn run_one<T>(
    actors: Vec<Actor<T>>,
    script: &mut Vec<(usize, usize)>,
    mut switches: usize,
    mut kills: usize,
) -> Vec<Outcome<T>> {
    let mut actors: Vec<Option<Actor<T>>> = actors.into_iter().map(Some).collect();
    let mut outcomes: Vec<Option<Outcome<T>>> = actors.iter().map(|_| None).collect();
    let mut last = None;
    for point in 0.. {
        let running: Vec<usize> = (0..actors.len()).filter(|index| actors[*index].is_some()).collect();
        if running.is_empty() {
            break;
        }
        let goes_on = last.filter(|last| running.contains(last));
        let may_switch = goes_on.is_none() || switches > 0;
        let mut acts: Vec<Act> = goes_on.into_iter().map(Act::Step).collect();
        acts.extend(
            running.iter().filter(|index| may_switch && Some(**index) != goes_on).map(|index| Act::Step(*index)),
        );
        acts.extend(goes_on.filter(|_| kills > 0).map(Act::Kill));
        if script.len() == point {
            script.push((0, acts.len()));
        }
        assert_eq!(script[point].1, acts.len(), "the same choices lead to the same world");
        match acts[script[point].0] {
            Act::Kill(index) => {
                kills -= 1;
                actors[index] = None;
                outcomes[index] = Some(Outcome::Killed);
            }
            Act::Step(index) => {
                if goes_on.is_some_and(|on| on != index) {
                    switches = switches.saturating_sub(1);
                }
                last = Some(index);
                let actor = actors[index].as_mut().expect("it runs");
                if let Poll::Ready(did) = actor.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    actors[index] = None;
                    outcomes[index] = Some(Outcome::Done(did));
                }
            }
        }
    }
    outcomes.into_iter().map(|outcome| outcome.expect("all have ended")).collect()
}

/// Runs a future alone.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

/// Lets others run.
pub(crate) async fn others_run() {
    let mut once = false;
    std::future::poll_fn(|_| if std::mem::replace(&mut once, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

macro_rules! stepped {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {$(
        fn $name<'a>(&'a self, $($argument: $type),*) -> StoreAnswer<'a, $answer> {
            StoreAnswer::later(async move {
                others_run().await;
                self.0.$name($($argument),*).await
            })
        }
    )*};
}

impl<S: Store> Store for Stepped<S> {
    stepped! {
        load(id: &'a SessionId) -> Option<Stored>;
        create(id: &'a SessionId, entry: Entry) -> Created;
        update(id: &'a SessionId, seen: Version, entry: Entry) -> Updated;
        touch(id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> Touched;
        remove(id: &'a SessionId) -> Removed;
        purge(step: PurgeStep) -> Purged;
        list(after: Option<&'a SessionId>, limit: usize) -> Vec<Listed>;
        owned_by(owner: &'a OwnerKey, after: Option<&'a SessionId>, limit: usize) -> Vec<Listed>;
        reserve(owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> Reserved;
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
}
