//! `file:`, a directory.

use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::sync::Arc;

use super::{OpenContext, Opened, absolute_path};
use crate::ConfigError;
#[cfg(unix)]
use crate::store::{Durability, FileStore};

/// Opens the file store in a directory.
pub(crate) fn open_directory(directory: &Path, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    open_files(directory.to_owned(), &Options::default(), context)
}

#[derive(Default)]
struct Options {
    group: Option<String>,
    insecure_allow_network_fs: bool,
    #[cfg(unix)]
    durability: Durability,
}

/// Opens what stands behind `file:`.
pub(super) fn open_url(place: &str, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    let (path, query) = place.split_once('?').unwrap_or((place, ""));
    let options = read_options(query, context.setting)?;
    let directory = if path.is_empty() {
        (context.default_directory)()?
    } else {
        absolute_path(path).ok_or_else(|| {
            let problem = format!("`file:{}` is not an absolute path on this machine", path.escape_debug());
            ConfigError::new(context.setting, problem, "use `file:/absolute/path`, with `%23` for `#`")
        })?
    };
    open_files(directory, &options, context)
}

fn read_options(query: &str, setting: &str) -> Result<Options, ConfigError> {
    let mut options = Options::default();
    for (name, value) in super::options(query, setting)? {
        match (&*name, &*value) {
            ("group", group) if !group.is_empty() => options.group = Some(group.to_owned()),
            #[cfg(unix)]
            ("durability", "none") => options.durability = Durability::None,
            #[cfg(unix)]
            ("durability", "data") => options.durability = Durability::Data,
            #[cfg(unix)]
            ("durability", "full") => options.durability = Durability::Full,
            ("insecure_allow_network_fs", "true") => options.insecure_allow_network_fs = true,
            ("insecure_allow_network_fs", "false") => options.insecure_allow_network_fs = false,
            _ => {
                let problem = format!("`{}={}` is not an option of `file:`", name.escape_debug(), value.escape_debug());
                let mend =
                    "use `?group=NAME`, `?durability=none`, `data` or `full`, or `?insecure_allow_network_fs=true`";
                return Err(ConfigError::new(setting, problem, mend));
            }
        }
    }
    Ok(options)
}

#[cfg(unix)]
fn open_files(directory: PathBuf, options: &Options, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    if !directory.is_absolute() {
        let problem = format!("`{}` is not an absolute path", directory.display());
        return Err(ConfigError::new(context.setting, problem, "use `file:/absolute/path`"));
    }
    let mut builder = FileStore::builder(&directory)
        .clock(Arc::clone(context.clock))
        .create(context.create)
        .probe(context.probe)
        .durability(options.durability)
        .insecure_allow_network_fs(options.insecure_allow_network_fs);
    if let Some(fresh) = context.fresh {
        builder = builder.purge_spares(fresh);
    }
    if let Some(group) = &options.group {
        builder = builder.group(group);
    }
    let store = Arc::new(builder.open().map_err(|error| ConfigError::caused(context.setting, error))?);
    let (tried, files, setting) = (Arc::clone(&store), Arc::clone(&store), context.setting);
    Ok(Opened {
        probe: Some(Arc::new(move || tried.probe().map_err(|error| ConfigError::caused(setting, error)))),
        inspect: Some(Arc::new(move |repair| files.inspect(repair))),
        ..Opened::in_directory(store, directory)
    })
}

#[cfg(not(unix))]
fn open_files(directory: PathBuf, _: &Options, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    let problem = format!("the file store at `{}` is not supported on this system", directory.display());
    Err(ConfigError::new(context.setting, problem, "use `memory:`, or run on Linux or macOS"))
}
