//! The configuration in environment variables, the same for every program.

use std::ffi::OsString;
use std::time::Duration;

use crate::config::Builder;
use crate::expiry::CookieLifetime;
use crate::{
    Carrier, ConfigError, CookiePath, CookiePrefix, OnCorrupt, OnGone, OnServerError, OnStoreFailure, SameSite,
    Sessions, SigningKey, Timeouts,
};

const PREFIX: &str = "WEBSTACK_";

const SECRET: &str = "WEBSTACK_SECRET";

const SECRET_FILE: &str = "WEBSTACK_SECRET_FILE";

/// Names that container platforms inject, for a service that happens to be called `webstack`.
const INJECTED: [&str; 2] = ["WEBSTACK_SERVICE_", "WEBSTACK_PORT"];

/// Reads one variable into the builder; the error is what is wrong and what would be right.
type Read = fn(Builder, &str) -> Result<Builder, (String, &'static str)>;

/// Every variable, in the order in which they are read, with the function that reads it.
const VARIABLES: [(&str, Read); 26] = [
    ("WEBSTACK_STORE", |builder, text| Ok(builder.store_url(text))),
    ("WEBSTACK_MOVE_FROM", |builder, text| Ok(builder.move_from_url(text))),
    ("WEBSTACK_CACHE", |builder, text| {
        let staleness = match text {
            "0" => None,
            _ => Some(fraction(text, "use seconds, such as `1` or `0.2`, or `0` for none")?),
        };
        Ok(builder.cache(staleness))
    }),
    ("WEBSTACK_PERSIST", persist),
    ("WEBSTACK_COOKIE_NAME", |builder, text| Ok(builder.cookie_name(text))),
    ("WEBSTACK_COOKIE_PREFIX", |builder, text| {
        let names = [
            ("auto", CookiePrefix::Auto),
            ("host", CookiePrefix::Host),
            ("secure", CookiePrefix::Secure),
            ("none", CookiePrefix::None),
        ];
        Ok(builder.cookie_prefix(one_of(text, &names, "use `auto`, `host`, `secure` or `none`")?))
    }),
    ("WEBSTACK_COOKIE_PATH", |builder, text| {
        Ok(builder.cookie_path(if text == "mount" { CookiePath::Mount } else { CookiePath::At(text.to_owned()) }))
    }),
    ("WEBSTACK_COOKIE_DOMAIN", |builder, text| Ok(builder.cookie_domain(Some(text.to_owned())))),
    ("WEBSTACK_COOKIE_SECURE", |builder, text| Ok(builder.cookie_secure(yes_or_no(text)?))),
    ("WEBSTACK_COOKIE_HTTP_ONLY", |builder, text| Ok(builder.cookie_http_only(yes_or_no(text)?))),
    ("WEBSTACK_COOKIE_SAME_SITE", |builder, text| {
        let names = [("lax", SameSite::Lax), ("strict", SameSite::Strict), ("none", SameSite::None)];
        Ok(builder.cookie_same_site(one_of(text, &names, "use `lax`, `strict` or `none`")?))
    }),
    ("WEBSTACK_COOKIE_EXPIRES", |builder, text| {
        Ok(builder.cookie_lifetime(match text {
            "session" => CookieLifetime::Session,
            "never" => CookieLifetime::Never,
            _ => CookieLifetime::For(seconds(text, "use `session`, `never` or a number of seconds")?),
        }))
    }),
    ("WEBSTACK_TIMEOUTS", |builder, text| {
        let names = [("aal1", Timeouts::AAL1), ("aal2", Timeouts::AAL2), ("aal3", Timeouts::AAL3)];
        Ok(builder.timeouts(one_of(text, &names, "use `aal1`, `aal2` or `aal3`")?))
    }),
    ("WEBSTACK_IDLE_TIMEOUT", |builder, text| Ok(builder.idle_timeout(timeout(text)?))),
    ("WEBSTACK_ABSOLUTE_TIMEOUT", |builder, text| Ok(builder.absolute_timeout(timeout(text)?))),
    ("WEBSTACK_USER_SESSIONS", super::users::read),
    ("WEBSTACK_RENEW_EVERY", |builder, text| Ok(builder.renew_every(timeout(text)?))),
    ("WEBSTACK_ON_CORRUPT", |builder, text| {
        let names = [("renew", OnCorrupt::Renew), ("fail", OnCorrupt::Fail)];
        Ok(builder.on_corrupt(one_of(text, &names, "use `renew` or `fail`")?))
    }),
    ("WEBSTACK_ON_SERVER_ERROR", |builder, text| {
        let names = [("discard", OnServerError::Discard), ("keep", OnServerError::Keep)];
        Ok(builder.on_server_error(one_of(text, &names, "use `discard` or `keep`")?))
    }),
    ("WEBSTACK_ON_GONE", |builder, text| {
        let names = [("ignore", OnGone::Ignore), ("respond", OnGone::Respond)];
        Ok(builder.on_gone(one_of(text, &names, "use `ignore` or `respond`")?))
    }),
    ("WEBSTACK_ON_STORE_FAILURE", |builder, text| {
        let names = [("fail", OnStoreFailure::Fail), ("anonymous", OnStoreFailure::Anonymous)];
        Ok(builder.on_store_failure(one_of(text, &names, "use `fail` or `anonymous`")?))
    }),
    ("WEBSTACK_PURGE_EVERY", |builder, text| {
        let every = match text {
            "0" => None,
            _ => Some(seconds(text, "use a number of seconds, or `0` for never")?),
        };
        Ok(builder.purge_every(every))
    }),
    ("WEBSTACK_LOCK_LEASE", |builder, text| {
        Ok(builder.lock_lease(seconds(text, "use a number of seconds, less than the 5 that others wait")?))
    }),
    ("WEBSTACK_HEADER_NAME", |builder, text| Ok(builder.header_name(text))),
    (SECRET, |builder, text| keys(builder, text.split(','))),
    (SECRET_FILE, |builder, path| {
        let mend = "name a file that this user can read, with a key a line";
        let text =
            std::fs::read_to_string(path).map_err(|error| (format!("the file cannot be read ({error})"), mend))?;
        warn_of_readers(path);
        keys(builder, text.lines().filter(|line| !line.trim().is_empty()))
    }),
];

impl Sessions {
    /// The configuration that the environment variables `WEBSTACK_…` make.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] as for [`Builder::env`] and [`Builder::build`].
    pub fn from_env() -> Result<Sessions, ConfigError> {
        Sessions::builder().env()?.build()
    }
}

impl Builder {
    /// Reads the environment variables `WEBSTACK_…` over the settings made so far.
    ///
    /// An empty variable counts as unset. A name that is not known is a warning in the log.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for a value that cannot be read, and for a name so near to a known one that it is a slip.
    pub fn env(self) -> Result<Builder, ConfigError> {
        self.variables(std::env::vars_os())
    }

    /// As [`env`](Builder::env), from these variables.
    ///
    /// ```
    /// use webstack_core::Sessions;
    ///
    /// let slip = Sessions::builder().variables([("WEBSTACK_COOKIE_NAM".into(), "shop".into())]).unwrap_err();
    /// assert_eq!(
    ///     slip.to_string(),
    ///     "WEBSTACK_COOKIE_NAM: there is no such variable; did you mean WEBSTACK_COOKIE_NAME?"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`env`](Builder::env).
    pub fn variables(
        mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Builder, ConfigError> {
        let mut secrets = 0;
        // What one variable says by and large another may say exactly, so they are read in the order of the table.
        let place = |name: &str| VARIABLES.iter().position(|variable| *name == *variable.0);
        // Those of others are many, in a CGI program, and need no order.
        let ours = |name: OsString| name.into_string().ok().filter(|name| name.starts_with(PREFIX));
        let mut variables: Vec<_> =
            variables.into_iter().filter_map(|(name, value)| Some((ours(name)?, value))).collect();
        variables.sort_by_key(|variable| place(&variable.0));
        for (name, value) in variables {
            let name = name.as_str();
            if value.is_empty() || INJECTED.iter().any(|injected| name.starts_with(injected)) {
                continue;
            }
            let Some((_, read)) = VARIABLES.iter().find(|variable| variable.0 == name) else {
                unknown(name)?;
                continue;
            };
            let text =
                value.to_str().ok_or_else(|| ConfigError::new(name, "the value is not UTF-8", "use plain text"))?;
            if [SECRET, SECRET_FILE].contains(&name) {
                secrets += 1;
            }
            self = read(self, text).map_err(|(problem, mend)| ConfigError::new(name, problem, mend))?;
        }
        if secrets > 1 {
            let problem = "WEBSTACK_SECRET is set as well";
            return Err(ConfigError::new(SECRET_FILE, problem, "set one of them"));
        }
        Ok(self)
    }
}

/// A slip of a letter or two would silently turn a setting off; anything else may be somebody else's.
fn unknown(name: &str) -> Result<(), ConfigError> {
    let near = VARIABLES.iter().map(|variable| (strsim::osa_distance(name, variable.0), variable.0)).min();
    match near {
        Some((1 | 2, known)) => {
            Err(ConfigError::new(name, "there is no such variable", format!("did you mean {known}?")))
        }
        _ => {
            tracing::warn!(target: "webstack::session", name, "there is no such variable; it is ignored");
            Ok(())
        }
    }
}

fn one_of<T: Copy>(text: &str, names: &[(&str, T)], mend: &'static str) -> Result<T, (String, &'static str)> {
    let found = names.iter().find(|name| name.0 == text);
    found.map(|name| name.1).ok_or_else(|| (format!("`{}` is none of its values", text.escape_debug()), mend))
}

fn yes_or_no(text: &str) -> Result<bool, (String, &'static str)> {
    one_of(text, &[("true", true), ("false", false)], "use `true` or `false`")
}

fn timeout(text: &str) -> Result<Option<Duration>, (String, &'static str)> {
    if text == "none" { Ok(None) } else { seconds(text, "use a number of seconds, or `none`").map(Some) }
}

/// Whole seconds, at least one.
fn seconds(text: &str, mend: &'static str) -> Result<Duration, (String, &'static str)> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(seconds) if digits && seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err((format!("`{}` is not a positive number of seconds", text.escape_debug()), mend)),
    }
}

