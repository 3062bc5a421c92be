//! What an actor can do: the operations of the store, each written into the history.

use super::history::{Answer, Event, Op};
use super::stage::Stage;
use super::world::{FF, World};
use crate::store::file::fault::Fault;
use crate::store::file::listing::{self, last_id};
use crate::store::file::{entry_file, owners, write};
use crate::store::{Created, Entry, OwnerKey, PurgeStep, Reserved, Stored, Updated, Version};
use crate::{SessionId, Timestamp};
use std::time::Duration;

#[derive(Clone, Copy)]
pub(super) struct Player<'a> {
    pub(super) stage: &'a Stage,
    pub(super) world: &'a World,
    pub(super) me: usize,
    pub(super) id: SessionId,
    pub(super) now: Timestamp,
}

impl Player<'_> {
    /// The same with another session.
    pub(super) fn with(self, id: SessionId) -> Self {
        Player { id, ..self }
    }

    /// The same a while later.
    pub(super) fn later(self, by: Duration) -> Self {
        Player { now: self.now + by, ..self }
    }

    /// The version that was there before anything began.
    pub(super) fn first(&self) -> Version {
        self.world.first.first().expect("this world has a session").1.version
    }

    pub(super) fn load(&self) -> Option<Stored> {
        let answer = self.does(Op::Load, || {
            let found = entry_file::peek(&self.world.root, &self.id)?;
            Ok(Answer::Loaded(found.filter(|stored| !stored.entry.is_expired(self.now))))
        });
        if let Answer::Loaded(stored) = answer { stored } else { None }
    }

    pub(super) fn create(&self, entry: Entry) -> Option<Version> {
        let answer = self.does(Op::Create(entry.clone()), || {
            Ok(Answer::Created(write::create(&self.world.root, &self.id, &entry, self.now)?))
        });
        if let Answer::Created(Created::New(version)) = answer { Some(version) } else { None }
    }

    pub(super) fn update(&self, seen: Version, entry: Entry) -> Option<Version> {
        let answer = self.does(Op::Update(seen, entry.clone()), || {
            Ok(Answer::Updated(write::update(&self.world.root, &self.id, seen, &entry, self.now)?))
        });
        if let Answer::Updated(Updated::Applied(version)) = answer { Some(version) } else { None }
    }

    pub(super) fn touch(&self, seen: Version, expires: Timestamp) {
        self.does(Op::Touch(seen, Some(expires)), || {
            Ok(Answer::Touched(write::touch(&self.world.root, &self.id, seen, Some(expires), self.now)?))
        });
    }

    pub(super) fn remove(&self) {
        self.does(Op::Remove, || Ok(Answer::Removed(write::remove(&self.world.root, &self.id, self.now)?)));
    }

    pub(super) fn purge(&self) {
        self.does(Op::Purge, || Ok(Answer::Purged(purge(self.world, self.now)?)));
    }

    pub(super) fn owned_by(&self, owner: OwnerKey) {
        self.does(Op::OwnedBy(owner), || {
            let listed = listing::owned_by(&self.world.root, &owner, None, 10, self.now)?;
            Ok(Answer::Listed(listed.into_iter().find(|listed| listed.id == self.id).map(|listed| listed.stored)))
        });
    }

    /// True if a place is kept.
    pub(super) fn reserve(&self, owner: OwnerKey, limit: usize) -> bool {
        let answer = self.does(Op::Reserve(limit), || {
            Ok(Answer::Reserved(owners::reserve(&self.world.root, &owner, &self.id, limit, self.now)?))
        });
        matches!(answer, Answer::Reserved(Reserved::Granted))
    }

    fn does(&self, op: Op, act: impl FnOnce() -> Result<Answer, Fault>) -> Answer {
        let (id, now) = (self.id, self.now);
        self.stage.begins(Event { actor: self.me, id, now, op, answer: None, bit: 0, before: 0 });
        let answer = match act() {
            Ok(answer) => answer,
            Err(Fault::Held) => Answer::Busy,
            Err(fault) => Answer::Failed(format!("{fault:?}")),
        };
        self.stage.ends(self.me, answer.clone());
        answer
    }
}

/// Purges all of the directory that the sessions of these tests are in, and of the owners'; answers how much was removed.
pub(super) fn purge(world: &World, now: Timestamp) -> Result<u64, Fault> {
    let step = PurgeStep::new(1000).after(Some(last_id(FF - 1)));
    Ok(crate::store::file::purge::purge(&world.root, step, Duration::ZERO, now)?.removed)
}
