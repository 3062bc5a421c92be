//! The user's other sessions, and what this one is called among them.

use triomphe::Arc;

use crate::edits::Edit;
use crate::users::{self, SessionInfo};
use crate::visit::Visit;
use crate::{Error, Session, SessionId};

/// The most bytes that a label may have; longer ones are cut.
const LABEL_BYTES: usize = 200;

impl Session {
    /// Signs a user in as [`set_user`](Session::set_user) does, stored at once: so the handler learns whether a
    /// [limit](crate::UserSessionLimit::Refuse) refuses it, and can answer with more than a bare 409.
    ///
    /// ```
    /// use webstack_core::{Error, Outcome, Sessions, UserSessionLimit, runtime::block_on, store::MemoryStore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
    /// let limit = UserSessionLimit::Refuse(1);
    /// let sessions = Sessions::builder().store(MemoryStore::new()).user_session_limit(limit).build()?;
    /// let (first, second) = (sessions.open(&http::Request::new(())), sessions.open(&http::Request::new(())));
    /// first.session().load().await?;
    /// first.session().sign_in("alice").await?;
    /// second.session().load().await?;
    /// let refused = second.session().sign_in("alice").await;
    /// assert!(matches!(refused, Err(Error::TooManySessions { limit: 1 })));
    /// assert_eq!(second.session().user()?, None);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TooManySessions`]; [`Error::Gone`] if the session ended or changed hands meanwhile; what the store says.
    /// After an error the user is who it was.
    pub async fn sign_in(&self, user: &str) -> Result<(), Error> {
        let edit = Edit::SetUser(Some(user.into()));
        let visit = Arc::clone(&self.visit);
        self.shielded(async move { visit.apply(edit, |_| Ok(())).await }).await
    }

    /// What this device is called in a listing of the user's sessions.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn label(&self) -> Result<Option<String>, Error> {
        Ok(self.visit.open()?.content().and_then(|content| content.extras.label.as_deref()).map(str::to_owned))
    }

    /// Calls this device something, such as "Firefox on Linux"; an empty text takes the label away.
    ///
    /// What is longer than 200 bytes is cut, because it is often made of what a browser claims to be. A label is not
    /// a value: by itself it does not begin a session, and nothing removes it but the end of the session.
    ///
    /// ```
    /// # use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # let session = exchange.session();
    /// session.load().await?;
    /// session.set_user("alice")?;
    /// session.set_label("Firefox on Linux")?;
    /// assert_eq!(session.label()?.as_deref(), Some("Firefox on Linux"));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn set_label(&self, label: &str) -> Result<(), Error> {
        let fits = (0..=label.len().min(LABEL_BYTES)).rev().find(|end| label.is_char_boundary(*end));
        let label = &label[..fits.unwrap_or_default()];
        self.visit.open()?.edit(Edit::SetLabel((!label.is_empty()).then(|| label.into())))
    }

    /// The living sessions of the user who is signed in to this one, the one used last first; none of nobody.
    ///
    /// ```
    /// # use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # let session = exchange.session();
    /// session.load().await?;
    /// session.sign_in("alice").await?;
    /// let all = session.user_sessions().await?;
    /// assert!(all.len() == 1 && all[0].is_current());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn user_sessions(&self) -> Result<Vec<SessionInfo>, Error> {
        let Some((user, own)) = whose(&self.visit)? else { return Ok(Vec::new()) };
        users::list(self.engine(), &user, own).await.inspect_err(|error| self.visit.call.report_failure(error))
    }

    /// Ends one of the user's sessions, by the id that [`user_sessions`](Session::user_sessions) shows; this one, too.
    /// True if it was the user's and this call ended it.
    ///
    /// # Security
    ///
    /// The id may come from a form as it is: a session of anybody else is left alone. ASVS 7.5.2 asks that the user
    /// proves once more who they are before this, as before [`end_others`](Session::end_others) and
    /// [`end_all`](Session::end_all).
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn end_one(&self, id: &SessionId) -> Result<bool, Error> {
        let (visit, id) = (Arc::clone(&self.visit), *id);
        let end_one = async move {
            let _turn = visit.turn().await;
            let Some((user, own)) = whose(&visit)? else { return Ok(false) };
            if own == Some(id) {
                Ok(end_own(&visit).await? > 0)
            } else {
                users::end_one(&visit.call.engine, &user, &id).await
            }
        };
        self.revoke(end_one).await
    }

    /// Ends every session of the user but this one, and returns how many it ended; of nobody, none. To be offered when a
    /// password or another factor was changed (ASVS 7.4.3).
    ///
    /// # Security
    ///
    /// It is done at once and stays done, whatever becomes of this request. What that covers, and what a login
    /// in flight at the same time may still do, is said at
    /// [`Sessions::end_user_sessions`](crate::Sessions::end_user_sessions). Whoever may have this session's token keeps it: call
    /// [`renew`](Session::renew) as well.
    ///
    /// # Errors
    ///
    /// What the store says. Some sessions may have ended by then, others not: call it again.
    pub async fn end_others(&self) -> Result<u64, Error> {
        let visit = Arc::clone(&self.visit);
        let end_others = async move {
            let _turn = visit.turn().await;
            let Some((user, own)) = whose(&visit)? else { return Ok(0) };
            users::end_all(&visit.call.engine, &user, own).await
        };
        self.revoke(end_others).await
    }

    /// Ends every session of the user, this one included, and returns how many it ended: the logout everywhere. Where nobody
    /// is signed in it ends nothing.
    ///
    /// For this session it is what [`invalidate`](Session::invalidate) is: what is put into it afterwards begins a
    /// new one, and the response removes the token.
    ///
    /// ```
    /// # use webstack_core::{Outcome, Sessions, runtime::block_on, store::MemoryStore};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # let session = exchange.session();
    /// session.load().await?;
    /// session.sign_in("alice").await?;
    /// assert_eq!(session.end_all().await?, 1);
    /// assert!(sessions.user_sessions("alice").await?.is_empty());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Security
    ///
    /// As for [`end_others`](Session::end_others). This session is the last one to end, so that after an error the
    /// user can ask for it again.
    ///
    /// # Errors
    ///
    /// What the store says. Some sessions may have ended by then, others not: call it again.
    pub async fn end_all(&self) -> Result<u64, Error> {
        let visit = Arc::clone(&self.visit);
        let end_all = async move {
            let _turn = visit.turn().await;
            let Some((user, own)) = whose(&visit)? else { return Ok(0) };
            let others = users::end_all(&visit.call.engine, &user, own).await?;
            Ok(others + end_own(&visit).await?)
        };
        self.revoke(end_all).await
    }

    /// What revokes goes on to its end though the handler is cancelled.
    async fn revoke<T: Send + 'static>(
        &self,
        revoking: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        self.shielded(revoking).await.inspect_err(|error| self.visit.call.report_failure(error))
    }
}

/// The user, and the session's own id if it is stored.
type SignedIn = (Box<str>, Option<SessionId>);

/// Who is signed in.
fn whose(visit: &Visit) -> Result<Option<SignedIn>, Error> {
    let state = visit.open()?;
    let user = state.content().and_then(|content| content.user).map(Into::into);
    Ok(user.map(|user| (user, state.base.as_ref().map(|base| *base.token.id()))))
}

/// Ends the request's own session, now; if that fails it is tried again at the end of the request.
async fn end_own(visit: &Visit) -> Result<u64, Error> {
    let spent = visit.state().invalidate();
    drop(spent);
    visit.end_sessions().await
}
