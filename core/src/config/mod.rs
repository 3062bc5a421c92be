//! The configuration: a builder whose every bad combination is an error at start.

mod build;
mod env;
mod stores;
mod users;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::carrier::{CookieSettings, DEFAULT_HEADER};
use crate::engine::Limits;
use crate::events::{Event, Hook};
use crate::expiry::{CookieLifetime, Timeouts};
use crate::location::Environment;
use crate::policy::Policies;
use crate::runtime::Runtime;

use crate::store::Store;
use crate::{
    Carrier, Clock, CookiePath, CookiePrefix, OnCorrupt, OnGone, OnServerError, OnStoreFailure, SameSite, Sessions,
    SigningKey, SystemClock, UserSessionLimit,
};

/// Configures [`Sessions`]. Every setting has a safe default; `docs/defaults.md` says why each is as it is.
///
/// ```
/// use std::time::Duration;
/// use webstack_core::{SameSite, Sessions, store::MemoryStore};
///
/// let sessions = Sessions::builder()
///     .store(MemoryStore::new())
///     .cookie_name("shop")
///     .cookie_same_site(SameSite::Strict)
///     .idle_timeout(Some(Duration::from_secs(900)))
///     .build()?;
/// # Ok::<(), webstack_core::ConfigError>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is configured before `build`"]
pub struct Builder {
    environment: Environment,
    store: Choice,
    move_from: Option<String>,
    cache: Option<Duration>,
    carriers: Vec<Carrier>,
    header_name: String,
    keys: Vec<SigningKey>,
    cookie: CookieSettings,
    cookie_lifetime: CookieLifetime,
    lifetime: Timeouts,
    renew_every: Option<Duration>,
    limits: Limits,
    user_sessions: UserSessionLimit,
    wait_limit: Duration,
    lock_lease: Option<Duration>,
    policies: Policies,
    purge_every: Option<Duration>,
    create_directory: bool,
    probe_directory: bool,
    clock: Arc<dyn Clock>,
    runtime: Option<Arc<dyn Runtime>>,
    hook: HookSetting,
}

/// Where sessions are kept.
#[derive(Debug)]
enum Choice {
    Url(String),
    Directory(PathBuf),
    Given(Arc<dyn Store>),
}

#[derive(Default)]
struct HookSetting(Option<Hook>);

impl std::fmt::Debug for HookSetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", if self.0.is_some() { "set" } else { "unset" })
    }
}

impl Sessions {
    /// Begins a configuration; every setting has a safe default.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl Builder {
    fn new() -> Self {
        Builder {
            environment: Environment::default(),
            store: Choice::Url("file:".to_owned()),
            move_from: None,
            cache: None,
            carriers: vec![Carrier::Cookie],
            header_name: DEFAULT_HEADER.as_str().to_owned(),
            keys: Vec::new(),
            cookie: CookieSettings::default(),
            cookie_lifetime: CookieLifetime::default(),
            lifetime: Timeouts::default(),
            renew_every: None,
            limits: Limits { record_bytes: 1024 * 1024, values: 4096 },
            user_sessions: UserSessionLimit::default(),
            wait_limit: Duration::from_secs(5),
            lock_lease: None,
            policies: Policies::default(),
            purge_every: Some(Duration::from_secs(600)),
            create_directory: true,
            probe_directory: true,
            clock: Arc::new(SystemClock),
            runtime: None,
            hook: HookSetting::default(),
        }
    }

    /// How the program is run, which decides the default directory. Adapters set it.
    pub fn environment(self, environment: Environment) -> Self {
        Builder { environment, ..self }
    }

    /// The ways in which tokens travel, in the order in which they are tried. A token goes back the way it came; that of a
    /// new session goes the first way.
    pub fn carriers(self, carriers: impl IntoIterator<Item = Carrier>) -> Self {
        Builder { carriers: carriers.into_iter().collect(), ..self }
    }

    /// The name of the header that carries tokens.
    pub fn header_name(self, name: impl Into<String>) -> Self {
        Builder { header_name: name.into(), ..self }
    }

    /// Signs tokens: the first key signs, all of them verify, so that keys can be changed without ending sessions. A
    /// token that an older key had signed is handed out again, signed by the first. None: tokens are not signed.
    ///
    /// # Security
    ///
    /// A token has 256 random bits, so nobody guesses one, signed or not. With keys forged tokens do not even reach the
    /// store, and whoever can write to the store cannot make up sessions that somebody could open.
    pub fn signing_keys(self, keys: impl IntoIterator<Item = SigningKey>) -> Self {
        Builder { keys: keys.into_iter().collect(), ..self }
    }

