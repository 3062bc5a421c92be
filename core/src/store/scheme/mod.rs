//! How a URL names a store: its scheme is the feature that brings the store.

mod file;
#[cfg(all(unix, feature = "lmdb"))]
mod lmdb;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite"))]
mod sql;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::premises::Begin;
use crate::store::{Findings, MemoryStore, Repair, Store, StoreError, Watch};
use crate::{Clock, ConfigError};

pub(crate) use file::open_directory;

/// What opening a store needs to know.
#[cfg_attr(not(unix), expect(dead_code, reason = "only files ask"))]
pub(crate) struct OpenContext<'a> {
    /// The variable that stands for the setting, for errors.
    pub(crate) setting: &'static str,
    pub(crate) clock: &'a Arc<dyn Clock>,
    /// What was written less than this ago has hardly expired: a purge need not look into it.
    pub(crate) fresh: Option<Duration>,
    /// A directory that is not there is made.
    pub(crate) create: bool,
    /// A directory that is there is tried out.
    pub(crate) probe: bool,
    /// The directory for `file:` without a path.
    pub(crate) default_directory: &'a dyn Fn() -> Result<PathBuf, ConfigError>,
}

/// A store that was opened, and what belongs to it.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) directory: Option<PathBuf>,
    /// Where it is, for people to read.
    pub(crate) place: String,
    /// The same store, if it tells of changes.
    pub(crate) watch: Option<Arc<dyn Watch>>,
    /// Makes its tables.
    pub(crate) set_up: Option<Begin<Result<(), StoreError>>>,
    /// Tries out whether it can be written.
    pub(crate) probe: Option<Probe>,
    /// Looks for what is wrong in it.
    pub(crate) inspect: Option<Inspect>,
}

/// Tries out whether a store can be written, on the thread that asks.
pub(crate) type Probe = Arc<dyn Fn() -> Result<(), ConfigError> + Send + Sync>;

/// Looks for what is wrong in a store, on the thread that asks.
pub(crate) type Inspect = Arc<dyn Fn(Repair) -> Result<Findings, StoreError> + Send + Sync>;

impl Opened {
    #[cfg(unix)]
    fn in_directory(store: impl Store, directory: PathBuf) -> Self {
        let place = directory.display().to_string();
        Opened { directory: Some(directory), ..Opened::at(Arc::new(store), place) }
    }

    /// At a URL, whose password is not shown.
    fn elsewhere(store: impl Store, url: &str) -> Self {
        Opened::at(Arc::new(store), without_secrets(url))
    }

    /// A store that the program made itself.
    pub(crate) fn given(store: Arc<dyn Store>) -> Self {
        Opened::at(store, "a store of the program's own".to_owned())
    }

    fn at(store: Arc<dyn Store>, place: String) -> Self {
        Opened { store, directory: None, place, watch: None, set_up: None, probe: None, inspect: None }
    }
}

/// Opens the store that a URL names.
pub(crate) fn open_url(url: &str, context: &OpenContext<'_>) -> Result<Opened, ConfigError> {
    // What stands before the colon holds no password.
    let (scheme, place) = url.split_once(':').unwrap_or((url, ""));
    match scheme {
        "memory" if place.is_empty() => {
            Ok(Opened::elsewhere(MemoryStore::new().with_clock(Arc::clone(context.clock)), url))
        }
        "memory" => {
            let problem = format!("`{}` means nothing: `memory:` has no options and no path", place.escape_debug());
            Err(ConfigError::new(context.setting, problem, "use `memory:`"))
        }
        "file" => file::open_url(place, context),
        #[cfg(all(unix, feature = "lmdb"))]
        "lmdb" => lmdb::open_url(place, context),
        #[cfg(feature = "redis")]
        "redis" | "rediss" | "redis+cluster" | "rediss+cluster" => redis::open_url(url, context),
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => sql::open_url(url, context),
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => sql::open_url(url, context),
        #[cfg(feature = "sqlite")]
        "sqlite" => sql::open_url(url, context),
        _ => Err(unknown(context.setting, scheme)),
    }
}

/// The features that bring stores, with the schemes that name these, and whether they are compiled in.
const FEATURES: [(&str, &[&str], bool); 5] = [
    ("lmdb", &["lmdb"], cfg!(all(unix, feature = "lmdb"))),
    ("postgres", &["postgres", "postgresql"], cfg!(feature = "postgres")),
    ("mysql", &["mysql", "mariadb"], cfg!(feature = "mysql")),
    ("sqlite", &["sqlite"], cfg!(feature = "sqlite")),
    ("redis", &["redis", "rediss", "redis+cluster", "rediss+cluster"], cfg!(feature = "redis")),
];

