//! How long this one session lasts, if not as long as others.

use std::time::Duration;

use crate::edits::Edit;
use crate::{Error, Session, Timeouts};

impl Session {
    /// How long this session lasts.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn timeouts(&self) -> Result<Timeouts, Error> {
        let state = self.visit.open()?;
        let engine = &self.visit.call.engine;
        Ok(match (state.content(), &state.base) {
            (Some(content), base) => {
                let has_ticket = base.as_ref().is_some_and(|base| base.record.details().ticket_ends.is_some());
                engine.timeouts(content.extras, has_ticket)
            }
            (None, _) => engine.lifetime,
        })
    }

    /// Gives this session timeouts of its own, such as shorter ones for an administrator; `None`: those of the
    /// [configuration](crate::Builder::timeouts) again. It is no value, so it does not begin a session by itself. It goes when
    /// the user does.
    ///
    /// ```
    /// use webstack_core::{Error, Sessions, Timeouts, runtime::block_on, store::MemoryStore};
    ///
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # let session = exchange.session();
    /// # block_on(session.load()).unwrap();
    /// session.set_user("root")?;
    /// session.set_timeouts(Some(Timeouts::AAL3))?;
    /// assert_eq!(session.timeouts()?, Timeouts::AAL3);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn set_timeouts(&self, timeouts: Option<Timeouts>) -> Result<(), Error> {
        self.visit.open()?.edit(Edit::SetTimeouts(timeouts))
    }

    /// "Remember me": the browser keeps the cookie for this long, and the session outlives as long a pause. An absolute
    /// timeout stays what it is. It goes when the user does, so call it behind [`set_user`](Session::set_user).
    ///
    /// # Security
    ///
    /// Whoever sits down at the browser in that time is signed in. Offer it, do not impose it, and demand a
    /// [fresh login](Session::require_fresh) for what matters.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn remember(&self, duration: Duration) -> Result<(), Error> {
        self.visit.open()?.edit(Edit::Remember(Some(duration)))
    }

    /// Takes [`remember`](Session::remember) back: the cookie and the timeouts are again as configured.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn forget(&self) -> Result<(), Error> {
        let mut state = self.visit.open()?;
        if state.content().is_none_or(|content| content.extras.remembered.is_none()) {
            return Ok(());
        }
        state.edit(Edit::Remember(None))
    }
}
