//! What is done when something is not as it should be: choices with a documented default.

/// What is done about a record that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnCorrupt {
    /// The visitor is anonymous and may begin a new session; an event tells.
    #[default]
    Renew,
    /// The request is answered with an opaque 500.
    Fail,
}

/// What becomes of a request's changes when its response has a status of 500 or above.
///
/// What revokes, such as a logout, is done whatever happens. A handler that panics or is cancelled stores nothing; but where a
/// framework makes a 500 of a panic, as rocket does, it is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnServerError {
    /// They are dropped: a handler that failed may have done half of what it meant to.
    #[default]
    Discard,
    /// They are stored, as those of any other response.
    Keep,
}

/// What is answered when the session ended or changed hands while the request was running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnGone {
    /// The application's own answer, without a session header; an event tells.
    #[default]
    Ignore,
    /// A refusal with status 409, if the request had something to store: nobody is told that something was done which was
    /// dropped.
    Respond,
}

/// What is done when the store fails while a session is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnStoreFailure {
    /// The request is answered with an opaque 503 or 500.
    #[default]
    Fail,
    /// The visitor is anonymous for this request, so that pages which need no session work; an event tells. A request that
    /// then has something to store is answered with 503, and the visitor's token stays what it was.
    Anonymous,
}

/// The choices of an application.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Policies {
    pub(crate) corrupt: OnCorrupt,
    pub(crate) server_error: OnServerError,
    pub(crate) gone: OnGone,
    pub(crate) store_failure: OnStoreFailure,
}

/// How many sessions a user may have at the same time, and what is done about a further login.
///
/// The limit is exact, however many logins there are at once and whichever process they come to: a place is
/// reserved in the store, in one atomic step, before a session becomes the user's. A place whose login was not
/// stored after all, because the store failed or the process died, is free again after a minute.
///
/// ```
/// use webstack_core::{Outcome, Sessions, UserSessionLimit, runtime::block_on, store::MemoryStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
/// let limit = UserSessionLimit::Evict(2);
/// let sessions = Sessions::builder().store(MemoryStore::new()).user_session_limit(limit).build()?;
/// for _ in 0..5 {
///     let exchange = sessions.open(&http::Request::new(()));
///     exchange.session().load().await?;
///     exchange.session().set_user("alice")?;
///     exchange.finish(Outcome::Keep).await?;
/// }
/// assert_eq!(sessions.user_sessions("alice").await?.len(), 2);
/// # Ok(()) }) }
/// ```
///
/// # Security
///
/// With [`Evict`](UserSessionLimit::Evict) a stolen password throws its owner out, who notices; with
/// [`Refuse`](UserSessionLimit::Refuse) it locks them out until the other sessions end, so an application that
/// refuses should offer to end them ([`Sessions::end_user_sessions`](crate::Sessions::end_user_sessions)) to who has proved
/// who they are. ASVS 7.1.2 wants the choice documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserSessionLimit {
    /// As many as they like.
    #[default]
    Unlimited,
    /// This many. A further login ends the session that was not used for the longest time, as a logout would;
    /// [`Event::Evicted`](crate::Event::Evicted) tells.
    Evict(usize),
    /// This many. A further login is refused with [`Error::TooManySessions`](crate::Error::TooManySessions), and nothing is stored.
    Refuse(usize),
}

impl UserSessionLimit {
    pub(crate) fn number(self) -> Option<usize> {
        match self {
            UserSessionLimit::Unlimited => None,
            UserSessionLimit::Evict(limit) | UserSessionLimit::Refuse(limit) => Some(limit),
        }
    }
}
