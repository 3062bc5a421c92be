//! The session's lock, for what cannot be replayed.

use std::fmt;
use std::time::Duration;
use triomphe::Arc;

use crate::lease::Holder;
use crate::visit::Visit;
use crate::{Error, Session};

impl Session {
    /// Takes the session's lock and [reloads](Session::reload) the session: until it is given back, nobody else writes to
    /// it. Others that take the lock, and others that write without it, wait, up to the
    /// [wait limit](crate::Builder::wait_limit); then they fail with 503. Readers do not wait, and a logout does not.
    ///
    /// Most things need no lock: [`update`](Session::update) and [`apply`](Session::apply) lose nothing. It is for what
    /// cannot run twice, such as a call to another system between reading and writing.
    ///
    /// It is a lease for the [configured duration](crate::Builder::lock_lease): whoever waits may break it after having
    /// seen it unchanged for that long, so a holder that was killed delays the next one by no more than that. A holder that
    /// takes longer is overtaken: what it did is not stored, and it gets [`Error::LockLost`].
    ///
    /// A session that is not stored yet is known to nobody else, and there is nothing to lock.
    ///
    /// ```
    /// use webstack_core::{Outcome, Sessions, runtime::block_on, store::MemoryStore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # let session = exchange.session();
    /// # session.load().await?;
    /// let lock = session.lock().await?;
    /// let balance: i64 = session.get("balance")?.unwrap_or(0);
    /// // … something that takes its time, and must not happen twice …
    /// session.insert("balance", &(balance + 100))?;
    /// lock.release().await?;
    /// # exchange.finish(Outcome::Keep).await?;
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if others held the lock for longer than the wait limit; [`Error::Gone`] if the session ended
    /// or changed hands meanwhile; what the store says.
    pub async fn lock(&self) -> Result<SessionLock, Error> {
        let visit = Arc::clone(&self.visit);
        let duration = visit.call.engine.lock_lease;
        self.lock_for(duration).await
    }

    /// As [`lock`](Session::lock), for at most this long.
    ///
    /// # Errors
    ///
    /// As for [`lock`](Session::lock).
    pub async fn lock_for(&self, duration: Duration) -> Result<SessionLock, Error> {
        let visit = Arc::clone(&self.visit);
        // A handler that is cancelled while it waits gives back what it may have got.
        let taking = async move { Ok(SessionLock { holder: visit.lock(duration).await?, visit }) };
        self.shielded(taking).await
    }
}

/// The lock of a session, held. Dropping it gives it back: together with what was done under it when the request ends, at
/// once if nothing was done. So do a panic and a handler that is cancelled, which store nothing.
#[must_use = "it is given back when it is dropped"]
pub struct SessionLock {
    visit: Arc<Visit>,
    /// `None`: there was nothing to lock, or an outer lock is held.
    holder: Option<Holder>,
}

impl SessionLock {
    /// Stores what was done so far and gives the lock back, in one step.
    ///
    /// # Errors
    ///
    /// [`Error::LockLost`] if it was held for too long: nothing is stored then; otherwise as for
    /// [`save`](Session::save).
    pub async fn release(mut self) -> Result<(), Error> {
        let Some(holder) = self.holder.take() else { return Ok(()) };
        let visit = Arc::clone(&self.visit);
        let session = Session::new(Arc::clone(&visit));
        session.shielded(async move { visit.release(holder).await }).await
    }
}

impl Drop for SessionLock {
    fn drop(&mut self) {
        if let Some(holder) = self.holder.take() {
            Visit::let_go(Arc::clone(&self.visit), holder);
        }
    }
}

impl fmt::Debug for SessionLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLock").field("is_held", &self.holder.is_some()).finish()
    }
}
