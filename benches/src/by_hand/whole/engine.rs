//! The settings, chosen at run time, and what lasts longer than a request.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use webstack_core::runtime::{Runtime, Tokio};
use webstack_core::store::{MemoryStore, Store};
use webstack_core::{
    Carrier, Clock, Event, OnGone, OnServerError, OnStoreFailure, SessionId, SystemClock, Timeouts, Timestamp,
    UserSessionLimit,
};

use super::token::Digests;

type Hook = Arc<dyn Fn(&Event) + Send + Sync>;

/// What may be chosen.
pub(crate) struct Settings {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    #[allow(dead_code, reason = "it is for what has to be waited for")]
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) name: String,
    pub(crate) prefix: &'static str,
    /// None: it follows the mount.
    pub(crate) path: Option<String>,
    pub(crate) secure: bool,
    pub(crate) carriers: Vec<Carrier>,
    pub(crate) keys: Vec<String>,
    pub(crate) timeouts: Timeouts,
    pub(crate) cookie_lifetime: Option<Duration>,
    pub(crate) renew_every: Option<Duration>,
    pub(crate) purge_every: Option<Duration>,
    pub(crate) user_sessions: UserSessionLimit,
    pub(crate) limits: Limits,
    pub(crate) policies: Policies,
    pub(crate) hook: Option<Hook>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) record_bytes: usize,
    pub(crate) values: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Policies {
    pub(crate) server_error: OnServerError,
    pub(crate) gone: OnGone,
    pub(crate) store_failure: OnStoreFailure,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            store: Arc::new(MemoryStore::new()),
            clock: Arc::new(SystemClock),
            runtime: Arc::new(Tokio),
            name: "webstack_session".to_owned(),
            prefix: "__Host-",
            path: Some("/".to_owned()),
            secure: true,
            carriers: vec![Carrier::Cookie],
            keys: Vec::new(),
            timeouts: Timeouts::default(),
            cookie_lifetime: None,
            renew_every: None,
            purge_every: None,
            user_sessions: UserSessionLimit::Unlimited,
            limits: Limits { record_bytes: 1 << 20, values: 1_000 },
            policies: Policies::default(),
            hook: None,
        }
    }
}

/// What all requests have in common.
pub(super) struct Engine {
    pub(super) settings: Settings,
    /// Nothing but a cookie carries tokens, nobody signs them, its path is fixed: one look for all.
    pub(super) is_usual: bool,
    /// The cookie's name, as it is sent.
    pub(super) cookie: String,
    attributes: String,
    pub(super) digests: Digests,
    pub(super) times: Times,
    pub(super) warned: AtomicBool,
    pub(super) purges: AtomicBool,
    pub(super) queues: Queues,
    pub(super) updates_at_once: AtomicBool,
}

/// Timeouts in milliseconds; where there is none, it is beyond any.
#[derive(Debug)]
pub(super) struct Times {
    idle: u64,
    absolute: u64,
    /// How much later a deadline has to be to be worth a write.
    worth: u64,
    renew: u64,
}

/// Who stands in line to write a session.
#[derive(Debug, Default)]
pub(super) struct Queues {
    count: AtomicUsize,
    all: Mutex<BTreeMap<SessionId, Arc<Mutex<()>>>>,
}

impl Queues {
    #[inline]
    pub(super) fn is_busy(&self, id: &SessionId) -> bool {
        self.count.load(Ordering::Relaxed) > 0 && super::held(&self.all).contains_key(id)
    }
}

impl Engine {
    pub(super) fn new(settings: Settings) -> Self {
        let millis = |time: Option<Duration>| time.map_or(u64::MAX, |time| time.as_millis() as u64);
        let idle = millis(settings.timeouts.idle);
        let times = Times {
            idle,
            absolute: millis(settings.timeouts.absolute),
            worth: (idle / 10).min(60_000),
            renew: millis(settings.renew_every),
        };
        let path = settings.path.as_deref();
        Engine {
            is_usual: settings.carriers == [Carrier::Cookie]
                && settings.keys.is_empty()
                && path.is_some()
                && settings.cookie_lifetime.is_none()
                && settings.user_sessions == UserSessionLimit::Unlimited,
            cookie: format!("{}{}", settings.prefix, settings.name),
            attributes: format!(
                "; Path={}{}; HttpOnly; SameSite=Lax",
                path.unwrap_or("/"),
                if settings.secure { "; Secure" } else { "" }
            ),
            digests: Digests::within(&settings.name),
            times,
            warned: AtomicBool::new(false),
            purges: AtomicBool::new(settings.purge_every.is_none()),
            queues: Queues::default(),
            updates_at_once: AtomicBool::new(true),
            settings,
        }
    }

    /// Whatever is not as usual in the settings.
    #[inline]
    pub(super) fn expect_usual(&self) {
        if !self.is_usual {
            super::seldom(
                "other carriers, keys, a path that follows the mount, persistent cookies, a limit of sessions",
            )
        }
        if !self.purges.load(Ordering::Relaxed) {
            super::seldom("a purge that is to begin")
        }
    }

    #[inline]
    pub(super) fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    #[cold]
    pub(super) fn report(&self, event: Event) {
        if let Some(hook) = &self.settings.hook {
            hook(&event);
        }
    }

    /// True as long as the warning about Secure cookies over plain HTTP may still have to be given.
    #[inline]
    pub(super) fn watches(&self) -> bool {
        self.settings.secure && !self.warned.load(Ordering::Relaxed)
    }

    #[cold]
    pub(super) fn warn_of_plain_http(&self) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            self.report(Event::SecureOverPlainHttp);
        }
    }

    pub(super) fn set_cookie(&self, token: &str) -> String {
        [&*self.cookie, "=", token, &self.attributes].concat()
    }

    pub(super) fn take_back(&self) -> String {
        [&*self.cookie, "=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT", &self.attributes].concat()
    }
}

impl Times {
    /// The deadline of a session used now and begun then.
    #[inline]
    pub(super) fn deadline(&self, now: Timestamp, begun: Timestamp) -> Option<Timestamp> {
        let idle = now.as_millis().saturating_add(self.idle);
        let end = idle.min(begun.as_millis().saturating_add(self.absolute));
        (end < u64::MAX).then(|| Timestamp::from_millis(end))
    }

    /// The new deadline, if the present one is old enough to be worth a write.
    #[inline]
    pub(super) fn touch(&self, now: Timestamp, begun: Timestamp, present: Option<Timestamp>) -> Option<Timestamp> {
        let (present, next) = (present?, self.deadline(now, begun)?);
        (next > present && next.as_millis() - present.as_millis() >= self.worth && self.idle < u64::MAX).then_some(next)
    }

    /// True if it is time for another token.
    #[inline]
    pub(super) fn is_renewal_due(&self, now: Timestamp, issued: Timestamp) -> bool {
        now.as_millis().saturating_sub(issued.as_millis()) >= self.renew
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}