    /// The cookie's name without prefix, which is also the namespace that tokens are bound to.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie.name = name.into();
        self
    }

    /// The prefix of the cookie's name.
    pub fn cookie_prefix(mut self, prefix: CookiePrefix) -> Self {
        self.cookie.prefix = prefix;
        self
    }

    /// The paths that the browser sends the cookie to.
    pub fn cookie_path(mut self, path: CookiePath) -> Self {
        self.cookie.path = path;
        self
    }

    /// The domain whose subdomains get the cookie too; `None`: this host alone.
    pub fn cookie_domain(mut self, domain: Option<String>) -> Self {
        self.cookie.domain = domain;
        self
    }

    /// Whether the browser sends the cookie over HTTPS only (and to this machine).
    pub fn cookie_secure(mut self, secure: bool) -> Self {
        self.cookie.secure = secure;
        self
    }

    /// Whether the cookie is hidden from JavaScript.
    pub fn cookie_http_only(mut self, http_only: bool) -> Self {
        self.cookie.http_only = http_only;
        self
    }

    /// Which cross-site requests carry the cookie.
    pub fn cookie_same_site(mut self, same_site: SameSite) -> Self {
        self.cookie.same_site = same_site;
        self
    }

    /// Whether the cookie is kept apart for every top-level site (CHIPS). It then has to be Secure.
    pub fn cookie_partitioned(mut self, partitioned: bool) -> Self {
        self.cookie.partitioned = partitioned;
        self
    }

    /// How long the browser keeps the cookie.
    pub fn cookie_lifetime(self, cookie_lifetime: CookieLifetime) -> Self {
        Builder { cookie_lifetime, ..self }
    }

    /// Both timeouts at once, as [`Timeouts::AAL2`].
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        Builder { lifetime: timeouts, ..self }
    }

    /// Tokens make way for others after this long; `None`: only logins and [`renew`](crate::Session::renew) change them.
    ///
    /// Nobody notices: parallel requests get the same next token, the old one is honoured until the next has been
    /// presented and a minute longer, and requests in flight go on.
    ///
    /// # Security
    ///
    /// A token that leaked into a log or a backup of a browser is worth little after that. It does not stop a thief who uses
    /// it at once; an old token that comes back later is an [event](crate::Event::OutdatedToken).
    pub fn renew_every(self, renew_every: Option<Duration>) -> Self {
        Builder { renew_every, ..self }
    }

    /// A session ends when it is not used for this long; `None`: never for that reason.
    pub fn idle_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.lifetime.idle = timeout;
        self
    }

    /// A session ends this long after it was created or its user last signed in, used or not; `None`: never for that reason.
    pub fn absolute_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.lifetime.absolute = timeout;
        self
    }

    /// The most bytes that a session's record may have.
    pub fn record_limit(mut self, bytes: usize) -> Self {
        self.limits.record_bytes = bytes;
        self
    }

    /// The most values that a session may hold.
    pub fn value_limit(mut self, values: usize) -> Self {
        self.limits.values = values;
        self
    }

    /// How long a request waits for others that change the same session, before it is answered with 503.
    pub fn wait_limit(self, wait_limit: Duration) -> Self {
        Builder { wait_limit, ..self }
    }

    /// How long a request may hold a session's [lock](crate::Session::lock). Others who wait for it must be able to
    /// outwait it, so it has to be shorter than the [wait limit](Builder::wait_limit). By default it is two seconds, and no
    /// more than half of that limit.
    pub fn lock_lease(self, lock_lease: Duration) -> Self {
        Builder { lock_lease: Some(lock_lease), ..self }
    }

    /// What is done about a record that cannot be read.
    pub fn on_corrupt(mut self, on_corrupt: OnCorrupt) -> Self {
        self.policies.corrupt = on_corrupt;
        self
    }

    /// What becomes of a request's changes when its response has a status of 500 or above.
    pub fn on_server_error(mut self, on_server_error: OnServerError) -> Self {
        self.policies.server_error = on_server_error;
        self
    }

    /// What is answered when the session ended or changed hands while the request was running.
    pub fn on_gone(mut self, on_gone: OnGone) -> Self {
        self.policies.gone = on_gone;
        self
    }

    /// What is done when the store fails while a session is loaded.
    pub fn on_store_failure(mut self, on_store_failure: OnStoreFailure) -> Self {
        self.policies.store_failure = on_store_failure;
        self
    }

    /// How often expired sessions are removed in the background; `None`: never.
    pub fn purge_every(self, purge_every: Option<Duration>) -> Self {
        Builder { purge_every, ..self }
    }

    /// Whether a session directory that is not there is made. Tools that look at an application's sessions say no.
    pub fn create_directory(self, create_directory: bool) -> Self {
        Builder { create_directory, ..self }
    }

    /// Whether it is tried out at start that files can be written in a session directory that is there. Tools that look at an
    /// application's sessions, or free space, say no; CGI programs never do.
    pub fn probe_directory(self, probe_directory: bool) -> Self {
        Builder { probe_directory, ..self }
    }

    /// The clock, for tests that hold it. A store given ready-made has its own.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Builder { clock, ..self }
    }

    /// The runtime. Adapters hand in their framework's.
    pub fn runtime(self, runtime: impl Runtime) -> Self {
        Builder { runtime: Some(Arc::new(runtime)), ..self }
    }

    /// A hook that security events are reported to. It is called in the middle of requests, so it should be quick.
    pub fn on_event(self, hook: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Builder { hook: HookSetting(Some(Arc::new(hook))), ..self }
    }
}
