//! How a URL names a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::Clock;
use crate::ConfigError;
#[cfg(unix)]
use crate::store::FileStore;
use crate::store::{MemoryStore, Store};

const SETTING: &str = "WEBSTACK_STORE";

/// What opening a store needs to know.
pub(crate) struct OpenContext<'a> {
    pub(crate) clock: &'a Arc<dyn Clock>,
    /// What was written less than this ago has hardly expired: a purge need not look into it.
    pub(crate) fresh: Option<Duration>,
    /// A directory that is not there is made.
    pub(crate) create: bool,
    /// The directory for `file:` without a path.
    pub(crate) default_directory: &'a dyn Fn() -> Result<PathBuf, ConfigError>,
}

/// A store that was opened, and its directory if it is one.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) directory: Option<PathBuf>,
}

/// Opens the store that a URL names.
pub(crate) fn open_url(url: &str, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    match url.split_once(':') {
        Some(("memory", "")) => {
            Ok(Opened { store: Arc::new(MemoryStore::new().with_clock(Arc::clone(context.clock))), directory: None })
        }
        Some(("file", place)) => open_file_url(place, context),
        _ => {
            let problem = format!("`{}` names no store that this program knows", scheme_of(url).escape_debug());
            Err(ConfigError::new(SETTING, problem, "use `file:`, `file:/absolute/path` or `memory:`"))
        }
    }
}

/// Opens the file store in a directory.
pub(crate) fn open_directory(directory: &Path, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    open_files(directory.to_owned(), &Options::default(), context)
}

/// The part of a URL that holds no password.
fn scheme_of(url: &str) -> &str {
    url.split_once(':').map_or(url, |(scheme, _)| scheme)
}

#[derive(Default)]
struct Options {
    group: Option<String>,
    insecure_allow_network_fs: bool,
}

fn open_file_url(place: &str, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    let (path, query) = place.split_once('?').unwrap_or((place, ""));
    let options = read_options(query)?;
    let directory = if path.is_empty() {
        (context.default_directory)()?
    } else {
        // A URL parser would drop what comes behind `#`, and line breaks, without a word.
        let is_plain = path.starts_with('/') && !path.contains(|c: char| c == '#' || c.is_control());
        let parsed = Url::parse(&format!("file:{path}")).ok().filter(|_| is_plain);
        parsed.and_then(|url| url.to_file_path().ok()).ok_or_else(|| {
            let problem = format!("`file:{}` is not an absolute path on this machine", path.escape_debug());
            ConfigError::new(SETTING, problem, "use `file:/absolute/path`, with `%23` for `#`")
        })?
    };
    open_files(directory, &options, context)
}

fn read_options(query: &str) -> Result<Options, ConfigError> {
    let mut options = Options::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match (&*name, &*value) {
            ("group", group) if !group.is_empty() => options.group = Some(group.to_owned()),
            ("insecure_allow_network_fs", "true") => options.insecure_allow_network_fs = true,
            ("insecure_allow_network_fs", "false") => options.insecure_allow_network_fs = false,
            _ => {
                let problem = format!("`{}={}` is not an option of `file:`", name.escape_debug(), value.escape_debug());
                let mend = "use `?group=NAME`, or `?insecure_allow_network_fs=true`";
                return Err(ConfigError::new(SETTING, problem, mend));
            }
        }
    }
    Ok(options)
}

#[cfg(unix)]
fn open_files(directory: PathBuf, options: &Options, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    if !directory.is_absolute() {
        let problem = format!("`{}` is not an absolute path", directory.display());
        return Err(ConfigError::new(SETTING, problem, "use `file:/absolute/path`"));
    }
    let mut builder = FileStore::builder(&directory)
        .clock(Arc::clone(context.clock))
        .create(context.create)
        .insecure_allow_network_fs(options.insecure_allow_network_fs);
    if let Some(fresh) = context.fresh {
        builder = builder.purge_spares(fresh);
    }
    if let Some(group) = &options.group {
        builder = builder.group(group);
    }
    let store = builder.open().map_err(|error| ConfigError::caused(SETTING, error))?;
    Ok(Opened { store: Arc::new(store), directory: Some(directory) })
}

#[cfg(not(unix))]
fn open_files(directory: PathBuf, _: &Options, _: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    let problem = format!("the file store at `{}` is not supported on this system", directory.display());
    Err(ConfigError::new(SETTING, problem, "use `memory:`, or run on Linux or macOS"))
}
