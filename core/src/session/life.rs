//! Who is signed in, and how a session is renewed and ended.

use std::time::Duration;

use crate::edits::{Edit, Edits};
use crate::{Error, Session};

impl Session {
    /// Who is signed in.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn user(&self) -> Result<Option<String>, Error> {
        Ok(self.visit.open()?.content().and_then(|content| content.user).map(str::to_owned))
    }

    /// Signs a user in: keeps the values, renews the token and begins the absolute lifetime anew.
    ///
    /// # Security
    ///
    /// The old token is dead as soon as the login is stored, and requests that loaded the session before it change
    /// nothing any more, so a token planted by an attacker gains nothing (ASVS 7.2.4, session fixation).
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn set_user(&self, user: &str) -> Result<(), Error> {
        self.visit.open()?.edit(Edit::SetUser(Some(user.into())))
    }

    /// Signs the user out and keeps the values; the token is renewed. To end the session use
    /// [`invalidate`](Session::invalidate), which holds even if the request fails later.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn clear_user(&self) -> Result<(), Error> {
        let mut state = self.visit.open()?;
        if state.content().is_none_or(|content| content.user.is_none()) {
            return Ok(());
        }
        state.edit(Edit::SetUser(None))
    }

    /// Gives the session a new token; data, public id and absolute deadline stay. The old token is dead at once.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn renew(&self) -> Result<(), Error> {
        self.visit.open()?.edit(Edit::Renew)
    }

    /// Ends the session: the logout. What is put into it afterwards begins a new session with a new id.
    ///
    /// # Security
    ///
    /// Ending holds whatever else happens: if this request fails or panics later, and against every request in flight.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn invalidate(&self) -> Result<(), Error> {
        let spent = self.visit.open()?.invalidate();
        drop(spent);
        Ok(())
    }

    /// Drops all values, [messages](Session::flash), [form tokens](Session::issue_form_token) and the user; the session stays valid. If there was a user, the token is renewed.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn delete(&self) -> Result<(), Error> {
        self.clear()?;
        self.clear_user()
    }

    /// Demands that a user signed in no longer ago than this: a step up, before something that cannot be undone. Who
    /// answers [`Error::NotFresh`] with a login form, and then calls [`set_user`](Session::set_user), has the user back.
    ///
    /// # Security
    ///
    /// An unlocked screen or a stolen cookie does not do what needs a fresh login (ASVS 7.5.1, OWASP: re-authentication
    /// for sensitive features).
    ///
    /// ```
    /// use std::time::Duration;
    /// use webstack_core::{Error, Sessions, runtime::block_on, store::MemoryStore};
    ///
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # let session = exchange.session();
    /// # block_on(session.load()).unwrap();
    /// let recently = Duration::from_secs(300);
    /// assert!(matches!(session.require_fresh(recently), Err(Error::NotFresh)));
    /// session.set_user("ann")?;
    /// session.require_fresh(recently)?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFresh`], whose refusal is 401.
    pub fn require_fresh(&self, limit: Duration) -> Result<(), Error> {
        let state = self.visit.open()?;
        let has_user = state.content().is_some_and(|content| content.user.is_some());
        let since = match &state.base {
            _ if state.edits().is_some_and(Edits::signs_in) => Some(Duration::ZERO),
            Some(base) => base.record.head().signed_in().map(|login| self.visit.call.engine.clock.now().since(login)),
            None => None,
        };
        if has_user && since.is_some_and(|since| since <= limit) { Ok(()) } else { Err(Error::NotFresh) }
    }

    /// Drops what this request did and has not stored yet; the session is again as it was loaded or last saved.
    ///
    /// What revokes stays: a session that was [ended](Session::invalidate) is ended, and its old values do not
    /// come back. What [`save`](Session::save) or [`apply`](Session::apply) stored stays, too.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    ///
    /// ```
    /// # use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
    /// # fn main() -> Result<(), webstack_core::Error> { block_on(async {
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # let session = exchange.session();
    /// # session.load().await?;
    /// session.insert("seat", "12A")?;
    /// session.save().await?;
    /// session.insert("seat", "1A")?;
    /// session.set_user("alice")?;
    /// session.revert()?;
    /// assert_eq!((session.get("seat")?, session.user()?), (Some("12A".to_owned()), None));
    /// # Ok(()) }) }
    /// ```
    pub fn revert(&self) -> Result<(), Error> {
        let spent = self.visit.open()?.discard_edits();
        drop(spent);
        Ok(())
    }
}
