//! The session cookie: reading it among its neighbours, and writing it (RFC 6265bis).
//!
//! Cookies are read as bytes: a neighbour's bad UTF-8, quotes or garbage cannot hide ours. There is no unquoting and
//! no percent-decoding, so no other spelling of the name matches (CVE-2020-8184).

use std::fmt::Write as _;
use std::time::Duration;

use http::HeaderValue;

use crate::token::{TOKEN_TEXT, Token};

/// How many tokens one request may present; the rest is not looked at.
const MOST_TOKENS: usize = 8;

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

/// The tokens that a request presented, in the order of its headers.
#[derive(Debug, Default)]
pub(crate) struct Presented {
    pub(crate) tokens: Vec<Token>,
    /// A cookie of our name held something else.
    pub(crate) malformed: bool,
}

/// Reads and writes the session cookie.
#[derive(Debug)]
pub(crate) struct CookieCarrier {
    /// The name on the wire, prefix included.
    name: String,
    path: CookiePath,
    /// The attributes behind the path.
    attributes: String,
    secure: bool,
}

impl CookieCarrier {
    pub(crate) fn new(settings: &CookieSettings) -> Result<Self, CookieFlaw> {
        check(settings)?;
        let prefix = match prefix_of(settings) {
            CookiePrefix::Host => "__Host-",
            CookiePrefix::Secure => "__Secure-",
            CookiePrefix::None | CookiePrefix::Auto => "",
        };
        let mut attributes = String::new();
        if let Some(domain) = &settings.domain {
            let _ = write!(attributes, "; Domain={domain}");
        }
        for (wanted, attribute) in [(settings.secure, "; Secure"), (settings.http_only, "; HttpOnly")] {
            attributes.push_str(if wanted { attribute } else { "" });
        }
        attributes.push_str(match settings.same_site {
            SameSite::Lax => "; SameSite=Lax",
            SameSite::Strict => "; SameSite=Strict",
            SameSite::None => "; SameSite=None",
        });
        attributes.push_str(if settings.partitioned { "; Partitioned" } else { "" });
        Ok(CookieCarrier {
            name: format!("{prefix}{}", settings.name),
            path: settings.path.clone(),
            attributes,
            secure: settings.secure,
        })
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// True if the cookie's path depends on where the application is mounted.
    pub(crate) fn follows_mount(&self) -> bool {
        self.path == CookiePath::Mount
    }

    /// Collects the tokens in one `Cookie` header line.
    pub(crate) fn read(&self, line: &[u8], presented: &mut Presented) {
        for pair in line.split(|byte| *byte == b';') {
            let Some(value) = pair.trim_ascii().strip_prefix(self.name.as_bytes()) else { continue };
            let Some(value) = value.trim_ascii_start().strip_prefix(b"=") else { continue };
            match Token::parse(value.trim_ascii_start()) {
                Some(token) if presented.tokens.len() < MOST_TOKENS => presented.tokens.push(token),
                Some(_) => return,
                None => presented.malformed = true,
            }
        }
    }

    /// The `Set-Cookie` value that hands out a token.
    pub(crate) fn hand_out(&self, token: &Token, mount: &str, max_age: Option<Duration>) -> HeaderValue {
        self.write(&token.expose(), mount, max_age)
    }

    /// The `Set-Cookie` value that makes the browser forget its token; all attributes are those it was set with.
    pub(crate) fn take_back(&self, mount: &str) -> HeaderValue {
        self.write("", mount, Some(Duration::ZERO))
    }

    fn write(&self, value: &str, mount: &str, max_age: Option<Duration>) -> HeaderValue {
        let mut text = String::with_capacity(self.name.len() + TOKEN_TEXT + self.attributes.len() + 64);
        let _ = write!(text, "{}={value}; Path=", self.name);
        match &self.path {
            CookiePath::At(path) => text.push_str(path),
            CookiePath::Mount => push_path(&mut text, mount),
        }
        if let Some(age) = max_age {
            let _ = write!(text, "; Max-Age={}", age.as_secs());
            if age.is_zero() {
                text.push_str("; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
            }
        }
        text.push_str(&self.attributes);
        let mut header =
            HeaderValue::try_from(text).expect("name, path and attributes were checked to be visible ASCII");
        header.set_sensitive(true);
        header
    }
}

/// Writes a mount prefix as a cookie path; what would end the attribute is percent-encoded.
fn push_path(text: &mut String, mount: &str) {
    if !mount.starts_with('/') {
        text.push('/');
    }
    for byte in mount.bytes() {
        match byte {
            b';' | 0..=b' ' | 0x7f.. => drop(write!(text, "%{byte:02X}")),
            _ => text.push(byte.into()),
        }
    }
}

fn prefix_of(settings: &CookieSettings) -> CookiePrefix {
    let whole_host = settings.domain.is_none() && settings.path == CookiePath::At("/".to_owned());
    match settings.prefix {
        CookiePrefix::Auto if !settings.secure => CookiePrefix::None,
        CookiePrefix::Auto if whole_host => CookiePrefix::Host,
        CookiePrefix::Auto => CookiePrefix::Secure,
        chosen => chosen,
    }
}

/// Refuses what browsers would refuse, and what would not be one cookie.
fn check(settings: &CookieSettings) -> Result<(), CookieFlaw> {
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

    fn carrier() -> CookieCarrier {
        CookieCarrier::new(&CookieSettings::default()).expect("the defaults are good")
    }

    fn read(line: &[u8]) -> Presented {
        let mut presented = Presented::default();
        carrier().read(line, &mut presented);
        presented
    }

    fn text() -> String {
        Token::generate().expect("a generator").expose()
    }

    #[test]
    fn the_defaults_are_the_strictest_that_work() {
        let token = Token::generate().expect("a generator");
        let header = carrier().hand_out(&token, "", None);
        let expected = format!("__Host-webstack_session={}; Path=/; Secure; HttpOnly; SameSite=Lax", token.expose());
        assert_eq!(header, expected.as_str());
        assert!(!format!("{header:?}").contains(&token.expose()), "the header is marked as sensitive");
    }

    #[test]
    fn the_removal_repeats_every_attribute() {
        let settings = CookieSettings {
            domain: Some("example.test".into()),
            path: CookiePath::At("/shop".into()),
            partitioned: true,
            ..CookieSettings::default()
        };
        let header = CookieCarrier::new(&settings).expect("good settings").take_back("");
        assert_eq!(
            header,
            "__Secure-webstack_session=; Path=/shop; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; \
             Domain=example.test; Secure; HttpOnly; SameSite=Lax; Partitioned"
        );
    }

    #[test]
    fn malformed_neighbours_hide_nothing() {
        let token = text();
        for line in [
            format!("a=\"x; __Host-webstack_session={token}"),
            format!("=; ;;= ; __Host-webstack_session={token}; \""),
            format!("__Host-webstack_session=garbage; __Host-webstack_session={token}"),
            format!("  __Host-webstack_session = {token}  "),
        ] {
            assert_eq!(read(line.as_bytes()).tokens.len(), 1, "{line}");
        }
        let mut bad = b"x=\xff\xfe; ".to_vec();
        bad.extend_from_slice(format!("__Host-webstack_session={token}").as_bytes());
        assert_eq!(read(&bad).tokens.len(), 1);
    }

    #[test]
    fn no_other_spelling_of_the_name_matches() {
        let token = text();
        for name in [
            "webstack_session",
            "%5F%5FHost-webstack_session",
            "__host-webstack_session",
            "__Secure-webstack_session",
            "x__Host-webstack_session",
            "__Host-webstack_session2",
            "\u{2000}__Host-webstack_session",
        ] {
            let presented = read(format!("{name}={token}").as_bytes());
            assert!(presented.tokens.is_empty() && !presented.malformed, "{name}");
        }
        assert!(read(format!("__Host-webstack_session=\"{token}\"").as_bytes()).malformed, "no unquoting");
    }

    #[test]
    fn eight_tokens_are_taken_and_no_more() {
        let line = vec![format!("__Host-webstack_session={}", text()); 12].join("; ");
        assert_eq!(read(line.as_bytes()).tokens.len(), MOST_TOKENS);
    }

    #[test]
    fn a_mount_cannot_add_attributes() {
        let settings = CookieSettings { path: CookiePath::Mount, ..CookieSettings::default() };
        let carrier = CookieCarrier::new(&settings).expect("good settings");
        let header = carrier.take_back("/a; Domain=evil\r\n\u{e9}");
        let header = header.to_str().expect("ASCII");
        assert!(header.contains("; Path=/a%3B%20Domain=evil%0D%0A%C3%A9; Max-Age=0"), "{header}");
        assert!(carrier.take_back("").to_str().expect("ASCII").contains("; Path=/; "));
    }

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
            let flaw = CookieCarrier::new(&settings).expect_err(variable);
            assert_eq!(flaw.variable, variable);
        }
    }
}