/// Seconds with a decimal point or without, more than none of them, to the nanosecond.
fn fraction(text: &str, mend: &'static str) -> Result<Duration, (String, &'static str)> {
    let wrong = || (format!("`{}` is not a positive number of seconds", text.escape_debug()), mend);
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 9 {
        return Err(wrong());
    }
    let seconds = whole.parse().map_err(|_| wrong())?;
    let nanos = format!("{part:0<9}").parse().map_err(|_| wrong())?;
    Some(Duration::new(seconds, nanos)).filter(|duration| !duration.is_zero()).ok_or_else(wrong)
}

fn persist(builder: Builder, text: &str) -> Result<Builder, (String, &'static str)> {
    let names = [("cookie", Carrier::Cookie), ("header", Carrier::Header), ("query", Carrier::Query)];
    let mend = "use `cookie`, `header`, `cookie,header`, `header,cookie` or `query`";
    let carriers = text.split(',').map(|name| one_of(name.trim(), &names, mend)).collect::<Result<Vec<_>, _>>()?;
    Ok(builder.carriers(carriers))
}

/// A key that everybody on the machine can read protects nothing from them.
fn warn_of_readers(path: &str) {
    #[cfg(unix)]
    if let Ok(meta) = std::fs::metadata(path) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&meta.permissions());
        if mode & 0o007 != 0 {
            tracing::warn!(target: "webstack::session", path, "everybody on this machine may use the file of keys");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// The error tells which key is too short, and nothing of it.
fn keys<'a>(builder: Builder, texts: impl Iterator<Item = &'a str>) -> Result<Builder, (String, &'static str)> {
    let key = |(index, text): (usize, &'a str)| {
        let text = text.trim();
        let short = |_| {
            let mend = "use 32 bytes or more, such as `openssl rand -base64 32` makes";
            (format!("key {} has {} bytes", index + 1, text.len()), mend)
        };
        SigningKey::new(text).map_err(short)
    };
    let keys = texts.enumerate().map(key).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() {
        return Err(("there is no key in it".into(), "write a key a line, of 32 bytes or more"));
    }
    Ok(builder.signing_keys(keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_as_they_are_written() {
        for (text, millis) in [("1", 1000), ("0.2", 200), ("2.50", 2500), ("10.001", 10_001)] {
            assert_eq!(fraction(text, ""), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(fraction("0.000000001", ""), Ok(Duration::from_nanos(1)));
    }
}
