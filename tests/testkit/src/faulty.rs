//! A store that fails, or waits, when a test tells it to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use webstack_core::store::{
    Capabilities, Created, Entry, Listed, OwnerKey, PurgeStep, Purged, Removed, Reserved, Store, StoreAnswer,
    StoreError, Stored, Touched, Updated, Version,
};
use webstack_core::{SessionId, Timestamp};

use crate::{Gate, Operation};

/// Passes everything on to another store, unless it was told to fail or to wait.
///
/// ```
/// use webstack_core::store::{MemoryStore, Store, StoreError};
/// use webstack_testkit::{Fault, FaultyStore, Operation};
/// # use webstack_core::runtime::block_on;
///
/// let store = FaultyStore::new(MemoryStore::new());
/// let faults = store.faults();
/// let id = "00112233445566778899aabbccddeeff".parse().unwrap();
///
/// faults.fail_next(Operation::Load, Fault::Busy, 1);
/// assert!(matches!(block_on(store.load(&id)), Err(StoreError::Busy)));
/// assert!(matches!(block_on(store.load(&id)), Ok(None)));
/// ```
#[derive(Debug)]
pub struct FaultyStore<S> {
    inner: S,
    faults: Faults,
    answers_at_once: bool,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// With [`StoreError::Busy`].
    Busy,
    /// With [`StoreError::Unavailable`].
    Unavailable,
    /// With [`StoreError::Corrupt`].
    Corrupt,
    /// With [`StoreError::Broken`].
    Broken,
    /// With [`StoreError::Unavailable`], after having done what was asked: the answer got lost.
    LostAnswer,
}

impl Fault {
    fn error(self) -> StoreError {
        match self {
            Fault::Busy => StoreError::Busy,
            Fault::Corrupt => StoreError::corrupt("a fault was injected"),
            Fault::Broken => StoreError::broken("a fault was injected"),
            Fault::Unavailable | Fault::LostAnswer => StoreError::unavailable("a fault was injected"),
        }
    }
}

/// When a call waits at a [`Gate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// Before anything is done.
    Before,
    /// After all is done, with the answer at hand.
    After,
}

/// Tells a [`FaultyStore`] what to do; to be kept when the store itself is given away.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    next: VecDeque<(Operation, Fault)>,
    always: Option<Fault>,
    gates: VecDeque<(Operation, Moment, Gate)>,
}

impl Faults {
    /// Makes the next calls of an operation fail, this many of them. Orders for the same operation queue up.
    pub fn fail_next(&self, operation: Operation, fault: Fault, calls: usize) {
        self.plan().next.extend(std::iter::repeat_n((operation, fault), calls));
    }

    /// Makes every call of every operation fail, until [`recover`](Faults::recover).
    pub fn fail_all(&self, fault: Fault) {
        self.plan().always = Some(fault);
    }

    /// Takes back all orders to fail.
    pub fn recover(&self) {
        let mut plan = self.plan();
        plan.always = None;
        plan.next.clear();
    }

    /// Makes the next call of an operation wait at a gate until the test opens it. Other calls pass meanwhile.
    pub fn hold_next(&self, operation: Operation, moment: Moment) -> Gate {
        let gate = Gate::default();
        self.plan().gates.push_back((operation, moment, gate.clone()));
        gate
    }

    fn has_gate(&self, operation: Operation) -> bool {
        self.plan().gates.iter().any(|(other, ..)| *other == operation)
    }

    fn fault(&self, operation: Operation) -> Option<Fault> {
        let mut plan = self.plan();
        let next = plan.next.iter().position(|(other, _)| *other == operation);
        next.and_then(|index| plan.next.remove(index)).map(|(_, fault)| fault).or(plan.always)
    }

