//! What a listener is told, from several connections, in an order that makes sense.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use redis::{PushInfo, PushKind, Value};
use tokio::sync::Notify;
use webstack_store::Changes;

use crate::keys::Keys;

/// From the beginning until a connection is lost; after that there is another one.
pub(super) struct Telling {
    changes: Weak<dyn Changes>,
    keys: Keys,
    /// Locked while a beginning or an end is told, so that they are told in the order in which they happen.
    stage: Mutex<Stage>,
    over: Notify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Attaching,
    Complete,
    /// Whether it was complete before.
    Over(bool),
}

impl Telling {
    pub(super) fn new(changes: &Weak<dyn Changes>, keys: &Keys) -> Arc<Telling> {
        let (changes, keys) = (Weak::clone(changes), keys.clone());
        Arc::new(Telling { changes, keys, stage: Mutex::new(Stage::Attaching), over: Notify::new() })
    }

    /// What all keys begin with that are told of.
    pub(super) fn prefix(&self) -> Vec<u8> {
        self.keys.prefix()
    }

    /// How often a sign of life is waited for; `None` if nobody listens any more.
    pub(super) fn every(&self) -> Option<Duration> {
        Some(self.changes.upgrade()?.every())
    }

    /// Every server tells of its changes now.
    pub(super) fn begin(&self) {
        let mut stage = self.stage();
        if *stage == Stage::Attaching {
            *stage = Stage::Complete;
            self.tell(|changes| changes.begun());
        }
    }

    pub(super) fn has_begun(&self) -> bool {
        matches!(*self.stage(), Stage::Complete | Stage::Over(true))
    }

    /// Every server has shown that it told of what happened before this moment.
    pub(super) fn complete_until(&self, moment: Instant) {
        let stage = self.stage();
        if *stage == Stage::Complete {
            self.tell(|changes| changes.complete_until(moment));
        }
    }

    /// Changes may be missed from now on.
    pub(super) fn end(&self) {
        let mut stage = self.stage();
        let was_complete = match *stage {
            Stage::Attaching => false,
            Stage::Complete => true,
            Stage::Over(_) => return,
        };
        *stage = Stage::Over(was_complete);
        if was_complete {
            self.tell(|changes| changes.lost());
        }
        self.over.notify_one();
    }

    /// Until somebody has seen the end.
    pub(super) async fn ended(&self) {
        self.over.notified().await;
    }

    /// What a server says without being asked. The connection hands it over before it reads on, so nothing has to be
    /// kept for later, and nothing is dropped.
    pub(super) fn hear(&self, news: PushInfo) {
        match (news.kind, news.data.into_iter().next()) {
            (PushKind::Invalidate, Some(Value::Array(keys))) => self.changed(&keys),
            // Everything was removed.
            (PushKind::Invalidate, Some(Value::Nil)) => self.begin_anew(),
            (PushKind::Invalidate | PushKind::Disconnection, _) => self.end(),
            _ => {}
        }
    }

    fn changed(&self, keys: &[Value]) {
        let id = |key: &Value| match key {
            Value::BulkString(key) => self.keys.id(key),
            _ => None,
        };
        self.tell(|changes| keys.iter().filter_map(id).for_each(|id| changes.changed(&id)));
    }

    fn begin_anew(&self) {
        let stage = self.stage();
        if *stage == Stage::Complete {
            self.tell(|changes| {
                changes.lost();
                changes.begun();
            });
        }
    }

    fn tell(&self, what: impl FnOnce(&dyn Changes)) {
        if let Some(changes) = self.changes.upgrade() {
            what(&*changes);
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Telling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telling").field("stage", &self.stage).finish_non_exhaustive()
    }
}
