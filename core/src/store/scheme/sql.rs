//! `postgres:`, `mysql:`, `sqlite:` and their kin.

use std::sync::Arc;

use webstack_store_sql::SqlStore;

use super::{OpenContext, Opened, absolute_path};
use crate::ConfigError;
use crate::store::Watch;

/// Opens the store that the whole URL names; nobody is asked yet.
pub(super) fn open_url(url: &str, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    if let Some(file) = url.strip_prefix("sqlite:").filter(|_| !context.create) {
        let path = file.split_once('?').map_or(file, |(path, _)| path);
        if absolute_path(path).is_some_and(|path| !path.exists()) {
            let problem = format!("there is no file {}", path.escape_debug());
            return Err(ConfigError::new(context.setting, problem, "name the one that the application says it uses"));
        }
    }
    let store = SqlStore::builder(url).clock(Arc::clone(context.clock)).build();
    let store = Arc::new(store.map_err(|error| ConfigError::caused(context.setting, error))?);
    let tables = Arc::clone(&store);
    let watch = url.starts_with("postgres").then(|| Arc::clone(&store) as Arc<dyn Watch>);
    Ok(Opened {
        watch,
        set_up: Some(Box::new(move || {
            let tables = Arc::clone(&tables);
            Box::pin(async move { tables.setup().await })
        })),
        ..Opened::elsewhere(store, url)
    })
}