    fn gate(&self, operation: Operation) -> Option<(Moment, Gate)> {
        let mut plan = self.plan();
        let index = plan.gates.iter().position(|(other, ..)| *other == operation)?;
        plan.gates.remove(index).map(|(_, moment, gate)| (moment, gate))
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Store> FaultyStore<S> {
    /// A store that does what this one does, until it is told otherwise.
    pub fn new(inner: S) -> Self {
        FaultyStore { inner, faults: Faults::default(), answers_at_once: true }
    }

    /// The same as a store that has to be waited for: it answers nothing at once.
    #[must_use]
    pub fn answering_later(self) -> Self {
        FaultyStore { answers_at_once: false, ..self }
    }

    /// Only gates have to be waited for.
    fn may_answer_at_once(&self, operation: Operation) -> bool {
        self.answers_at_once && !self.faults.has_gate(operation)
    }

    /// What tells it otherwise.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// Does what the plan says about a call. The inner call is made only when it is awaited.
    fn meddle<'a, T: Send + 'a>(
        &'a self,
        operation: Operation,
        call: impl FnOnce() -> StoreAnswer<'a, T> + Send + 'a,
    ) -> StoreAnswer<'a, T> {
        StoreAnswer::later(async move {
            let gate = self.faults.gate(operation);
            if let Some((Moment::Before, gate)) = &gate {
                gate.pass().await;
            }
            let answer = match self.faults.fault(operation) {
                None => call().await,
                Some(Fault::LostAnswer) => call().await.and(Err(Fault::LostAnswer.error())),
                Some(fault) => Err(fault.error()),
            };
            if let Some((Moment::After, gate)) = &gate {
                gate.pass().await;
            }
            answer
        })
    }

    /// Does what the plan says about a call that puts an entry in at once, or gives it back.
    fn meddle_at_once<T>(
        &self,
        operation: Operation,
        entry: Entry,
        call: impl FnOnce(Entry) -> Result<Result<T, StoreError>, Entry>,
    ) -> Result<Result<T, StoreError>, Entry> {
        if !self.may_answer_at_once(operation) {
            return Err(entry);
        }
        match self.faults.fault(operation) {
            None => call(entry),
            Some(Fault::LostAnswer) => Ok(call(entry)?.and(Err(Fault::LostAnswer.error()))),
            Some(fault) => Ok(Err(fault.error())),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for FaultyStore<S> {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Option<Stored>> {
        self.meddle(Operation::Load, move || self.inner.load(id))
    }

    fn load_at_once(&self, id: &SessionId) -> Option<Result<Option<Stored>, StoreError>> {
        if !self.may_answer_at_once(Operation::Load) {
            return None;
        }
        match self.faults.fault(Operation::Load) {
            None => self.inner.load_at_once(id),
            Some(fault) => Some(Err(fault.error())),
        }
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreAnswer<'a, Created> {
        self.meddle(Operation::Create, move || self.inner.create(id, entry))
    }

    fn create_at_once(&self, id: &SessionId, entry: Entry) -> Result<Result<Created, StoreError>, Entry> {
        self.meddle_at_once(Operation::Create, entry, |entry| self.inner.create_at_once(id, entry))
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreAnswer<'a, Updated> {
        self.meddle(Operation::Update, move || self.inner.update(id, seen, entry))
    }

    fn update_at_once(
        &self,
        id: &SessionId,
        seen: Version,
        entry: Entry,
    ) -> Result<Result<Updated, StoreError>, Entry> {
        self.meddle_at_once(Operation::Update, entry, |entry| self.inner.update_at_once(id, seen, entry))
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreAnswer<'a, Touched> {
        self.meddle(Operation::Touch, move || self.inner.touch(id, seen, expires))
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreAnswer<'a, Removed> {
        self.meddle(Operation::Remove, move || self.inner.remove(id))
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreAnswer<'a, Purged> {
        self.meddle(Operation::Purge, move || self.inner.purge(step))
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreAnswer<'a, Vec<Listed>> {
        self.meddle(Operation::List, move || self.inner.list(after, limit))
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<Listed>> {
        self.meddle(Operation::OwnedBy, move || self.inner.owned_by(owner, after, limit))
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreAnswer<'a, Reserved> {
        self.meddle(Operation::Reserve, move || self.inner.reserve(owner, id, limit))
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}
