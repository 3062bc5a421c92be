//! Removing what has expired: an index says what that is, so nothing else is looked at.

use webstack_store::{Purged, SessionId};

use crate::dialect::Dialect;
use crate::dialect::fault;
use crate::engine::{On, Operation};
use crate::fault::Fault;
use crate::value;

pub(crate) struct Purge {
    /// How many entries at most, and as many places.
    pub(crate) entries: usize,
}

impl<D: Dialect> Operation<D> for Purge {
    type Answer = Purged;
    const WRITES: bool = true;
    const REPEATABLE: bool = true;

    async fn perform(&self, on: &mut On<'_, D>) -> Result<Purged, Fault> {
        let limit = self.entries.max(1);
        let values = [value::cutoff(on.now), value::count(limit)];
        let removed = D::run(on.connection, &on.statements.purge, &values).await.map_err(fault::<D>)?;
        let mut is_full = removed >= limit as u64;
        if !is_full {
            let values = [value::moment(on.now), value::count(limit)];
            let places = D::run(on.connection, &on.statements.purge_places, &values).await.map_err(fault::<D>)?;
            is_full = places >= limit as u64;
        }
        // The next step begins with what expired first, as this one did, wherever it is told to.
        Ok(Purged { removed, next: is_full.then_some(SessionId::from_bytes([0xff; 16])), ..Purged::default() })
    }
}
