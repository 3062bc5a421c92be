//! From a URL to a database.

use url::Url;

use crate::{InvalidUrl, Setup};

/// The schemes, with the feature that brings each.
const SCHEMES: [(&str, &str, bool); 5] = [
    ("postgres", "postgres", cfg!(feature = "postgres")),
    ("postgresql", "postgres", cfg!(feature = "postgres")),
    ("mysql", "mysql", cfg!(feature = "mysql")),
    ("mariadb", "mysql", cfg!(feature = "mysql")),
    ("sqlite", "sqlite", cfg!(feature = "sqlite")),
];

/// A URL without what is meant for us. It has no `Debug`: that of sqlx shows passwords.
pub(crate) struct Address {
    pub(crate) target: Target,
    /// What may be shown of it.
    pub(crate) shown: String,
    pub(crate) namespace: Option<String>,
    pub(crate) setup: Option<Setup>,
}

/// Where the database is.
pub(crate) enum Target {
    #[cfg(feature = "postgres")]
    Postgres(Box<sqlx::postgres::PgConnectOptions>),
    #[cfg(feature = "mysql")]
    MySql(Box<sqlx::mysql::MySqlConnectOptions>),
    #[cfg(feature = "sqlite")]
    Sqlite(crate::file::File),
}

const FORMS: &str =
    "use `postgres://user:password@host/database`, `mysql://user:password@host/database` or `sqlite:/absolute/file`";

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidUrl> {
        // What stands before the colon holds no password.
        let (scheme, rest) =
            text.split_once(':').ok_or_else(|| InvalidUrl::new("the URL of the database has no scheme", FORMS))?;
        let Some((_, feature, is_here)) = SCHEMES.iter().find(|(known, ..)| *known == scheme) else {
            let problem = format!("`{}:` names no database that this program knows", scheme.escape_debug());
            return Err(InvalidUrl::new(problem, FORMS));
        };
        if !is_here {
            let problem = format!("this program was built without the database that `{scheme}:` names");
            return Err(InvalidUrl::new(problem, format!("build it with the feature `{feature}`")));
        }
        if rest.contains(|c: char| c == '#' || c.is_control()) {
            let problem = "the URL of the database holds a `#` or a control character";
            return Err(InvalidUrl::new(problem, "write `%23` for `#`, in a password as well"));
        }
        // It would be read as a host, and the rest of the password as what may be shown.
        let behind_host = rest.trim_start_matches('/').split_once(['/', '?']).map_or("", |(_, behind)| behind);
        if *feature != "sqlite" && behind_host.contains('@') {
            let problem = "the URL of the database holds an `@` behind its host";
            return Err(InvalidUrl::new(
                problem,
                "write `%40` for `@`, `%2F` for `/` and `%3F` for `?`, in a password as well",
            ));
        }
        let mut url = Url::parse(text)
            .map_err(|error| InvalidUrl::new(format!("the URL of the database cannot be read ({error})"), FORMS))?;
        let setup = take(&mut url, "setup")?.map(|setup| read_setup(&setup)).transpose()?;
        let namespace = take(&mut url, "namespace")?;
        let options = if *feature == "postgres" { POSTGRES } else { MYSQL };
        let known: &[&str] = if *feature == "sqlite" { &[] } else { options };
        if let Some((name, _)) = url.query_pairs().find(|(name, _)| !known.contains(&&**name)) {
            let problem = format!("`{}` is not an option of `{scheme}:`", name.escape_debug());
            return Err(InvalidUrl::new(problem, format!("use {}", or(&[&["namespace", "setup"], known].concat()))));
        }
        // Of two of them sqlx would take the last one.
        if let Some(name) = known.iter().find(|name| url.query_pairs().filter(|(said, _)| said == **name).count() > 1) {
            return Err(said_twice(name));
        }
        demand_tls(&url)?;
        demand_files(&url)?;
        let shown = shown(&url);
        Ok(Address { target: target(feature, &url)?, shown, namespace, setup })
    }
}

/// What sqlx reads of a URL. What it does not know it would ignore.
const POSTGRES: &[&str] =
    &["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port", "dbname", "user", "password", "application_name"];
