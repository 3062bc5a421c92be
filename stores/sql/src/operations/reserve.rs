//! Keeping a place among an owner's sessions.

use std::collections::BTreeSet;

use webstack_store::{GRACE, OwnerKey, Reserved, SessionId};

use crate::dialect::Dialect;
use crate::dialect::fault;
use crate::engine::{On, Operation};
use crate::fault::Fault;
use crate::value::{self, Columns, Value, session_id};

pub(crate) struct Reserve {
    pub(crate) owner: OwnerKey,
    pub(crate) id: SessionId,
    pub(crate) limit: usize,
}

impl<D: Dialect> Operation<D> for Reserve {
    type Answer = Reserved;
    const WRITES: bool = true;
    /// Who has a place is granted it again.
    const REPEATABLE: bool = true;

    async fn perform(&self, on: &mut On<'_, D>) -> Result<Reserved, Fault> {
        D::order(on.connection, on.statements.reserve.begin).await.map_err(fault::<D>)?;
        let reserved = match self.reserve(on).await {
            Ok(reserved) => D::order(on.connection, "COMMIT").await.map_err(fault::<D>).map(|()| reserved),
            Err(fault) => Err(fault),
        };
        if reserved.is_err() {
            on.is_spoilt = D::order(on.connection, "ROLLBACK").await.is_err();
        }
        reserved
    }
}

impl Reserve {
    async fn reserve<D: Dialect>(&self, on: &mut On<'_, D>) -> Result<Reserved, Fault> {
        let statements = &on.statements.reserve;
        let (owner, until) = (value::owner(Some(&self.owner)), value::moment(on.now + GRACE));
        if let Some(line) = &statements.stand_in_line {
            D::rows(on.connection, line, &[owner, until, self.key(on)]).await.map_err(fault::<D>)?;
        }
        let rows = D::rows(on.connection, &statements.count, &[owner, value::moment(on.now)]).await;
        let (mut living, mut kept) = (BTreeSet::new(), BTreeSet::new());
        for row in rows.map_err(fault::<D>)? {
            let mut columns = Columns::of(row);
            let Ok(id) = session_id(&columns.bytes()?) else { continue };
            if columns.int()? == 1 {
                living.insert(id)
            } else {
                kept.insert(id)
            };
        }
        if living.contains(&self.id) {
            return Ok(Reserved::Granted);
        }
        if !kept.contains(&self.id) && living.union(&kept).count() >= self.limit {
            return Ok(Reserved::Full(living.into_iter().collect()));
        }
        let values = [owner, value::id(&self.id), until];
        D::run(on.connection, &statements.keep, &values).await.map_err(fault::<D>)?;
        Ok(Reserved::Granted)
    }

    /// A number that stands for the owner in this namespace.
    fn key<D: Dialect>(&self, on: &On<'_, D>) -> Value<'static> {
        let first = self.owner.as_bytes().first_chunk().copied().map_or(0, u64::from_be_bytes);
        Value::Int(Some((first ^ on.namespace.number()).cast_signed()))
    }
}
