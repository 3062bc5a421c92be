//! A listener, and the task that tells it.

use std::sync::Arc;
use std::time::Duration;

use webstack_store_redis::RedisStore;
use webstack_testkit::Heard;

use super::RUNTIME;

/// How often signs of life are asked for in these tests.
pub(crate) const EVERY: Duration = Duration::from_millis(50);

pub(crate) struct Watching {
    pub(crate) heard: Arc<Heard>,
    pub(crate) task: tokio::task::JoinHandle<()>,
}

impl Watching {
    pub(crate) fn of(store: &RedisStore) -> Watching {
        Self::of_and_at_beginning(store, || {})
    }

    /// Does something when it is told that changes are told of, before anything else can happen.
    pub(crate) fn of_and_at_beginning(store: &RedisStore, at_beginning: impl Fn() + Send + Sync + 'static) -> Watching {
        let (heard, telling) = Heard::listening_and(store, at_beginning);
        Watching { heard, task: RUNTIME.spawn(telling) }
    }
}
