//! Pages of what is alive.

use webstack_store::{Listed, OwnerKey, SessionId};

use crate::dialect::Dialect;
use crate::dialect::fault;
use crate::engine::{On, Operation};
use crate::fault::Fault;
use crate::value::{self, Cell, Columns, Row, Value, session_id};

/// All sessions, or those of one owner.
pub(crate) struct List {
    pub(crate) owner: Option<OwnerKey>,
    pub(crate) after: Option<SessionId>,
    pub(crate) limit: usize,
}

impl<D: Dialect> Operation<D> for List {
    type Answer = Vec<Listed>;
    const WRITES: bool = false;
    const REPEATABLE: bool = true;

    async fn perform(&self, on: &mut On<'_, D>) -> Result<Vec<Listed>, Fault> {
        let mut page = Vec::new();
        // No id is so short, so all are behind it.
        let mut after = self.after.map_or(Vec::new(), |id| id.as_bytes().to_vec());
        while page.len() < self.limit {
            let wanted = self.limit - page.len();
            let rest = [Value::Bytes(Some(&after)), value::moment(on.now), value::count(wanted)];
            let rows = match &self.owner {
                None => D::rows(on.connection, &on.statements.list, &rest).await,
                Some(owner) => {
                    let [after, now, limit] = rest;
                    let values = [value::owner(Some(owner)), after, now, limit];
                    D::rows(on.connection, &on.statements.owned_by, &values).await
                }
            };
            let rows = rows.map_err(fault::<D>)?;
            let is_last = rows.len() < wanted;
            let Some(last) = rows.last().and_then(key) else { break };
            page.extend(rows.into_iter().filter_map(|row| listed(row).ok()));
            if is_last {
                break;
            }
            // Some may have been left out because they cannot be read; a page is full all the same.
            after = last;
        }
        Ok(page)
    }
}

fn key(row: &Row) -> Option<Vec<u8>> {
    match row.first() {
        Some(Cell::Bytes(id)) => id.clone(),
        _ => None,
    }
}

fn listed(row: Row) -> Result<Listed, Fault> {
    let mut columns = Columns::of(row);
    Ok(Listed { id: session_id(&columns.bytes()?)?, stored: columns.stored()? })
}
