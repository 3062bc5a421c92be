//! Reading one entry.

use webstack_store::{SessionId, Stored};

use crate::dialect::Dialect;
use crate::dialect::fault;
use crate::engine::{On, Operation};
use crate::fault::Fault;
use crate::value::{self, Columns};

pub(crate) struct Load {
    pub(crate) id: SessionId,
}

impl<D: Dialect> Operation<D> for Load {
    type Answer = Option<Stored>;
    const WRITES: bool = false;
    const REPEATABLE: bool = true;

    async fn perform(&self, on: &mut On<'_, D>) -> Result<Option<Stored>, Fault> {
        let rows = D::rows(on.connection, &on.statements.load, &[value::id(&self.id)]).await.map_err(fault::<D>)?;
        // Whether it has expired is asked here: an entry that cannot be read shall show, whatever its deadline looks like.
        let stored = rows.into_iter().next().map(|row| Columns::of(row).stored()).transpose()?;
        Ok(stored.filter(|stored| !stored.entry.is_expired(on.now)))
    }
}
