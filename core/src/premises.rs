//! What belongs to a store beside the contract: where it is, how it is set up, what goes on in the background.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::store::{BoxFuture, Findings, Inspect, Migrating, Moved, Probe, Repair, Store, StoreError};
use crate::{ConfigError, Error, SessionId, Sessions, runtime};

/// From any store to any other.
pub(crate) type Moving = Migrating<Arc<dyn Store>, Arc<dyn Store>>;

/// Something that can be begun anew.
pub(crate) type Begin<T> = Box<dyn Fn() -> BoxFuture<'static, T> + Send + Sync>;

#[derive(Default)]
pub(crate) struct Premises {
    pub(crate) directory: Option<PathBuf>,
    /// Where it is, for people to read.
    pub(crate) place: String,
    pub(crate) moving: Option<Arc<Moving>>,
    /// Makes tables.
    pub(crate) set_up: Option<Begin<Result<(), StoreError>>>,
    /// Try out writing: in the store, and in the one that is left.
    pub(crate) probes: Vec<Probe>,
    /// Looks for what is wrong.
    pub(crate) inspect: Option<Inspect>,
    /// The same, in the store that is left.
    pub(crate) inspect_left: Option<Inspect>,
    /// Hears of changes, for a cache.
    pub(crate) listen: Option<Begin<()>>,
    pub(crate) listening: AtomicBool,
}

impl Premises {
    /// True if changes are to be heard of, and nobody listens yet.
    #[inline]
    pub(crate) fn is_to_listen(&self) -> bool {
        self.listen.is_some() && !self.listening.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Premises {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Premises").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Sessions {
    /// Where the sessions are kept, for people to read: the directory, or the store's URL without its password.
    ///
    /// ```
    /// let sessions = webstack_core::Sessions::builder().store_url("memory:").build()?;
    /// assert_eq!(sessions.place(), "memory:");
    /// # Ok::<(), webstack_core::ConfigError>(())
    /// ```
    pub fn place(&self) -> &str {
        &self.engine.premises.place
    }

    /// Makes what the store needs on its server, tables say; false if it needs nothing.
    ///
    /// A store does this by itself when it is used for the first time, unless its URL says `setup=by-hand`, for applications
    /// whose user may not make tables.
    ///
    /// # Errors
    ///
    /// What the store says.
    ///
    /// ```
    /// # use webstack_core::{Sessions, runtime::block_on};
    /// let sessions = Sessions::builder().store_url("memory:").build().unwrap();
    /// assert!(!block_on(sessions.set_up()).unwrap(), "memory needs nothing");
    /// ```
    pub async fn set_up(&self) -> Result<bool, Error> {
        match &self.engine.premises.set_up {
            Some(begin) => Ok(begin().await.map(|()| true)?),
            None => Ok(false),
        }
    }

    /// Tries out whether sessions can be written, in the store and in the one that is left if sessions move. What is
    /// [done at start](crate::Builder::probe_directory) is done again, or for the first time. Today that is tried in files; the
    /// other stores say so when they are used.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if they cannot. Its source is the system's error, which tells a disk that is full from a setting that is
    /// wrong.
    ///
    /// ```
    /// # use webstack_core::{Sessions, runtime::block_on};
    /// # let place = tempfile::tempdir().unwrap();
    /// # let directory = place.path().join("WebStack-sessions");
    /// let sessions = Sessions::builder().directory(directory).build().unwrap();
    /// assert!(block_on(sessions.probe()).is_ok());
    /// ```
    pub async fn probe(&self) -> Result<(), ConfigError> {
        for probe in self.engine.premises.probes.iter().map(Arc::clone) {
            runtime::off_thread(move || probe()).await?;
        }
        Ok(())
    }

    /// Looks for what is wrong in the store, and in the one that is left if sessions move: what cannot be read, and what an
    /// index lacks. Today that is looked for in files; there is nothing to find in the other stores.
    ///
    /// # Errors
    ///
    /// What the store says.
    ///
    /// ```
    /// # use webstack_core::{Sessions, runtime::block_on};
    /// use webstack_core::store::Repair;
    ///
    /// # let place = tempfile::tempdir().unwrap();
    /// # let directory = place.path().join("WebStack-sessions");
    /// let sessions = Sessions::builder().directory(directory).build().unwrap();
    /// let found = block_on(sessions.inspect(Repair::Nothing)).unwrap();
    /// assert_eq!((found.unreadable, found.unmarked), (0, 0));
    /// ```
    pub async fn inspect(&self, repair: Repair) -> Result<Findings, Error> {
        let found = inspect(self.engine.premises.inspect.as_ref(), repair).await?;
        Ok(found.and(self.inspect_left(repair).await?))
    }

    /// As [`inspect`](Sessions::inspect), only in the store that is left. Before it is removed, `foreign` tells whether it is the
    /// one that was meant: a directory of other things has no sessions that could move, either.
    ///
    /// # Errors
    ///
    /// What the store says.
    ///
    /// ```
    /// # use webstack_core::{Sessions, runtime::block_on};
    /// use webstack_core::store::{Findings, Repair};
    ///
    /// let sessions = Sessions::builder().store_url("memory:").build().unwrap();
    /// let found = block_on(sessions.inspect_left(Repair::Nothing)).unwrap();
    /// assert_eq!(found, Findings::default(), "no store is left");
    /// ```
    pub async fn inspect_left(&self, repair: Repair) -> Result<Findings, Error> {
        inspect(self.engine.premises.inspect_left.as_ref(), repair).await
    }

    /// Moves about so many sessions from the store that is [left](crate::Builder::move_from_url), beginning behind `after`; for
    /// those that nobody asks for. When it has come to the end without moving anything, the old store can be left. `None`: no
    /// store is to be left.
    ///
    /// # Errors
    ///
    /// What the stores say.
    ///
    /// ```
    /// # use webstack_core::{Sessions, runtime::block_on};
    /// let sessions = Sessions::builder().move_from_url("memory:").store_url("memory:").build().unwrap();
    /// let moved = block_on(sessions.move_some(None, 100)).unwrap().unwrap();
    /// assert_eq!((moved.moved, moved.next), (0, None));
    /// ```
    pub async fn move_some(&self, after: Option<&SessionId>, sessions: usize) -> Result<Option<Moved>, Error> {
        match &self.engine.premises.moving {
            Some(moving) => Ok(Some(moving.move_some(after, sessions).await?)),
            None => Ok(None),
        }
    }
}

async fn inspect(inspect: Option<&Inspect>, repair: Repair) -> Result<Findings, Error> {
    let Some(inspect) = inspect.map(Arc::clone) else { return Ok(Findings::default()) };
    Ok(runtime::off_thread(move || inspect(repair)).await?)
}
