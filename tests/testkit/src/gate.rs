//! A gate: a test lets calls of a store pass when it likes.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Where a call waits. It opens once, and stays open.
///
/// ```
/// use webstack_core::store::{MemoryStore, Store};
/// use webstack_testkit::{FaultyStore, Moment, Operation};
/// # use webstack_core::runtime::block_on;
///
/// let store = FaultyStore::new(MemoryStore::new());
/// let gate = store.faults().hold_next(Operation::Load, Moment::Before);
/// let id = "00112233445566778899aabbccddeeff".parse().unwrap();
/// std::thread::scope(|threads| {
///     let call = threads.spawn(|| block_on(store.load(&id)));
///     block_on(gate.reached());
///     assert!(!call.is_finished());
///     gate.open();
///     assert!(matches!(call.join().unwrap(), Ok(None)));
/// });
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<GateState>>);

#[derive(Debug, Default)]
struct GateState {
    open: bool,
    reached: bool,
    waiting: Vec<Waker>,
}

impl Gate {
    /// Lets the call pass.
    pub fn open(&self) {
        self.change(|state| state.open = true);
    }

    /// Ready when the call stands at the gate, or has passed it.
    pub async fn reached(&self) {
        self.wait_for(|state| state.reached).await;
    }

    pub(crate) async fn pass(&self) {
        self.change(|state| state.reached = true);
        self.wait_for(|state| state.open).await;
    }

    fn change(&self, change: impl FnOnce(&mut GateState)) {
        let mut state = self.state();
        change(&mut state);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    async fn wait_for(&self, condition: impl Fn(&GateState) -> bool) {
        poll_fn(|context| {
            let mut state = self.state();
            if condition(&state) {
                return Poll::Ready(());
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
