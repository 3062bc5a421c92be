//! A store with what the suite needs to know about it.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use webstack_core::runtime;
use webstack_core::store::{BoxFuture, Store};

use crate::HeldClock;

/// A store to be tested, empty; how to open it again; and the clock it asks.
///
/// The factory that makes it is called anew for each test.
///
/// ```
/// use std::sync::Arc;
/// use webstack_core::store::FileStore;
/// use webstack_testkit::{HeldClock, StoreUnderTest};
///
/// fn fresh_store() -> StoreUnderTest {
///     let place = tempfile::tempdir().unwrap();
///     let directory = place.path().join("sessions");
///     let clock = HeldClock::new();
///     let time = clock.clone();
///     let open = move || FileStore::builder(&directory).clock(Arc::new(time.clone())).open().unwrap();
///     StoreUnderTest::new(open()).with_clock(clock).with_second_handle(open).keeping(place)
/// }
/// assert!(fresh_store().second_handle().is_some());
/// ```
pub struct StoreUnderTest {
    store: Arc<dyn Store>,
    reopen: Option<Box<dyn Fn() -> Arc<dyn Store> + Send + Sync>>,
    clock: Option<HeldClock>,
    block_on: BlockOn,
    _kept: Vec<Box<dyn Any + Send + Sync>>,
}

type BlockOn = Box<dyn Fn(BoxFuture<'_, ()>) + Send + Sync>;

impl StoreUnderTest {
    /// An empty store.
    pub fn new(store: impl Store) -> Self {
        StoreUnderTest {
            store: Arc::new(store),
            reopen: None,
            clock: None,
            block_on: Box::new(|future| runtime::block_on(future)),
            _kept: Vec::new(),
        }
    }

    /// Hands over the clock that the store asks. Owed by a store whose capabilities say `own_clock`.
    #[must_use]
    pub fn with_clock(self, clock: HeldClock) -> Self {
        StoreUnderTest { clock: Some(clock), ..self }
    }

    /// Says how the same data is opened a second time. Owed by a store whose capabilities say `multi_process`.
    #[must_use]
    pub fn with_second_handle<S: Store>(self, open: impl Fn() -> S + Send + Sync + 'static) -> Self {
        StoreUnderTest { reopen: Some(Box::new(move || Arc::new(open()))), ..self }
    }

    /// Says how a future is run. Owed by a store that needs a runtime: `move |future| runtime.block_on(future)`.
    #[must_use]
    pub fn with_block_on(self, block_on: impl Fn(BoxFuture<'_, ()>) + Send + Sync + 'static) -> Self {
        StoreUnderTest { block_on: Box::new(block_on), ..self }
    }

    /// Keeps something, a temporary directory say, until the test is over.
    #[must_use]
    pub fn keeping(mut self, guard: impl Any + Send + Sync) -> Self {
        self._kept.push(Box::new(guard));
        self
    }

    /// The store.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// The same data, opened again as another process would; `None` if only one process can.
    pub fn second_handle(&self) -> Option<Arc<dyn Store>> {
        self.reopen.as_ref().map(|open| open())
    }

    /// The clock that the store asks, if it can be held.
    pub fn clock(&self) -> Option<&HeldClock> {
        self.clock.as_ref()
    }

    /// Runs a future to its end.
    pub fn block_on<T: Send>(&self, future: impl Future<Output = T> + Send) -> T {
        let mut answer = None;
        (self.block_on)(Box::pin(async { answer = Some(future.await) }));
        answer.expect("whoever runs a future runs it to its end")
    }
}

impl fmt::Debug for StoreUnderTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreUnderTest").field("store", &self.store).field("clock", &self.clock).finish_non_exhaustive()
    }
}