fn unknown(setting: &str, scheme: &str) -> ConfigError {
    let shown = scheme.escape_debug();
    if let Some((feature, ..)) = FEATURES.iter().find(|(_, schemes, here)| !here && schemes.contains(&scheme)) {
        let problem = format!("this program was built without the store that `{shown}:` names");
        return ConfigError::new(setting, problem, format!("build it with the feature `{feature}` of webstack"));
    }
    let known: String =
        FEATURES.iter().filter(|(.., here)| *here).map(|(_, schemes, _)| format!(", `{}:`", schemes[0])).collect();
    let problem = format!("`{shown}` names no store that this program knows");
    ConfigError::new(setting, problem, format!("use `file:`, `file:/absolute/path`{known} or `memory:`"))
}

/// A URL as it may be shown: a password stands before the last `@`, and options may hold one too.
fn without_secrets(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(url, _)| url);
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => url.to_owned(),
    }
}

/// An option in a URL: its name, and what it says.
type Named<'q> = (Cow<'q, str>, Cow<'q, str>);

/// The options behind a URL's question mark. One that is said twice would contradict itself, or mean nothing.
fn options<'q>(query: &'q str, setting: &str) -> Result<Vec<Named<'q>>, ConfigError> {
    let mut options: Vec<Named<'q>> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if options.iter().any(|(said, _)| *said == name) {
            let problem = format!("the option `{}` is said twice", name.escape_debug());
            return Err(ConfigError::new(setting, problem, "say it once"));
        }
        options.push((name, value));
    }
    Ok(options)
}

/// True if two URLs surely name one store. They may do so and differ; whoever moves sessions notices that.
pub(crate) fn are_same(one: &str, other: &str) -> bool {
    /// They say how a store is used, not which it is.
    const OF_NO_MATTER: [&str; 4] = ["setup", "group", "insecure_allow_network_fs", "durability"];
    let parts = |url: &str| {
        let (place, options) = url.split_once('?').unwrap_or((url, ""));
        let name = |option: &str| option.split_once('=').map_or(option, |(name, _)| name).to_owned();
        let options = options.split('&').filter(|option| !option.is_empty());
        let options = options.filter(|option| !OF_NO_MATTER.contains(&&*name(option))).map(str::to_owned);
        (place.trim_end_matches('/').to_owned(), options.collect::<std::collections::BTreeSet<_>>())
    };
    // Each in memory is another one.
    !one.starts_with("memory:") && parts(one) == parts(other)
}

/// The path in a URL of a directory, if it is absolute and nothing of it would get lost.
fn absolute_path(path: &str) -> Option<PathBuf> {
    // A URL parser would drop what comes behind `#`, and line breaks, without a word.
    let is_plain = path.starts_with('/') && !path.contains(|c: char| c == '#' || c.is_control());
    let parsed = Url::parse(&format!("file:{path}")).ok().filter(|_| is_plain);
    parsed.and_then(|url| url.to_file_path().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_store_is_told_by_its_url() {
        for (one, other) in [
            ("file:/var/shop", "file:/var/shop/?group=web"),
            ("postgres://db/shop?port=1&host=a", "postgres://db/shop?host=a&setup=by-hand&port=1"),
            ("redis://10.0.0.1", "redis://10.0.0.1/"),
        ] {
            assert!(are_same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("file:/var/shop", "lmdb:/var/shop"),
            ("redis://10.0.0.1/0", "redis://10.0.0.1/1"),
            ("postgres:///shop?host=a", "postgres:///shop?host=b"),
            ("postgres://ann@db", "postgres://bob@db"),
            ("redis://10.0.0.1", "redis://10.0.0.1?namespace=shop"),
            ("memory:", "memory:"),
        ] {
            assert!(!are_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_shown_of_a_url_holds_no_password() {
        for (url, shown) in [
            ("redis://10.0.0.1:6379/0", "redis://10.0.0.1:6379/0"),
            ("redis://shop:p@ss@10.0.0.1/0?namespace=x", "redis://10.0.0.1/0"),
            ("postgres://shop:secret@db/shop?password=secret", "postgres://db/shop"),
            ("memory:", "memory:"),
        ] {
            assert_eq!(without_secrets(url), shown);
        }
    }
}
