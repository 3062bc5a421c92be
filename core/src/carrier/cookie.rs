//! The session cookie: reading it among its neighbours, and writing it (RFC 6265bis).
//!
//! Cookies are read as bytes: a neighbour's bad UTF-8, quotes or garbage cannot hide ours. There is no unquoting and
//! no percent-decoding, so no other spelling of the name matches (CVE-2020-8184).

use std::fmt::Write as _;
use std::time::Duration;

use http::HeaderValue;

use super::settings::{CookieFlaw, CookiePath, CookiePrefix, CookieSettings, SameSite, check, effective_prefix};
use crate::token::TOKEN_TEXT;
use crate::wire::LONGEST;

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
        let prefix = match effective_prefix(settings) {
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

    /// Shows every value that cookies of our name have in one `Cookie` header line.
    #[inline]
    pub(crate) fn each(&self, line: &[u8], mut show: impl FnMut(&[u8])) {
        // Nearly always it is the only cookie. In a line of this length there is no room for a token and anything else.
        if line.len() == self.name.len() + 1 + TOKEN_TEXT
            && let Some([b'=', value @ ..]) = line.strip_prefix(self.name.as_bytes())
        {
            return show(value);
        }
        let mut rest = Some(line);
        while let Some(line) = rest {
            let end = memchr::memchr(b';', line);
            rest = end.map(|end| &line[end + 1..]);
            let pair = line[..end.unwrap_or(line.len())].trim_ascii();
            if let Some(behind) = pair.strip_prefix(self.name.as_bytes())
                && let Some(value) = behind.trim_ascii_start().strip_prefix(b"=")
            {
                show(value.trim_ascii_start());
            }
        }
    }

    /// The `Set-Cookie` value that hands out a token.
    pub(crate) fn hand_out(&self, text: &str, mount: &str, max_age: Option<Duration>) -> HeaderValue {
        self.write(text, mount, max_age)
    }

    /// The `Set-Cookie` value that makes the browser forget its token; all attributes are those it was set with.
    pub(crate) fn take_back(&self, mount: &str) -> HeaderValue {
        self.write("", mount, Some(Duration::ZERO))
    }

    fn write(&self, value: &str, mount: &str, max_age: Option<Duration>) -> HeaderValue {
        let mut text = String::with_capacity(self.name.len() + LONGEST + self.attributes.len() + 64);
        for part in [&self.name, "=", value, "; Path="] {
            text.push_str(part);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn carrier() -> CookieCarrier {
        CookieCarrier::new(&CookieSettings::default()).expect("the defaults are good")
    }

    const TEXT: &str = "AAECAwQFBgcICQoLDA0ODw";

    fn read(line: &[u8]) -> Vec<Vec<u8>> {
        let mut values = Vec::new();
        carrier().each(line, |value| values.push(value.to_vec()));
        values
    }

    #[test]
    fn the_defaults_are_the_strictest_that_work() {
        let header = carrier().hand_out(TEXT, "", None);
        let expected = format!("__Host-webstack_session={TEXT}; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(header, expected.as_str());
        assert!(!format!("{header:?}").contains(TEXT), "the header is marked as sensitive");
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
        for line in [
            format!("a=\"x; __Host-webstack_session={TEXT}"),
            format!("=; ;;= ; __Host-webstack_session={TEXT}; \""),
            format!("  __Host-webstack_session = {TEXT}  "),
        ] {
            assert_eq!(read(line.as_bytes()), [TEXT.as_bytes()], "{line}");
        }
        let mut bad = b"x=\xff\xfe; ".to_vec();
        bad.extend_from_slice(format!("__Host-webstack_session={TEXT}").as_bytes());
        assert_eq!(read(&bad), [TEXT.as_bytes()]);
    }

    #[test]
    fn in_a_line_that_is_as_long_as_one_token_s_there_is_no_other() {
        let (name, token) = ("__Host-webstack_session", "A".repeat(TOKEN_TEXT));
        let whole = format!("{name}={token}");
        assert_eq!(read(whole.as_bytes()), [token.as_bytes()]);
        for others in ["; x=1", " ;", "x; y", "=", "  "] {
            for line in [format!("{name}={others}{token}"), format!("{others}{whole}")] {
                let line = &line.as_bytes()[..whole.len()];
                let is_token = |value: &Vec<u8>| crate::Token::parse(value).is_some();
                assert!(!read(line).iter().any(is_token), "{}", line.escape_ascii());
            }
        }
    }

    #[test]
    fn no_other_spelling_of_the_name_matches() {
        for name in [
            "webstack_session",
            "%5F%5FHost-webstack_session",
            "__host-webstack_session",
            "__Secure-webstack_session",
            "x__Host-webstack_session",
            "__Host-webstack_session2",
            "\u{2000}__Host-webstack_session",
        ] {
            assert_eq!(read(format!("{name}={TEXT}").as_bytes()).len(), 0, "{name}");
        }
        assert_eq!(read(b"__Host-webstack_session=\"x\""), [b"\"x\""], "no unquoting");
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
}
