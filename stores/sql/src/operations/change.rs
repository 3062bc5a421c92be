//! Changing an entry that still is the one that was seen.

use webstack_store::{Entry, GRACE, SessionId, Stored, Timestamp, Touched, Updated, Version};

use crate::dialect::Dialect;
use crate::dialect::fault;
use crate::engine::{On, Operation};
use crate::fault::Fault;
use crate::statement::Change;
use crate::value::{self, Columns, Row, Value};

pub(crate) struct Update {
    id: SessionId,
    seen: Version,
    entry: Entry,
    next: Version,
}

impl Update {
    pub(crate) fn new(id: SessionId, seen: Version, entry: Entry) -> Result<Self, Fault> {
        Ok(Update { id, seen, entry, next: value::new_version()? })
    }
}

impl<D: Dialect> Operation<D> for Update {
    type Answer = Updated;
    const WRITES: bool = true;
    const REPEATABLE: bool = false;

    async fn perform(&self, on: &mut On<'_, D>) -> Result<Updated, Fault> {
        let Entry { bytes, expires, owner } = &self.entry;
        let values = [
            value::id(&self.id),
            value::version(self.seen),
            value::version(self.next),
            value::deadline(*expires),
            value::owner(owner.as_ref()),
            Value::Bytes(Some(bytes)),
            value::cutoff(on.now),
        ];
        let Some(row) = change(on, &on.statements.update, &values).await? else { return Ok(Updated::Gone) };
        let Attempt::Found(row) = row else { return Ok(Updated::Applied(self.next)) };
        let stored: Stored = Columns::of(row).stored()?;
        match stored {
            stored if stored.entry.is_purgeable(on.now) => Ok(Updated::Gone),
            stored if stored.version != self.seen => Ok(Updated::Conflict(stored)),
            // It changed between two statements, as far as we can tell: somebody restored it.
            _ => Err(Fault::Overtaken),
        }
    }
}

pub(crate) struct Touch {
    pub(crate) id: SessionId,
    pub(crate) seen: Version,
    pub(crate) expires: Option<Timestamp>,
}

impl<D: Dialect> Operation<D> for Touch {
    type Answer = Touched;
    const WRITES: bool = true;
    const REPEATABLE: bool = true;

    async fn perform(&self, on: &mut On<'_, D>) -> Result<Touched, Fault> {
        let values =
            [value::id(&self.id), value::version(self.seen), value::deadline(self.expires), value::cutoff(on.now)];
        let Some(row) = change(on, &on.statements.touch, &values).await? else { return Ok(Touched::Gone) };
        let Attempt::Found(row) = row else { return Ok(Touched::Extended) };
        let mut columns = Columns::of(row);
        let (version, deadline) = (columns.version()?, columns.deadline()?);
        match deadline {
            Some(deadline) if deadline + GRACE <= on.now => Ok(Touched::Gone),
            _ if version != self.seen => Ok(Touched::Stale),
            _ => Err(Fault::Overtaken),
        }
    }
}

/// What came of an attempt to change an entry that is there.
enum Attempt {
    Changed,
    Found(Row),
}

async fn change<D: Dialect>(
    on: &mut On<'_, D>,
    change: &Change,
    values: &[Value<'_>],
) -> Result<Option<Attempt>, Fault> {
    match change {
        Change::Answering(statement) => {
            let rows = D::rows(on.connection, statement, values).await.map_err(fault::<D>)?;
            let Some(mut row) = rows.into_iter().next() else { return Ok(None) };
            let changed = row.pop().ok_or(Fault::Malformed("a column is missing"))?;
            let changed = Columns::of(vec![changed]).int()? != 0;
            Ok(Some(if changed { Attempt::Changed } else { Attempt::Found(row) }))
        }
        Change::Asking(statement, question) => {
            if D::run(on.connection, statement, values).await.map_err(fault::<D>)? > 0 {
                return Ok(Some(Attempt::Changed));
            }
            let rows = D::rows(on.connection, question, &values[..1]).await.map_err(fault::<D>)?;
            Ok(rows.into_iter().next().map(Attempt::Found))
        }
    }
}
