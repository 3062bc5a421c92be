//! The sessions of an application: its configuration and its store.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::carrier::CookieCarrier;
use crate::config::{Builder, OnCorrupt};
use crate::events::{Event, Events};
use crate::expiry::{CookieLifetime, Lifetime};
use crate::purge::Purging;
use crate::queue::Queues;
use crate::record::Record;
use crate::runtime::{Blocking, Runtime};
use crate::store::Store;
use crate::{Clock, Error, Exchange, RequestHead, Session, SessionId, Timestamp};

/// The sessions of an application: configuration and store. Cheap to clone; clones are the same sessions.
///
/// It knows no framework. An adapter opens an exchange for each request, gives its session to the handler, finishes
/// it with the outcome, and adds the headers to the response; so can anybody:
///
/// ```
/// use webstack_core::{Outcome, Sessions, runtime::block_on, store::MemoryStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
/// let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
///
/// let first = sessions.open(&http::Request::new(()));
/// first.session().load().await?;
/// first.session().insert("name", "Ada")?;
/// let mut response = http::Response::new("hello");
/// first.finish(Outcome::of_status(200)).await?.apply(response.headers_mut());
///
/// let cookie = response.headers()["set-cookie"].to_str()?.split(';').next().unwrap().to_owned();
/// let second = sessions.open(&http::Request::get("/").header("cookie", cookie).body(())?);
/// second.session().load().await?;
/// assert_eq!(second.session().get::<String>("name")?.as_deref(), Some("Ada"));
/// # Ok(()) }) }
/// ```
#[derive(Clone, Debug)]
pub struct Sessions {
    pub(crate) engine: Arc<Engine>,
}

impl Sessions {
    /// Begins a configuration; every setting has a safe default.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Begins the exchange of one request and its response. Nothing is read or written before the session is used.
    pub fn open(&self, head: &dyn RequestHead) -> Exchange {
        Exchange::open(Arc::clone(&self.engine), head)
    }

    /// The absolute path of the session directory, if the sessions are kept in one.
    pub fn directory(&self) -> Option<&Path> {
        self.engine.directory.as_deref()
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.engine.store
    }

    /// Hands in a runtime, unless the configuration named one. For adapters.
    #[must_use]
    pub fn with_default_runtime(self, runtime: impl Runtime) -> Self {
        let _ = self.engine.runtime.set(Arc::new(runtime));
        self
    }

    /// True if these sessions opened this one. A middleware inside another of the same sessions stands aside.
    pub fn opened(&self, session: &Session) -> bool {
        Arc::ptr_eq(&self.engine, session.engine())
    }
}

/// What clones of [`Sessions`] have in common.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) directory: Option<std::path::PathBuf>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) runtime: OnceLock<Arc<dyn Runtime>>,
    /// What tokens and owners are bound to: the cookie's name without prefix.
    pub(crate) namespace: String,
    pub(crate) cookie: CookieCarrier,
    pub(crate) cookie_lifetime: CookieLifetime,
    pub(crate) lifetime: Lifetime,
    pub(crate) limits: Limits,
    pub(crate) wait_limit: Duration,
    pub(crate) on_corrupt: OnCorrupt,
    pub(crate) events: Events,
    pub(crate) queues: Queues,
    pub(crate) purging: Purging,
    /// The warning about Secure cookies over plain HTTP was given.
    pub(crate) warned: AtomicBool,
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

    pub(crate) fn cookie_age(&self, record: &Record, now: Timestamp) -> Option<Duration> {
        self.cookie_lifetime.max_age(now, self.lifetime.absolute_deadline(record.begun()))
    }

    pub(crate) fn is_cookie_due(&self, record: &Record, now: Timestamp) -> bool {
        let deadline = self.lifetime.absolute_deadline(record.begun());
        self.cookie_lifetime.is_due(now, deadline, record.cookie_expires)
    }

    /// Deals with a record that cannot be read: as if it were not there, or as a failure, by policy.
    pub(crate) fn corrupt(&self, id: SessionId, cause: Box<dyn std::error::Error + Send + Sync>) -> Result<(), Error> {
        self.events.report_failure(Event::CorruptRecord(id), &*cause);
        match self.on_corrupt {
            OnCorrupt::Renew => Ok(()),
            OnCorrupt::Fail => Err(Error::Broken(cause)),
        }
    }

    /// True as long as the warning about Secure cookies over plain HTTP may still have to be given.
    pub(crate) fn watches_for_plain_http(&self) -> bool {
        self.cookie.is_secure() && !self.warned.load(Ordering::Relaxed)
    }

    pub(crate) fn warn_of_plain_http(&self) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            self.events.report(Event::SecureOverPlainHttp);
        }
    }
}
