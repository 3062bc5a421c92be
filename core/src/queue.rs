//! Requests of one process that change one session queue for it, so that only processes compete.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_lock::{Mutex as Turn, MutexGuardArc};

use crate::SessionId;

/// The queues of a process, one for each session that requests compete for at the moment. (A hash map would draw random keys, in
/// each process of a CGI program.)
#[derive(Debug, Default)]
pub(crate) struct Queues {
    all: Mutex<BTreeMap<SessionId, Arc<Turn<()>>>>,
    /// How many there are: none, as a rule, and then nobody need look.
    count: AtomicUsize,
}

impl Queues {
    /// True if requests stand in line for this session.
    pub(crate) fn is_busy(&self, id: &SessionId) -> bool {
        self.count.load(Ordering::Relaxed) > 0 && self.lock().contains_key(id)
    }

    /// Waits in line; whoever came first is served first.
    pub(crate) async fn enter(&self, id: SessionId) -> Place<'_> {
        // Declared first, dropped last: a future dropped while it waits still has its place cleared away.
        let mut place = Place { queues: self, id, guard: None };
        let turn = {
            let mut all = self.lock();
            let turn = Arc::clone(all.entry(id).or_default());
            self.count.store(all.len(), Ordering::Relaxed);
            turn
        };
        place.guard = Some(turn.lock_arc().await);
        place
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SessionId, Arc<Turn<()>>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in line; leaving it lets the next one in.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    queues: &'a Queues,
    id: SessionId,
    guard: Option<MutexGuardArc<()>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut queues = self.queues.lock();
        drop(self.guard.take());
        if queues.get(&self.id).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            queues.remove(&self.id);
            self.queues.count.store(queues.len(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::block_on;

    #[test]
    fn a_queue_lasts_as_long_as_somebody_stands_in_it() {
        let queues = Queues::default();
        let id = SessionId::from_bytes([7; 16]);
        let place = block_on(queues.enter(id));
        assert!(queues.is_busy(&id));
        let mut waiting = Box::pin(queues.enter(id));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        drop(place);
        let second = block_on(waiting);
        assert!(queues.is_busy(&id));
        drop(second);
        assert!(!queues.is_busy(&id));
    }

    #[test]
    fn a_waiter_that_leaves_leaves_nothing_behind() {
        let queues = Queues::default();
        let id = SessionId::from_bytes([7; 16]);
        let place = block_on(queues.enter(id));
        let mut waiting = Box::pin(queues.enter(id));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        drop(place);
        drop(waiting);
        assert!(!queues.is_busy(&id));
    }
}
