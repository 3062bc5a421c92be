//! What goes into a transaction.

use heed::RwTxn;

use crate::fault::Fault;
use crate::tables::Tables;

/// Something to be written.
pub(crate) trait Job: Send {
    /// Does it within a transaction, as often as it takes until one is committed.
    fn attempt(&mut self, txn: &mut RwTxn<'_>, tables: &Tables) -> Result<(), Fault>;

    /// Tells who waits for it what came of it.
    fn finish(self: Box<Self>, outcome: Result<(), Fault>);
}
