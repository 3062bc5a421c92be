//! The end of an entry.

use webstack_store::{Removed, SessionId};

use crate::dialect::Dialect;
use crate::dialect::fault;
use crate::engine::{On, Operation};
use crate::fault::Fault;
use crate::statement::Removal;
use crate::value::{self, Columns};

pub(crate) struct Remove {
    pub(crate) id: SessionId,
}

impl<D: Dialect> Operation<D> for Remove {
    type Answer = Removed;
    const WRITES: bool = true;
    /// A logout shall not fail because an answer was lost; at worst it says that there was nothing left to remove.
    const REPEATABLE: bool = true;

    async fn perform(&self, on: &mut On<'_, D>) -> Result<Removed, Fault> {
        let values = [value::id(&self.id), value::moment(on.now)];
        let lived = match &on.statements.remove {
            Removal::Answering(statement) => {
                let rows = D::rows(on.connection, statement, &values).await.map_err(fault::<D>)?;
                // What cannot be read is removed too, and was there.
                rows.into_iter()
                    .next()
                    .is_some_and(|row| !matches!(Columns::of(row).deadline(), Ok(Some(deadline)) if deadline <= on.now))
            }
            Removal::Twice(living, rest) => {
                let lived = D::run(on.connection, living, &values).await.map_err(fault::<D>)? > 0;
                if !lived {
                    D::run(on.connection, rest, &values).await.map_err(fault::<D>)?;
                }
                lived
            }
        };
        Ok(if lived { Removed::Removed } else { Removed::Absent })
    }
}
