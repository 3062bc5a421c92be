//! The cookie as it is asked for, and what browsers would make of it.

use crate::token::TOKEN_TEXT;

/// The longest cookie that every browser keeps: name, value and attributes (RFC 6265bis §5.5).
const LONGEST_COOKIE: usize = 4096;

/// The prefix of the cookie's name, by which browsers enforce its attributes (RFC 6265bis §4.1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookiePrefix {
    /// The strongest that the other settings allow.
    #[default]
    Auto,
    /// `__Host-`: Secure, path `/`, no domain.
    Host,
    /// `__Secure-`: Secure.
    Secure,
    /// No prefix.
    None,
}

/// Which cross-site requests carry the cookie (RFC 6265bis §5.6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// Following a link from elsewhere does, posting a form from elsewhere does not.
    #[default]
    Lax,
    /// None does.
    Strict,
    /// All do; browsers then demand a Secure cookie.
    None,
}

/// Under which paths the browser sends the cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookiePath {
    /// Under this path; `/` is all of the site.
    At(String),
    /// Under the prefix that the application is mounted on.
    Mount,
}

impl Default for CookiePath {
    fn default() -> Self {
        CookiePath::At("/".to_owned())
    }
}

/// The cookie as it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct CookieSettings {
    pub(crate) name: String,
    pub(crate) prefix: CookiePrefix,
    pub(crate) path: CookiePath,
    pub(crate) domain: Option<String>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) partitioned: bool,
}

impl Default for CookieSettings {
    fn default() -> Self {
        CookieSettings {
            name: "webstack_session".to_owned(),
            prefix: CookiePrefix::default(),
            path: CookiePath::default(),
            domain: None,
            secure: true,
            http_only: true,
            same_site: SameSite::default(),
            partitioned: false,
        }
    }
}

/// Which setting of a cookie is wrong, why, and what would be right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CookieFlaw {
    pub(crate) variable: &'static str,
    pub(crate) problem: String,
    pub(crate) mend: &'static str,
}

/// The prefix that the cookie gets: `Auto` made definite.
pub(super) fn effective_prefix(settings: &CookieSettings) -> CookiePrefix {
    let whole_host = settings.domain.is_none() && settings.path == CookiePath::At("/".to_owned());
    match settings.prefix {
        CookiePrefix::Auto if !settings.secure => CookiePrefix::None,
        CookiePrefix::Auto if whole_host => CookiePrefix::Host,
        CookiePrefix::Auto => CookiePrefix::Secure,
        chosen => chosen,
    }
}

