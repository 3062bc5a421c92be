//! `lmdb:`, a directory with one memory-mapped file.

use std::sync::Arc;

use webstack_store_lmdb::{Durability, LmdbStore};

use super::{OpenContext, Opened, absolute_path};
use crate::ConfigError;

/// Opens what stands behind `lmdb:`.
pub(super) fn open_url(place: &str, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    let (path, query) = place.split_once('?').unwrap_or((place, ""));
    let directory = absolute_path(path).ok_or_else(|| {
        let problem = format!("`lmdb:{}` is not an absolute path on this machine", path.escape_debug());
        ConfigError::new(context.setting, problem, "use `lmdb:/absolute/path`, with `%23` for `#`")
    })?;
    let mut builder = LmdbStore::builder(&directory).clock(Arc::clone(context.clock)).create(context.create);
    for (name, value) in super::options(query, context.setting)? {
        builder = match (&*name, &*value) {
            ("group", group) if !group.is_empty() => builder.group(group),
            ("durability", "synced") => builder.durability(Durability::Synced),
            ("durability", "consistent") => builder.durability(Durability::Consistent),
            ("durability", "insecure-unsynced") => builder.durability(Durability::InsecureUnsynced),
            ("insecure_allow_network_fs", "true") => builder.insecure_allow_network_fs(true),
            _ => {
                let problem = format!("`{}={}` is not an option of `lmdb:`", name.escape_debug(), value.escape_debug());
                let mend = "use `?group=NAME`, or `?durability=synced`, `consistent` or `insecure-unsynced`";
                return Err(ConfigError::new(context.setting, problem, mend));
            }
        };
    }
    let store = builder.open().map_err(|error| ConfigError::caused(context.setting, error))?;
    Ok(Opened::in_directory(store, directory))
}
