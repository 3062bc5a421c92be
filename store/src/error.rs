//! Why a store could not do what it was asked.

use std::error::Error;

type Source = Box<dyn Error + Send + Sync + 'static>;

/// A store failed. The variants say what the caller can do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else holds the entry for a moment: try again after a short wait.
    #[error("the entry is held by another request")]
    Busy,
    /// The store cannot be reached, is full, or took too long: try again later.
    #[error("the session store is unavailable")]
    Unavailable(#[source] Source),
    /// What stands there was not written by this store, or not whole.
    #[error("the stored entry is corrupt")]
    Corrupt(#[source] Source),
    /// The store is broken (disk full, permission lost, directory gone): somebody has to look after it.
    #[error("the session store is broken")]
    Broken(#[source] Source),
}

impl StoreError {
    /// An [`Unavailable`](StoreError::Unavailable) with its cause.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        StoreError::Unavailable(source.into())
    }

    /// A [`Corrupt`](StoreError::Corrupt) with its cause.
    pub fn corrupt(source: impl Into<Source>) -> Self {
        StoreError::Corrupt(source.into())
    }

    /// A [`Broken`](StoreError::Broken) with its cause.
    pub fn broken(source: impl Into<Source>) -> Self {
        StoreError::Broken(source.into())
    }
}
