//! What can go wrong with a session, and what the visitor is told about it.

use std::error::Error as StdError;
use std::time::Duration;

use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY, RETRY_AFTER};

use crate::events::Chain;
use crate::store::StoreError;

/// An operation on a session failed.
///
/// Handlers may pass it on: [`refusal`](Error::refusal) is the reply, which says nothing of the cause. The cause is in
/// [`source`](std::error::Error::source), for the log. Neither ever holds a token or a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The handler asked for a session, and there is no session middleware around it.
    #[error("there is no session middleware around this handler")]
    NotInstalled,
    /// The session was used before it was loaded: call `session.load().await` first. (Extractors do.)
    #[error("the session is not loaded yet: await `load` before using it")]
    NotLoaded,
    /// The session was used after the response had begun, where nothing can be stored or sent any more.
    #[error("the session was used after its response had begun")]
    TooLate,
    /// The session ended while this request was running, or its user changed: what the request did to it is dropped.
    #[error("the session ended or changed hands while the request was running")]
    Gone,
    /// The session's lock was held for longer than allowed and somebody else has it: what was done under it is dropped.
    #[error("the session's lock was held for too long, and somebody else took it")]
    LockLost,
    /// Nobody is signed in, or the login was longer ago than the handler allows: see
    /// [`require_fresh`](crate::Session::require_fresh).
    #[error("nobody signed in recently enough")]
    NotFresh,
    /// A value could not be written as JSON, or is not of the type asked for.
    #[error("a session value does not have the type asked for")]
    Value(#[source] serde_json::Error),
    /// A newer program stored the value in a shape that this one does not know; it was left as it is.
    #[error("a session value has version {found}, and this program knows no newer one than {known}")]
    NewerValue {
        /// The version of the value.
        found: u32,
        /// The version of the [`Key`](crate::Key).
        known: u32,
    },
    /// A message is longer than messages may be; nothing was changed.
    #[error("a flash message would exceed its limit of {limit} bytes")]
    FlashTooLong {
        /// The most bytes that a message may have.
        limit: usize,
    },
    /// The session would become larger than a record may be; nothing was changed.
    #[error("the session would exceed its limit of {limit} bytes")]
    TooLarge {
        /// The most bytes that a record may have.
        limit: usize,
    },
    /// The session would hold more values than allowed; nothing was changed.
    #[error("the session would exceed its limit of {limit} values")]
    TooManyValues {
        /// The most values that a session may hold.
        limit: usize,
    },
    /// The user has as many sessions as allowed, and a further login is refused
    /// ([`UserSessionLimit::Refuse`](crate::UserSessionLimit::Refuse)); nothing was changed.
    #[error("the user has as many sessions as allowed: {limit}")]
    TooManySessions {
        /// The most sessions that a user may have.
        limit: usize,
    },
    /// The store cannot be reached or is too slow. Trying again later may help.
    #[error("the session store is unavailable")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// The store or what it holds is broken. Somebody has to look after it.
    #[error("the session store is broken")]
    Broken(#[source] Box<dyn StdError + Send + Sync>),
    /// The operating system's random generator failed.
    #[error("the random generator failed")]
    Random(#[from] getrandom::Error),
}

impl Error {
    /// The reply to a request that cannot be answered because of this error.
    ///
    /// ```
    /// use webstack_core::Error;
    ///
    /// let refusal = Error::TooLarge { limit: 1_048_576 }.refusal();
    /// assert_eq!(refusal.status(), 413);
    /// assert_eq!(refusal.body(), "Payload Too Large");
    /// ```
    ///
    /// What the program does wrong with its sessions is logged by this; what a store does wrong was, when it happened.
    pub fn refusal(&self) -> Refusal {
        if let Error::NotInstalled | Error::NotLoaded | Error::TooLate | Error::Value(_) | Error::NewerValue { .. } =
            self
        {
            tracing::error!(target: "webstack::session", "{}", Chain(self));
        }
        Refusal::of_status(self.status())
    }

    /// The status of the [`refusal`](Error::refusal), for frameworks that ask for it by itself.
    ///
    /// ```
    /// assert_eq!(webstack_core::Error::NotFresh.status(), 401);
    /// ```
    pub fn status(&self) -> StatusCode {
        match self {
            // Ending one of the sessions resolves it; waiting, which 429 would suggest, does not.
            Error::Gone | Error::TooManySessions { .. } => StatusCode::CONFLICT,
            Error::NotFresh => StatusCode::UNAUTHORIZED,
            Error::TooLarge { .. } | Error::TooManyValues { .. } | Error::FlashTooLong { .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Error::Unavailable(_) | Error::LockLost => StatusCode::SERVICE_UNAVAILABLE,
            Error::NotInstalled
            | Error::NotLoaded
            | Error::TooLate
            | Error::Value(_)
            | Error::NewerValue { .. }
            | Error::Broken(_)
            | Error::Random(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What is stored is not of this type. What serde says may quote the value, so only where it stopped is kept.
    pub(crate) fn unreadable<T: ?Sized>(error: &serde_json::Error) -> Self {
        let (wanted, line, column) = (std::any::type_name::<T>(), error.line(), error.column());
        Error::Value(serde::de::Error::custom(format_args!("no {wanted}, as line {line}, column {column} shows")))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Error::Unavailable(error.into()),
            StoreError::Unavailable(cause) => Error::Unavailable(cause),
            StoreError::Broken(cause) => Error::Broken(cause),
            _ => Error::Broken(error.into()),
        }
    }
}

/// How long a client is asked to wait after a 503.
const RETRY: Duration = Duration::from_secs(2);

/// A reply that takes the place of the application's: opaque, not to be cached, without a session header.
///
/// An adapter translates it into its framework's response and decides nothing about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    /// Where the client is sent.
    location: Option<HeaderValue>,
}

impl Refusal {
    /// Sends the client to another URL of this origin, which holds a token.
    pub(crate) fn redirect(url: &str) -> Self {
        // what stood in the request's URL is visible ASCII, or the server would not have taken it
        let mut location = HeaderValue::from_bytes(url.as_bytes()).unwrap_or(HeaderValue::from_static("/"));
        location.set_sensitive(true);
        Refusal { status: StatusCode::FOUND, location: Some(location) }
    }

    /// A refusal of this status, for what fails before there is an exchange.
    ///
    /// ```
    /// use http::StatusCode;
    /// use webstack_core::Refusal;
    ///
    /// let refusal = Refusal::of_status(StatusCode::PAYLOAD_TOO_LARGE);
    /// assert_eq!(refusal.body(), "Payload Too Large");
    /// assert!(refusal.headers().any(|(name, value)| name == "cache-control" && value == "no-store"));
    /// ```
    pub fn of_status(status: StatusCode) -> Self {
        Refusal { status, location: None }
    }

    /// The status of the reply.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers of the reply.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + use<> {
        let retry =
            (self.status == StatusCode::SERVICE_UNAVAILABLE).then(|| (RETRY_AFTER, HeaderValue::from(RETRY.as_secs())));
        let referrer = (REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        let sent = self.location.clone().map(|location| [(LOCATION, location), referrer]);
        [
            (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ]
        .into_iter()
        .chain(retry)
        .chain(sent.into_iter().flatten())
    }

    /// The body of the reply: the status in words.
    pub fn body(&self) -> &'static str {
        self.status.canonical_reason().unwrap_or("Error")
    }
}
