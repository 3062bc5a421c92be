//! From a URL, or a pool, to a store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use webstack_store::{Clock, SystemClock};

use crate::address::{Address, Target};
use crate::dialect::Limits;
use crate::engine::Settings;
use crate::engine::{Engine, Source};
use crate::namespace::Namespace;
use crate::pool::AnyPool;
use crate::{InvalidUrl, SqlStore};

/// Who makes the tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setup {
    /// The store, with its first operation, if they are not there.
    #[default]
    Automatic,
    /// Somebody else, by [`SqlStore::setup`], `webstack setup`, or the text of [`SqlStore::schema`]: the store's user needs no
    /// right to make tables then.
    ByHand,
}

/// Says how a database is used; made by [`SqlStore::builder`] and [`SqlStore::from_pool`].
#[derive(Clone)]
#[must_use = "nothing is opened before `build`"]
pub struct SqlStoreBuilder {
    origin: Origin,
    namespace: Option<String>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    max_connections: u32,
    setup: Option<Setup>,
}

#[derive(Clone)]
enum Origin {
    Url(String),
    Pool(AnyPool),
}

const TIMEOUT: Duration = Duration::from_secs(2);
/// Servers count in milliseconds, and not far.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 3600);
const MAX_CONNECTIONS: u32 = 10;

impl SqlStoreBuilder {
    pub(crate) fn for_url(url: String) -> Self {
        Self::new(Origin::Url(url))
    }

    pub(crate) fn for_pool(pool: AnyPool) -> Self {
        Self::new(Origin::Pool(pool))
    }

    fn new(origin: Origin) -> Self {
        SqlStoreBuilder {
            origin,
            namespace: None,
            clock: Arc::new(SystemClock),
            timeout: TIMEOUT,
            max_connections: MAX_CONNECTIONS,
            setup: None,
        }
    }

    /// What the names of the tables begin with: `webstack` until said otherwise, so sessions are in `webstack_sessions`. It
    /// comes before the one in the URL.
    pub fn namespace(self, name: impl Into<String>) -> Self {
        SqlStoreBuilder { namespace: Some(name.into()), ..self }
    }

    /// Says who tells the time. All who use the tables shall agree about it.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        SqlStoreBuilder { clock, ..self }
    }

    /// After how long an operation is given up, with all that it takes: two seconds until said otherwise, and a day at most. The
    /// server is told to give up as well.
    pub fn timeout(self, timeout: Duration) -> Self {
        SqlStoreBuilder { timeout: timeout.min(LONGEST_TIMEOUT), ..self }
    }

    /// How many connections this store opens at most: ten until said otherwise. A pool of the application's has its own limit.
    pub fn max_connections(self, connections: u32) -> Self {
        SqlStoreBuilder { max_connections: connections.max(1), ..self }
    }

    /// Says who makes the tables. It comes before what the URL says.
    pub fn setup(self, setup: Setup) -> Self {
        SqlStoreBuilder { setup: Some(setup), ..self }
    }

    /// Makes the store. It opens no connection yet, and needs no runtime.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] if the URL names no database that this program knows, or if the namespace is not one.
    pub fn build(self) -> Result<SqlStore, InvalidUrl> {
        match self.origin.clone() {
            Origin::Url(url) => {
                let Address { target, shown, namespace, setup } = Address::parse(&url)?;
                let settings = SqlStoreBuilder { setup: self.setup.or(setup), ..self }.settings(namespace)?;
                Ok(open(target, shown, settings))
            }
            Origin::Pool(pool) => {
                let settings = self.settings(None)?;
                Ok(pool.into_store(settings))
            }
        }
    }

    fn settings(self, in_url: Option<String>) -> Result<Settings, InvalidUrl> {
        let namespace = match self.namespace.or(in_url) {
            None => Namespace::default(),
            Some(name) => Namespace::new(&name).ok_or_else(|| {
                let problem = format!("`{}` cannot be what names of tables begin with", name.escape_debug());
                InvalidUrl::new(problem, "use up to 40 of a-z, 0-9 and `_`, with a letter first")
            })?,
        };
        let limits = Limits { connections: self.max_connections, timeout: self.timeout };
        Ok(Settings { namespace, clock: self.clock, limits, setup: self.setup.unwrap_or_default() })
    }
}

fn open(target: Target, shown: String, settings: Settings) -> SqlStore {
    match target {
        #[cfg(feature = "postgres")]
        Target::Postgres(options) => {
            SqlStore::new(Engine::<sqlx::Postgres>::new(Source::Place(*options), shown, settings))
        }
        #[cfg(feature = "mysql")]
        Target::MySql(options) => SqlStore::new(Engine::<sqlx::MySql>::new(Source::Place(*options), shown, settings)),
        #[cfg(feature = "sqlite")]
        Target::Sqlite(file) => SqlStore::new(Engine::<sqlx::Sqlite>::new(Source::Place(file), shown, settings)),
    }
}

impl fmt::Debug for SqlStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStoreBuilder")
            .field("namespace", &self.namespace)
            .field("timeout", &self.timeout)
            .field("max_connections", &self.max_connections)
            .field("setup", &self.setup)
            .finish_non_exhaustive()
    }
}