/// Refuses what browsers would refuse, and what would not be one cookie.
pub(super) fn check(settings: &CookieSettings) -> Result<(), CookieFlaw> {
    let flaw = |variable, problem: String, mend| Err(CookieFlaw { variable, problem, mend });
    let CookieSettings { name, prefix, path, domain, secure, same_site, partitioned, .. } = settings;

    if name.is_empty() || !name.bytes().all(is_token_byte) {
        let mend = "use letters, digits, `_` and `-`, such as `webstack_session`";
        return flaw("WEBSTACK_COOKIE_NAME", format!("`{}` is not a cookie name", name.escape_debug()), mend);
    }
    if name.len() > 128 {
        return flaw("WEBSTACK_COOKIE_NAME", "the name is longer than 128 characters".into(), "use a shorter one");
    }
    if name.starts_with("__") {
        let mend = "leave the prefix away and set WEBSTACK_COOKIE_PREFIX to `host` or `secure`";
        return flaw("WEBSTACK_COOKIE_NAME", format!("`{name}` begins with a reserved prefix"), mend);
    }
    if let CookiePath::At(path) = path
        && (!path.starts_with('/') || !path.bytes().all(is_attribute_byte))
    {
        let mend = "use a path such as `/shop`, or `mount`";
        return flaw("WEBSTACK_COOKIE_PATH", format!("`{}` is not a cookie path", path.escape_debug()), mend);
    }
    if let Some(domain) = domain
        && !is_domain(domain)
    {
        let mend =
            "use a domain name without a leading dot, such as `example.test`, or leave it unset for this host alone";
        return flaw("WEBSTACK_COOKIE_DOMAIN", format!("`{}` is not a cookie domain", domain.escape_debug()), mend);
    }
    if matches!(prefix, CookiePrefix::Host | CookiePrefix::Secure) && !secure {
        let mend = "set WEBSTACK_COOKIE_SECURE=true, or WEBSTACK_COOKIE_PREFIX=auto";
        return flaw(
            "WEBSTACK_COOKIE_PREFIX",
            "browsers drop a cookie with this prefix that is not Secure".into(),
            mend,
        );
    }
    if *prefix == CookiePrefix::Host && domain.is_some() {
        let mend = "use `secure` or `auto`, or unset WEBSTACK_COOKIE_DOMAIN";
        return flaw("WEBSTACK_COOKIE_PREFIX", "browsers drop a `__Host-` cookie that has a domain".into(), mend);
    }
    if *prefix == CookiePrefix::Host && *path != CookiePath::At("/".to_owned()) {
        let mend = "use `secure` or `auto`, or set WEBSTACK_COOKIE_PATH=/";
        return flaw("WEBSTACK_COOKIE_PREFIX", "browsers drop a `__Host-` cookie whose path is not `/`".into(), mend);
    }
    if *same_site == SameSite::None && !secure {
        let mend = "set WEBSTACK_COOKIE_SECURE=true, or use `lax`";
        return flaw(
            "WEBSTACK_COOKIE_SAME_SITE",
            "browsers drop a SameSite=None cookie that is not Secure".into(),
            mend,
        );
    }
    if *partitioned && !secure {
        let mend = "set WEBSTACK_COOKIE_SECURE=true";
        return flaw("WEBSTACK_COOKIE_SECURE", "browsers drop a Partitioned cookie that is not Secure".into(), mend);
    }
    let path_length = if let CookiePath::At(path) = path { path.len() } else { 0 };
    if name.len() + path_length + domain.as_ref().map_or(0, String::len) + TOKEN_TEXT + 256 > LONGEST_COOKIE {
        let problem = format!("the cookie would be longer than {LONGEST_COOKIE} bytes, and browsers drop it");
        return flaw("WEBSTACK_COOKIE_PATH", problem, "use a shorter path");
    }
    Ok(())
}

/// A character of an HTTP token (RFC 9110 §5.6.2), as cookie names are.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A character of a cookie attribute's value (RFC 6265bis §4.1.1).
fn is_attribute_byte(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && byte != b';'
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(label)
        && domain.parse::<std::net::IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_would_drop_is_refused() {
        type Spoil = fn(&mut CookieSettings);
        let cases: [(&str, Spoil); 16] = [
            ("WEBSTACK_COOKIE_NAME", |s| s.name = "a b".into()),
            ("WEBSTACK_COOKIE_NAME", |s| s.name = "a\r\nb".into()),
            ("WEBSTACK_COOKIE_NAME", |s| s.name = "a=b".into()),
            ("WEBSTACK_COOKIE_NAME", |s| s.name = "__Host-a".into()),
            ("WEBSTACK_COOKIE_NAME", |s| s.name = String::new()),
            ("WEBSTACK_COOKIE_PATH", |s| s.path = CookiePath::At("shop".into())),
            ("WEBSTACK_COOKIE_PATH", |s| s.path = CookiePath::At("/a;b".into())),
            ("WEBSTACK_COOKIE_PATH", |s| s.path = CookiePath::At("/\u{e9}".into())),
            ("WEBSTACK_COOKIE_PATH", |s| s.path = CookiePath::At(format!("/{}", "a".repeat(4096)))),
            ("WEBSTACK_COOKIE_DOMAIN", |s| s.domain = Some(".example.test".into())),
            ("WEBSTACK_COOKIE_DOMAIN", |s| s.domain = Some("127.0.0.1".into())),
            ("WEBSTACK_COOKIE_DOMAIN", |s| s.domain = Some("a;b.test".into())),
            ("WEBSTACK_COOKIE_PREFIX", |s| (s.prefix, s.secure) = (CookiePrefix::Host, false)),
            ("WEBSTACK_COOKIE_PREFIX", |s| (s.prefix, s.domain) = (CookiePrefix::Host, Some("a.test".into()))),
            ("WEBSTACK_COOKIE_PREFIX", |s| (s.prefix, s.path) = (CookiePrefix::Host, CookiePath::Mount)),
            ("WEBSTACK_COOKIE_SAME_SITE", |s| (s.same_site, s.secure) = (SameSite::None, false)),
        ];
        for (variable, spoil) in cases {
            let mut settings = CookieSettings::default();
            spoil(&mut settings);
            let flaw = check(&settings).expect_err(variable);
            assert_eq!(flaw.variable, variable);
        }
    }
}
