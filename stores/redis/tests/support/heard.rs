//! A listener that writes down what it is told.

use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use webstack_store::{Changes, SessionId, Watch as _};
use webstack_store_redis::RedisStore;

use super::{RUNTIME, until};

/// How often signs of life are asked for in these tests.
pub(crate) const EVERY: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    Begun,
    Changed(SessionId),
    CompleteUntil(Instant),
    Lost,
}

type AtBeginning = Box<dyn Fn() + Send + Sync>;

pub(crate) struct Heard {
    news: Mutex<Vec<News>>,
    at_beginning: AtBeginning,
}

/// A listener and the task that tells it.
pub(crate) struct Watching {
    pub(crate) heard: Arc<Heard>,
    pub(crate) task: tokio::task::JoinHandle<()>,
}

impl Heard {
    pub(crate) fn by(store: &RedisStore) -> Watching {
        Self::by_and_at_beginning(store, Box::new(|| {}))
    }

    /// Does something when it is told that changes are told of, before anything else can happen.
    pub(crate) fn by_and_at_beginning(store: &RedisStore, at_beginning: AtBeginning) -> Watching {
        let heard = Arc::new(Heard { news: Mutex::default(), at_beginning });
        let changes: Arc<dyn Changes> = Arc::clone(&heard) as Arc<dyn Changes>;
        let task = RUNTIME.spawn(store.watch(Arc::downgrade(&changes) as Weak<dyn Changes>));
        Watching { heard, task }
    }

    pub(crate) fn news(&self) -> Vec<News> {
        self.news.lock().expect("nobody panicked").clone()
    }

    pub(crate) fn forget(&self) {
        self.news.lock().expect("nobody panicked").clear();
    }

    pub(crate) fn count(&self, news: News) -> usize {
        self.news().iter().filter(|heard| **heard == news).count()
    }

    pub(crate) fn wait_for(&self, news: News) {
        until(&format!("{news:?} is told"), || self.count(news) > 0);
    }

    /// Waits until everything has been told that happened before this was called.
    pub(crate) fn catch_up(&self) {
        let now = Instant::now();
        until("there is a sign of life", || self.moments().iter().any(|moment| *moment >= now));
    }

    pub(crate) fn moments(&self) -> Vec<Instant> {
        let moment = |news| match news {
            News::CompleteUntil(moment) => Some(moment),
            _ => None,
        };
        self.news().into_iter().filter_map(moment).collect()
    }

    /// All that was told but for signs of life.
    pub(crate) fn events(&self) -> Vec<News> {
        self.news().into_iter().filter(|news| !matches!(news, News::CompleteUntil(_))).collect()
    }

    fn write(&self, news: News) {
        self.news.lock().expect("nobody panicked").push(news);
    }
}

impl Changes for Heard {
    fn begun(&self) {
        (self.at_beginning)();
        self.write(News::Begun);
    }

    fn changed(&self, id: &SessionId) {
        self.write(News::Changed(*id));
    }

    fn complete_until(&self, moment: Instant) {
        self.write(News::CompleteUntil(moment));
    }

    fn lost(&self) {
        self.write(News::Lost);
    }

    fn every(&self) -> Duration {
        EVERY
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heard").field("news", &self.news).finish_non_exhaustive()
    }
}
