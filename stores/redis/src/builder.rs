//! From a URL to a store, without asking anybody.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use webstack_store::{Clock, SystemClock};

use crate::address::{Address, InvalidUrl, is_namespace};
use crate::keys::Keys;
use crate::link::Link;
use crate::store::RedisStore;

/// Says how sessions are kept in Redis; made by [`RedisStore::builder`].
///
/// ```
/// use std::time::Duration;
/// use webstack_store_redis::RedisStore;
///
/// let store = RedisStore::builder("redis://localhost/2").namespace("shop").timeout(Duration::from_secs(1)).build()?;
/// # Ok::<(), webstack_store_redis::InvalidUrl>(())
/// ```
#[derive(Clone)]
#[must_use = "nothing is made before `build`"]
pub struct RedisStoreBuilder {
    url: String,
    namespace: Option<String>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
}

/// What keys begin with if nobody says otherwise.
const DEFAULT_NAMESPACE: &str = "webstack";

/// How long an operation takes at most if nobody says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2);

impl RedisStore {
    /// Begins to say where sessions are kept: `redis://user:password@host:port/database?namespace=name`, or one of the
    /// other schemes that the [crate] names.
    pub fn builder(url: impl Into<String>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(url.into())
    }
}

impl RedisStoreBuilder {
    pub(crate) fn new(url: String) -> Self {
        RedisStoreBuilder { url, namespace: None, clock: Arc::new(SystemClock), timeout: DEFAULT_TIMEOUT }
    }

    /// Says what keys begin with, `webstack` by default. Applications with different names see nothing of each other.
    ///
    /// It counts more than a `?namespace=` in the URL.
    pub fn namespace(self, name: impl Into<String>) -> Self {
        RedisStoreBuilder { namespace: Some(name.into()), ..self }
    }

    /// Says who tells the time. All processes that use the namespace shall agree about it.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        RedisStoreBuilder { clock, ..self }
    }

    /// Says how long an operation takes at most, connecting included. After that it answers
    /// [`Unavailable`](webstack_store::StoreError::Unavailable).
    pub fn timeout(self, timeout: Duration) -> Self {
        RedisStoreBuilder { timeout, ..self }
    }

    /// Makes the store. It connects when it is first asked something, so this needs neither a server nor a runtime.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] if the settings cannot work. Its message says the mend, and shows nothing of the URL.
    pub fn build(self) -> Result<RedisStore, InvalidUrl> {
        let address = Address::parse(&self.url)?;
        let namespace = match self.namespace {
            Some(name) if is_namespace(&name) => name,
            Some(_) => return Err(InvalidUrl::Namespace),
            None => address.namespace.clone().unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
        };
        if self.timeout.is_zero() {
            return Err(InvalidUrl::Timeout);
        }
        let link = Link::new(address.clone(), self.timeout).map_err(|_| InvalidUrl::Host)?;
        Ok(RedisStore { link, keys: Keys::new(namespace), clock: self.clock, timeout: self.timeout, address })
    }
}

impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder")
            .field("namespace", &self.namespace)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
