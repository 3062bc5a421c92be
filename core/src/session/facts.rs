//! What is known of a session: its public id, its times, whether it is new.

use std::time::SystemTime;

use crate::{Error, Session, SessionId};

impl Session {
    /// The public id; `None` as long as nothing is stored.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn id(&self) -> Result<Option<SessionId>, Error> {
        self.of_stored(|base| *base.token.id())
    }

    /// When the session was created; `None` as long as nothing is stored.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn created(&self) -> Result<Option<SystemTime>, Error> {
        self.of_stored(|base| base.record.head().created().into())
    }

    /// When a user last signed in; `None` if nobody is signed in, or the login is not stored yet.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn signed_in(&self) -> Result<Option<SystemTime>, Error> {
        if self.user()?.is_none() {
            return Ok(None);
        }
        Ok(self.of_stored(|base| base.record.head().signed_in().map(SystemTime::from))?.flatten())
    }

    /// When the session was last used before this request, to the resolution of touches (a minute, or a tenth of the
    /// idle timeout if that is shorter); `None` as long as nothing is stored.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn accessed(&self) -> Result<Option<SystemTime>, Error> {
        self.of_stored(|base| base.record.accessed(&self.visit.call.engine, base.expires).into())
    }

    /// When the session ends if it is not used any more; `None` if never, or as long as nothing is stored.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn expires(&self) -> Result<Option<SystemTime>, Error> {
        Ok(self.of_stored(|base| base.expires.map(SystemTime::from))?.flatten())
    }

    /// A link to a path of this origin, absolute or relative, that carries the session where [URLs do](crate::Carrier::Query), in place of any
    /// token that the path holds already. Otherwise, and for anything that leads elsewhere, the path as it is: a token never
    /// leaves its origin this way.
    ///
    /// Make links after the login or renewal, not before: those change the token.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the generator fails.
    pub fn link(&self, to: &str) -> Result<String, Error> {
        self.visit.link(to)
    }

    /// False if the request presented a living session and has not ended it.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn is_new(&self) -> Result<bool, Error> {
        Ok(!self.visit.open()?.found)
    }

    /// True if the request presented a well-formed token whose session is no more.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn was_invalidated(&self) -> Result<bool, Error> {
        let state = self.visit.open()?;
        Ok(!state.found && state.asked)
    }
}
