//! `postgres:`, `mysql:`, `sqlite:` and their kin.

use std::sync::Arc;

use webstack_store_sql::{Setup, SqlStore};

use super::{OpenContext, Opened, absolute_path};
use crate::ConfigError;
use crate::store::Watch;

/// Opens the store that the whole URL names; nobody is asked yet.
pub(super) fn open_url(url: &str, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    let (url, setup) = take_setup(url, context.setting)?;
    if let Some(file) = url.strip_prefix("sqlite:").filter(|_| !context.create) {
        let path = file.split_once('?').map_or(file, |(path, _)| path);
        if absolute_path(path).is_some_and(|path| !path.exists()) {
            let problem = format!("there is no file {}", path.escape_debug());
            return Err(ConfigError::new(context.setting, problem, "name the one that the application says it uses"));
        }
    }
    let store = SqlStore::builder(&url).setup(setup).clock(Arc::clone(context.clock)).build();
    let store = Arc::new(store.map_err(|error| ConfigError::caused(context.setting, error))?);
    let tables = Arc::clone(&store);
    let watch = url.starts_with("postgres").then(|| Arc::clone(&store) as Arc<dyn Watch>);
    Ok(Opened {
        watch,
        set_up: Some(Box::new(move || {
            let tables = Arc::clone(&tables);
            Box::pin(async move { tables.setup().await })
        })),
        ..Opened::elsewhere(store, &url)
    })
}

/// The URL without the option that is ours, and what it says.
fn take_setup(url: &str, setting: &str) -> Result<(String, Setup), ConfigError> {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let mut setup = None;
    let mut others = Vec::new();
    for option in query.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("setup", _)) if setup.is_some() => return Err(super::said_twice(setting, "setup")),
            Some(("setup", "automatic")) => setup = Some(Setup::Automatic),
            Some(("setup", "by-hand")) => setup = Some(Setup::ByHand),
            Some(("setup", other)) => {
                let problem = format!("`setup={}` says nothing", other.escape_debug());
                return Err(ConfigError::new(setting, problem, "use `setup=automatic` or `setup=by-hand`"));
            }
            _ => others.push(option),
        }
    }
    let (query, setup) = (others.join("&"), setup.unwrap_or(Setup::Automatic));
    Ok((if query.is_empty() { place.to_owned() } else { format!("{place}?{query}") }, setup))
}
