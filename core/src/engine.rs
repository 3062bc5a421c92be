//! What clones of `Sessions` have in common: the settings, checked, and everything that lasts longer than a request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_lock::Mutex as Turn;

use crate::carrier::Carriers;
use crate::content::Extras;
use crate::events::{Event, Events};
use crate::expiry::{CookieLifetime, Lifespan, Timeouts};
use crate::policy::{OnCorrupt, Policies, UserSessionLimit};
use crate::premises::Premises;
use crate::queue::Queues;
use crate::record::Revision;
use crate::runtime::{Blocking, Runtime};
use crate::store::{Entry, GRACE, OwnerKey, Store};
use crate::token::Digests;
use crate::{Clock, Error, SessionId, Timestamp};

/// What clones of [`Sessions`] have in common.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) store: Arc<dyn Store>,
    /// The same without the cache, if there is one in front: what stands there now.
    pub(crate) behind: Arc<dyn Store>,
    pub(crate) premises: Premises,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) runtime: OnceLock<Arc<dyn Runtime>>,
    /// What tokens and owners are bound to: the cookie's name without prefix.
    pub(crate) namespace: String,
    /// What is kept of tokens, in this namespace.
    pub(crate) digests: Digests,
    pub(crate) carriers: Carriers,
    pub(crate) cookie_lifetime: CookieLifetime,
    pub(crate) lifetime: Timeouts,
    /// The same, as it is reckoned with.
    pub(crate) lifespan: Lifespan,
    /// How long a token is the present one.
    pub(crate) renew_every: Option<Duration>,
    pub(crate) limits: Limits,
    pub(crate) user_sessions: UserSessionLimit,
    pub(crate) wait_limit: Duration,
    pub(crate) policies: Policies,
    pub(crate) events: Events,
    pub(crate) queues: Queues,
    pub(crate) at_once: AtOnce,
    pub(crate) lock_lease: Duration,
    pub(crate) purging: Purging,
    /// The warning about Secure cookies over plain HTTP was given.
    pub(crate) warned: AtomicBool,
}

/// What the store may be asked to do at once: no more, as soon as it has given back an entry that it was to put in so.
#[derive(Debug)]
pub(crate) struct AtOnce {
    pub(crate) create: AtomicBool,
    pub(crate) update: AtomicBool,
}

impl Default for AtOnce {
    fn default() -> Self {
        AtOnce { create: AtomicBool::new(true), update: AtomicBool::new(true) }
    }
}

/// How large a session may become.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) record_bytes: usize,
    pub(crate) values: usize,
}

impl Engine {
    pub(crate) fn runtime(&self) -> Arc<dyn Runtime> {
        self.runtime.get().map_or_else(|| Arc::new(Blocking) as Arc<dyn Runtime>, Arc::clone)
    }

    pub(crate) fn has_cache(&self) -> bool {
        !Arc::ptr_eq(&self.store, &self.behind)
    }

    /// How long a session lasts that has this.
    #[inline]
    pub(crate) fn timeouts(&self, extras: &Extras, has_ticket: bool) -> Timeouts {
        let Timeouts { mut idle, mut absolute } = extras.timeouts.unwrap_or(self.lifetime);
        if let Some(remembered) = extras.remembered {
            idle = idle.map(|idle| idle.max(remembered));
        }
        if has_ticket {
            // An expired session has to be remembered for as long as its ticket is good.
            let least = self.lifetime.shortest().map_or(GRACE, |shortest| shortest.min(GRACE));
            (idle, absolute) = (idle.map(|idle| idle.max(least)), absolute.map(|absolute| absolute.max(least)));
        }
        Timeouts { idle, absolute }
    }

    /// True if it may be time to send a client its token again, or another one, that has a session like any other.
    #[inline]
    pub(crate) fn has_tokens_to_send(&self) -> bool {
        self.renew_every.is_some() || self.cookie_lifetime != CookieLifetime::Session
    }

    /// A record as a store keeps it.
    pub(crate) fn entry(&self, revision: &mut Revision<'_>, expires: Option<Timestamp>) -> Result<Entry, Error> {
        let limits = &self.limits;
        if revision.view.values.len() > limits.values {
            return Err(Error::TooManyValues { limit: limits.values });
        }
        let bytes = revision.encode().map_err(Error::Value)?;
        if bytes.len() > limits.record_bytes {
            return Err(Error::TooLarge { limit: limits.record_bytes });
        }
        let owner = revision.view.user.map(|user| OwnerKey::derive(&self.namespace, user));
        Ok(Entry { bytes, expires, owner })
    }

    /// Deals with a record that cannot be read: as if it were not there, or as a failure, by policy.
    pub(crate) fn corrupt(&self, id: SessionId, cause: Box<dyn std::error::Error + Send + Sync>) -> Result<(), Error> {
        self.events.report_failure(Event::CorruptRecord(id), &*cause);
        match self.policies.corrupt {
            OnCorrupt::Renew => Ok(()),
            OnCorrupt::Fail => Err(Error::Broken(cause)),
        }
    }

    /// True as long as the warning about Secure cookies over plain HTTP may still have to be given.
    pub(crate) fn watches_for_plain_http(&self) -> bool {
        self.carriers.cookie.is_secure() && !self.warned.load(Ordering::Relaxed)
    }

    pub(crate) fn warn_of_plain_http(&self) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            self.events.report(Event::SecureOverPlainHttp);
        }
    }
}

/// The state of the background purge.
#[derive(Debug, Default)]
pub(crate) struct Purging {
    pub(crate) every: Option<Duration>,
    pub(crate) started: AtomicBool,
    pub(crate) stopped: AtomicBool,
    /// Held while a purge runs.
    pub(crate) running: Turn<()>,
}

impl Purging {
    pub(crate) fn every(every: Option<Duration>) -> Self {
        Purging { every, ..Purging::default() }
    }

    /// True if there is to be a background purge, and it has not begun.
    #[inline]
    pub(crate) fn is_to_begin(&self) -> bool {
        self.every.is_some() && !self.started.load(Ordering::Relaxed)
    }
}
