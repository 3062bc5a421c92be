//! Removing what has expired: in the background, on demand, or a bounded step at a time.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::events::Event;
use crate::runtime::Runtime;
use crate::store::{PurgeStep, Purged};
use crate::{Error, SessionId, Sessions};

/// How many entries one step of a purge on demand looks at.
const STEP: usize = 1_000;

/// How many entries one step in the background looks at before others get the processor and the disk, and for how long
/// they do. A store of files does its work on the thread that asks.
const BACKGROUND_STEP: usize = 100;
const REST: Duration = Duration::from_millis(2);

/// How many entries are looked at between two looks at the watch, where a purge is to end after some milliseconds.
const SMALL_STEP: usize = 32;

/// The longest that a new process waits before its first purge, so that short-lived ones purge too.
const FIRST: Duration = Duration::from_secs(10);

impl Sessions {
    /// Removes everything that has expired, now, and says how much was removed and how much is left.
    ///
    /// # Errors
    ///
    /// What the store says.
    ///
    /// ```
    /// # use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
    /// let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
    /// let purged = block_on(sessions.purge()).unwrap();
    /// assert_eq!((purged.removed, purged.remaining), (0, 0));
    /// ```
    pub async fn purge(&self) -> Result<Purged, Error> {
        let mut total = Purged::default();
        loop {
            let step = self.engine.store.purge(PurgeStep::new(STEP).after(total.next)).await?;
            total.removed += step.removed;
            total.remaining += step.remaining;
            total.next = step.next;
            if total.next.is_none() {
                return Ok(total);
            }
        }
    }

    /// Removes what has expired for about as long as `budget`, beginning behind `after`; [`next`](Purged::next) is where
    /// another call goes on. For programs that live shorter than a purge takes, such as CGI programs.
    ///
    /// At least one small step is made, however small the budget is, so a purge that is resumed comes to its end.
    ///
    /// # Errors
    ///
    /// What the store says.
    ///
    /// ```
    /// # use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
    /// use std::time::Duration;
    ///
    /// let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
    /// let purged = block_on(sessions.purge_some(None, Duration::from_millis(5))).unwrap();
    /// assert!(purged.next.is_none(), "there was little to do");
    /// ```
    pub async fn purge_some(&self, after: Option<SessionId>, budget: Duration) -> Result<Purged, Error> {
        let begun = Instant::now();
        let mut total = Purged { next: after, ..Purged::default() };
        loop {
            let step = self.engine.store.purge(PurgeStep::new(SMALL_STEP).after(total.next)).await?;
            total.removed += step.removed;
            total.remaining += step.remaining;
            total.next = step.next;
            if total.next.is_none() || begun.elapsed() >= budget {
                return Ok(total);
            }
        }
    }

    /// How often expired sessions are to be removed; `None`: never. For adapters without a background.
    pub fn purge_every(&self) -> Option<Duration> {
        self.engine.purging.every
    }

    /// Purges as often as configured. A step that fails is an event, and the next one comes at its time.
    pub(crate) fn start_purging(&self) {
        let Some(every) = self.engine.purging.every else { return };
        let runtime = self.engine.runtime();
        if !runtime.has_background() || self.engine.purging.started.swap(true, Ordering::Relaxed) {
            return;
        }
        let timer = Arc::clone(&runtime);
        let task = Task(Arc::downgrade(&self.engine));
        runtime.spawn(Box::pin(async move {
            timer.sleep(every.min(FIRST)).await;
            while purge_once(&task.0, &*timer).await {
                timer.sleep(every).await;
            }
        }));
    }

    /// Stops the background purge; returns when a step under way has ended.
    pub async fn shutdown(&self) {
        self.engine.purging.stopped.store(true, Ordering::Relaxed);
        drop(self.engine.purging.running.lock().await);
    }
}

/// The background task; dropped with its runtime, it makes room for another one.
struct Task(Weak<Engine>);

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(engine) = self.0.upgrade() {
            engine.purging.started.store(false, Ordering::Relaxed);
        }
    }
}

/// One purge, in steps; false if there will be no other.
async fn purge_once(engine: &Weak<Engine>, timer: &dyn Runtime) -> bool {
    let mut after = None;
    loop {
        {
            let Some(engine) = engine.upgrade() else { return false };
            let _running = engine.purging.running.lock().await;
            if engine.purging.stopped.load(Ordering::Relaxed) {
                return false;
            }
            match engine.store.purge(PurgeStep::new(BACKGROUND_STEP).after(after)).await {
                Ok(Purged { next: Some(next), .. }) => after = Some(next),
                Ok(Purged { next: None, .. }) => return true,
                Err(error) => {
                    engine.events.report_failure(Event::PurgeFailed, &error);
                    return true;
                }
            }
        }
        timer.sleep(REST).await;
    }
}
