//! What is done to session files: by the store, and by bare calls.

use futures_util::FutureExt as _;
use webstack_core::store::{Created, Durability, Entry, FileStore, Removed, Store as _, Touched, Updated, Version};
use webstack_core::{SessionId, Timestamp};

use super::bare::{Bare, Names};
use super::tree::{Tree, id, larger, names, ordinary};

/// What can be done to a session's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Read,
    Update,
    /// The deadline moves on.
    Touch,
    /// An update of another version than the one that stands there.
    Conflict,
    Create,
    /// An update that does not fit the file.
    Growth,
    Remove,
    /// What others do for an update: a temporary file is renamed over the old one.
    Replace,
}

impl Operation {
    /// What the store does, in an order in which it can be done: what is created grows, and is removed.
    pub(crate) const ALL: [Operation; 7] = [
        Operation::Read,
        Operation::Update,
        Operation::Touch,
        Operation::Conflict,
        Operation::Create,
        Operation::Growth,
        Operation::Remove,
    ];

    /// The operation as it is called on command lines and in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Operation::Read => "read",
            Operation::Update => "update",
            Operation::Touch => "touch",
            Operation::Conflict => "conflict",
            Operation::Create => "create",
            Operation::Growth => "growth",
            Operation::Remove => "remove",
            Operation::Replace => "temporary file and rename",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Operation> {
        Operation::ALL.into_iter().find(|operation| operation.name() == name)
    }

    /// True if it is done to sessions that come and go, and not to those that are there all the while.
    pub(crate) fn is_of_newcomers(self) -> bool {
        matches!(self, Operation::Create | Operation::Growth | Operation::Remove)
    }
}

/// Session files, and somebody who works on them.
pub(crate) trait Files {
    /// Says whose turn it is to be created, to grow and to be removed.
    fn expect(&mut self, newcomers: &[u64]);

    fn does(&self, operation: Operation) -> bool;

    /// Does it to one of the files: of those that are there, or of the newcomers.
    fn act(&mut self, operation: Operation, at: usize);
}

/// The store at work.
#[derive(Debug)]
pub(crate) struct ByStore {
    store: FileStore,
    settled: Vec<(SessionId, Version)>,
    newcomers: Vec<(SessionId, Version)>,
    entry: Entry,
    larger: Entry,
    deadline: Timestamp,
}

impl ByStore {
    /// Over sessions that were planted.
    pub(crate) fn new(tree: &Tree, durability: Durability, settled: impl Iterator<Item = u64>) -> Self {
        let entry = ordinary();
        let deadline = entry.expires.expect("it has one");
        let settled = settled.map(|number| (id(number), tree.version)).collect();
        ByStore { store: tree.store(durability), settled, newcomers: Vec::new(), entry, larger: larger(), deadline }
    }
}

impl Files for ByStore {
    fn expect(&mut self, newcomers: &[u64]) {
        self.newcomers = newcomers.iter().map(|number| (id(*number), Version::new(0))).collect();
    }

    fn does(&self, operation: Operation) -> bool {
        operation != Operation::Replace
    }

    fn act(&mut self, operation: Operation, at: usize) {
        let sessions = if operation.is_of_newcomers() { &mut self.newcomers } else { &mut self.settled };
        let (id, version) = &mut sessions[at];
        let store = &self.store;
        // Each is asked whether it was done: what did nothing is not measured.
        let is_done = match operation {
            Operation::Read => store.load(id).now_or_never().map(|found| found.is_ok_and(|found| found.is_some())),
            Operation::Update | Operation::Growth => {
                let entry = if operation == Operation::Update { &self.entry } else { &self.larger };
                let updated = store.update(id, *version, entry.clone()).now_or_never();
                updated.map(|updated| match updated {
                    Ok(Updated::Applied(next)) => {
                        *version = next;
                        true
                    }
                    _ => false,
                })
            }
            Operation::Touch => {
                self.deadline = Timestamp::from_millis(self.deadline.as_millis() + 1);
                let touched = store.touch(id, *version, Some(self.deadline)).now_or_never();
                touched.map(|touched| matches!(touched, Ok(Touched::Extended)))
            }
            Operation::Conflict => {
                let other = Version::new(version.get() ^ 1);
                let updated = store.update(id, other, self.entry.clone()).now_or_never();
                updated.map(|updated| matches!(updated, Ok(Updated::Conflict(_))))
            }
            Operation::Create => store.create(id, self.entry.clone()).now_or_never().map(|created| match created {
                Ok(Created::New(first)) => {
                    *version = first;
                    true
                }
                _ => false,
            }),
            Operation::Remove => store.remove(id).now_or_never().map(|removed| matches!(removed, Ok(Removed::Removed))),
            Operation::Replace => unreachable!("the store does not do that"),
        };
        assert_eq!(is_done, Some(true), "{} was not done", operation.name());
    }
}

/// Bare calls at work.
#[derive(Debug)]
pub(crate) struct ByHand {
    bare: Bare,
    settled: Vec<Names>,
    newcomers: Vec<Names>,
    file: Vec<u8>,
    grown: Vec<u8>,
    /// Does what others do for an update, and nothing else.
    renames: bool,
}

impl ByHand {
    /// Over sessions that were planted.
    pub(crate) fn new(tree: &Tree, durability: Durability, settled: impl Iterator<Item = u64>) -> Self {
        let bare = Bare::open(&tree.directory(), durability);
        let settled = settled.map(|number| names(&id(number))).collect();
        let (file, grown) = (tree.file.clone(), tree.grown.clone());
        ByHand { bare, settled, newcomers: Vec::new(), file, grown, renames: false }
    }

    /// The same, for [`Operation::Replace`] alone: what is replaced is another file from then on.
    pub(crate) fn renaming(tree: &Tree, settled: impl Iterator<Item = u64>) -> Self {
        ByHand { renames: true, ..ByHand::new(tree, Durability::None, settled) }
    }
}

impl Files for ByHand {
    fn expect(&mut self, newcomers: &[u64]) {
        self.newcomers = newcomers.iter().map(|number| names(&id(*number))).collect();
    }

    fn does(&self, operation: Operation) -> bool {
        self.renames == (operation == Operation::Replace)
    }

    fn act(&mut self, operation: Operation, at: usize) {
        let names = if operation.is_of_newcomers() { &self.newcomers[at] } else { &self.settled[at] };
        let bare = &mut self.bare;
        let done = match operation {
            Operation::Read => bare.read(names),
            Operation::Update | Operation::Touch => bare.update(names, &self.file[..self.file.len() / 2]),
            Operation::Conflict => bare.conflict(names),
            Operation::Create => bare.create(names, &self.file),
            Operation::Growth => bare.grow(names, &self.grown),
            Operation::Remove => bare.remove(names),
            Operation::Replace => bare.replace(names, &self.file),
        };
        done.expect("calls that the store makes, too");
    }
}
