//! What goes wrong with the file, and what that means to the engine.

use std::io;

use heed::MdbError;
use webstack_store::StoreError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("another process is writing, or was stopped while it did")]
    Held,
    #[error("too many writes are waiting for the disk")]
    Crowded,
    #[error("the store has reached its limit of {0} bytes")]
    Full(usize),
    #[error("not an entry of this store: {0}")]
    Malformed(&'static str),
    #[error("the directory was removed or replaced while it was in use: start the program again")]
    Replaced,
    #[error("the thread that writes is gone")]
    NoWriter,
    #[error("cannot {doing}")]
    Io {
        doing: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("LMDB failed")]
    Lmdb(#[from] heed::Error),
}

impl Fault {
    /// Whether it is this answer of LMDB.
    pub(crate) fn is(&self, error: MdbError) -> bool {
        matches!(self, Fault::Lmdb(heed::Error::Mdb(found)) if *found == error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Held => StoreError::Busy,
            Fault::Malformed(_) => StoreError::corrupt(fault),
            Fault::Crowded | Fault::Full(_) => StoreError::unavailable(fault),
            _ if fault.is(MdbError::ReadersFull) || fault.is(MdbError::TxnFull) => StoreError::unavailable(fault),
            Fault::Replaced | Fault::NoWriter | Fault::Io { .. } | Fault::Lmdb(_) => StoreError::broken(fault),
        }
    }
}
