//! `redis:` and its kin, a server or a cluster.

use std::sync::Arc;

use webstack_store_redis::RedisStore;

use super::{OpenContext, Opened};
use crate::ConfigError;
use crate::store::Watch;

/// Opens the store that the whole URL names; nobody is asked yet.
pub(super) fn open_url(url: &str, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    let store = RedisStore::builder(url).clock(Arc::clone(context.clock)).build();
    let store = store.map_err(|error| ConfigError::caused(context.setting, error))?;
    let store = Arc::new(store);
    Ok(Opened { watch: Some(Arc::clone(&store) as Arc<dyn Watch>), ..Opened::elsewhere(store, url) })
}
