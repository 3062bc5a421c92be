//! A listener that writes down what a store tells of changes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use webstack_core::SessionId;
use webstack_core::store::{BoxFuture, Changes, Watch};

/// Something that a [`Watch`] said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// From now on every change is told of.
    Begun,
    /// This entry was changed.
    Changed(SessionId),
    /// Every change before this moment has been told of.
    CompleteUntil(Instant),
    /// Changes may be missed.
    Lost,
}

/// Writes down what a store tells of changes, for tests of stores that implement [`Watch`].
///
/// ```no_run
/// # fn example(store: impl webstack_core::store::Watch) {
/// use webstack_testkit::{Heard, News};
///
/// let (heard, telling) = Heard::listening(&store);
/// # let spawn = |_| {};
/// spawn(telling);
/// heard.wait_for(News::Begun);
/// # }
/// ```
pub struct Heard {
    news: Mutex<Vec<News>>,
    at_beginning: Box<dyn Fn() + Send + Sync>,
}

/// How often signs of life are asked for.
const EVERY: Duration = Duration::from_millis(50);

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

impl Heard {
    /// A listener; it is told while somebody runs the future.
    pub fn listening(store: &impl Watch) -> (Arc<Heard>, BoxFuture<'static, ()>) {
        Self::listening_and(store, || {})
    }

    /// As [`listening`](Heard::listening); it does something when it is told that changes are told of, before anything else
    /// can happen.
    pub fn listening_and(
        store: &impl Watch,
        at_beginning: impl Fn() + Send + Sync + 'static,
    ) -> (Arc<Heard>, BoxFuture<'static, ()>) {
        let heard = Arc::new(Heard { news: Mutex::default(), at_beginning: Box::new(at_beginning) });
        let changes: Arc<dyn Changes> = Arc::clone(&heard) as Arc<dyn Changes>;
        let telling = store.watch(Arc::downgrade(&changes));
        (heard, telling)
    }

    /// All that was told.
    pub fn news(&self) -> Vec<News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All that was told but for signs of life.
    pub fn events(&self) -> Vec<News> {
        self.news().into_iter().filter(|news| !matches!(news, News::CompleteUntil(_))).collect()
    }

    /// The moments of the signs of life.
    pub fn moments(&self) -> Vec<Instant> {
        let moment = |news| match news {
            News::CompleteUntil(moment) => Some(moment),
            _ => None,
        };
        self.news().into_iter().filter_map(moment).collect()
    }

    /// How often it was told this.
    pub fn count(&self, news: News) -> usize {
        self.news().iter().filter(|heard| **heard == news).count()
    }

    /// Begins anew.
    pub fn forget(&self) {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits until it is told this.
    ///
    /// # Panics
    ///
    /// If that takes too long.
    pub fn wait_for(&self, news: News) {
        self.wait_until(&format!("{news:?} is told"), || self.count(news) > 0);
    }

    /// Waits until everything has been told that happened before this was called.
    ///
    /// # Panics
    ///
    /// If that takes too long.
    pub fn catch_up(&self) {
        let now = Instant::now();
        self.wait_until("there is a sign of life", || self.moments().iter().any(|moment| *moment >= now));
    }

    fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}: {:?}", self.events());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn write(&self, news: News) {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).push(news);
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