const MYSQL: &[&str] = &["ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "socket"];

fn target(feature: &str, url: &Url) -> Result<Target, InvalidUrl> {
    // What sqlx says about it may show what stands there.
    let unreadable =
        |_: sqlx::Error| InvalidUrl::new("an option or name in the URL of the database cannot be read", FORMS);
    match feature {
        #[cfg(feature = "postgres")]
        "postgres" => {
            let options = <sqlx::postgres::PgConnectOptions as sqlx::ConnectOptions>::from_url(url);
            let options = options.map_err(unreadable)?;
            Ok(Target::Postgres(Box::new(sqlx::ConnectOptions::disable_statement_logging(options))))
        }
        #[cfg(feature = "mysql")]
        "mysql" => {
            if url.path().trim_matches('/').is_empty() {
                let problem = format!("`{}` names no database", shown(url));
                return Err(InvalidUrl::new(problem, "use `mysql://user:password@host/database`"));
            }
            let options = <sqlx::mysql::MySqlConnectOptions as sqlx::ConnectOptions>::from_url(url);
            let options = options.map_err(unreadable)?;
            Ok(Target::MySql(Box::new(sqlx::ConnectOptions::disable_statement_logging(options))))
        }
        #[cfg(feature = "sqlite")]
        "sqlite" => {
            let path = url.path();
            let absolute = Url::parse(&format!("file:{path}")).ok().filter(|_| path.starts_with('/'));
            let path = absolute.and_then(|url| url.to_file_path().ok()).filter(|path| path.file_name().is_some());
            match path {
                Some(path) if !url.has_host() && !url.path().ends_with('/') => {
                    Ok(Target::Sqlite(crate::file::File { path }))
                }
                _ => Err(InvalidUrl::new("`sqlite:` names no absolute file", "use `sqlite:/absolute/file`")),
            }
        }
        _ => Err(InvalidUrl::new("this program was built without databases", format!("build it with `{feature}`"))),
    }
}

/// Takes an option that is ours out of the others.
fn take(url: &mut Url, option: &str) -> Result<Option<String>, InvalidUrl> {
    let (ours, others): (Vec<_>, Vec<_>) = url.query_pairs().into_owned().partition(|(name, _)| name == option);
    if ours.len() > 1 {
        return Err(said_twice(option));
    }
    url.set_query(None);
    if !others.is_empty() {
        url.query_pairs_mut().extend_pairs(others);
    }
    Ok(ours.into_iter().next().map(|(_, value)| value))
}

fn said_twice(option: &str) -> InvalidUrl {
    InvalidUrl::new(format!("the option `{option}` is said twice"), "say it once")
}

fn read_setup(text: &str) -> Result<Setup, InvalidUrl> {
    match text {
        "automatic" => Ok(Setup::Automatic),
        "by-hand" => Ok(Setup::ByHand),
        _ => Err(InvalidUrl::new("`setup` says nothing", "use `setup=automatic` or `setup=by-hand`")),
    }
}

/// Better now than with the first visitor.
fn demand_tls(url: &Url) -> Result<(), InvalidUrl> {
    let wants = url.query_pairs().any(|(name, value)| {
        let value = value.to_ascii_lowercase();
        let demands = value.starts_with("require") || value.starts_with("verify");
        FILES.contains(&&*name) || (matches!(&*name, "sslmode" | "ssl-mode") && demands)
    });
    if wants && !cfg!(feature = "tls") {
        let problem = "this program was built without TLS, which the URL of the database demands";
        return Err(InvalidUrl::new(problem, "build it with the feature `tls`"));
    }
    Ok(())
}

/// The options that name files, or hold what would be in one.
const FILES: &[&str] = &["sslrootcert", "sslcert", "sslkey", "ssl-ca", "ssl-cert", "ssl-key"];

fn demand_files(url: &Url) -> Result<(), InvalidUrl> {
    let is_there = |value: &str| value.trim_start().starts_with("-----BEGIN") || std::fs::File::open(value).is_ok();
    match url.query_pairs().find(|(name, value)| FILES.contains(&&**name) && !is_there(value)) {
        None => Ok(()),
        Some((name, _)) => {
            let problem = format!("`{name}` in the URL of the database names no file that this program can read");
            Err(InvalidUrl::new(problem, "use the absolute path of a PEM file, and let its user read it"))
        }
    }
}

/// Scheme, host, port and path: no user, no password, no options.
fn shown(url: &Url) -> String {
    match url.host_str() {
        Some(host) => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{host}{port}{}", url.scheme(), url.path())
        }
        None => format!("{}:{}", url.scheme(), url.path()),
    }
}

fn or(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
