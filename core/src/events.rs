//! What a security officer wants to know: events, through `tracing` and through a hook.

use std::fmt;
use std::sync::Arc;

use crate::SessionId;

/// Something happened to a session that its owner, an operator or an intrusion detection may care about.
///
/// Events carry public ids, never tokens or values. They are reported to `tracing` under the target
/// `webstack::session`, and to the hook given to [`Builder::on_event`](crate::Builder::on_event).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// What stood in a token's place is not one.
    MalformedToken,
    /// Something had the form of a signed token, and none of the keys had signed it.
    ForgedToken,
    /// A well-formed token named a session that is not there: expired, ended, or never issued.
    UnknownToken(SessionId),
    /// A token named a living session but had the wrong secret: renewed away, forged, or of another namespace.
    WrongSecret(SessionId),
    /// A token was presented that had made way for another one, which has been presented since: the client kept an old
    /// cookie, or somebody stole it.
    OutdatedToken(SessionId),
    /// A request presented two living sessions; the second one was not used.
    SecondSession(SessionId),
    /// What is stored under this id cannot be read.
    CorruptRecord(SessionId),
    /// A session ended or changed hands while a request was running; what the request did to it was dropped.
    Gone(SessionId),
    /// A request stored a value over one that another request had stored since the first one loaded the session.
    Overwritten(SessionId),
    /// A user signed in to this session, or the user was cleared, or the token was renewed: old tokens are dead.
    Renewed(SessionId),
    /// A session was ended on request.
    Ended(SessionId),
    /// A request held the session's lock for longer than allowed; what it did is dropped.
    LockLost(SessionId),
    /// A session was ended because its user signed in elsewhere and had as many sessions as allowed.
    Evicted(SessionId),
    /// Extending a session's life failed; the request itself was answered.
    TouchFailed(SessionId),
    /// A request could not be served because its session could not be loaded or stored.
    Failed,
    /// A step of the background purge failed; the next one comes at its time.
    PurgeFailed,
    /// A Secure cookie was sent over plain HTTP to a host that is not this machine: browsers drop it. Reported once.
    SecureOverPlainHttp,
}

/// The hook that events are reported to.
pub(crate) type Hook = Arc<dyn Fn(&Event) + Send + Sync>;

/// Reports events.
#[derive(Clone, Default)]
pub(crate) struct Events(Option<Hook>);

impl Events {
    pub(crate) fn new(hook: Option<Hook>) -> Self {
        Events(hook)
    }

    pub(crate) fn report(&self, event: Event) {
        log(event, None);
        self.tell(event);
    }

    /// Reports an event that a failure caused; the cause goes to the log only.
    pub(crate) fn report_failure(&self, event: Event, cause: &(dyn std::error::Error + 'static)) {
        log(event, Some(cause));
        self.tell(event);
    }

    /// Reports an event to the hook only.
    pub(crate) fn tell(&self, event: Event) {
        if let Some(hook) = &self.0 {
            hook(&event);
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("hook", &self.0.is_some()).finish()
    }
}

fn log(event: Event, cause: Option<&(dyn std::error::Error + 'static)>) {
    const TARGET: &str = "webstack::session";
    let cause = cause.map(|cause| tracing::field::display(Chain(cause)));
    match event {
        Event::MalformedToken | Event::UnknownToken(_) | Event::Renewed(_) | Event::Ended(_) => {
            tracing::debug!(target: TARGET, ?event, cause);
        }
        Event::Overwritten(_) | Event::Gone(_) | Event::Evicted(_) => tracing::info!(target: TARGET, ?event, cause),
        Event::OutdatedToken(_)
        | Event::LockLost(_)
        | Event::ForgedToken
        | Event::WrongSecret(_)
        | Event::SecondSession(_) => {
            tracing::warn!(target: TARGET, ?event, cause)
        }
        Event::CorruptRecord(_) | Event::TouchFailed(_) | Event::Failed | Event::PurgeFailed => {
            tracing::error!(target: TARGET, ?event, cause);
        }
        Event::SecureOverPlainHttp => tracing::warn!(
            target: TARGET,
            "a Secure session cookie was sent over plain HTTP to a host that is not this machine, and browsers will not \
             send it back: serve over HTTPS, or set WEBSTACK_COOKIE_SECURE=false for development (behind a proxy that \
             speaks HTTPS to browsers this is as it should be)"
        ),
    }
}

/// An error with all its causes, on one line.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}
