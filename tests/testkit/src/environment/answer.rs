//! What a server answered, and what a test asks of it.

use std::fmt;

use http::HeaderMap;
use serde_json::Value;

/// What a server answered.
#[derive(Clone)]
pub struct Answer {
    pub(super) request: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// The name of the session cookie, without its prefix, where no setting says otherwise.
const SESSION: &str = "webstack_session";

impl Answer {
    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{self:?} is not JSON: {error}"))
    }

    /// The member `value` of the JSON body.
    ///
    /// # Panics
    ///
    /// If the status is not 200 or the body not JSON.
    #[track_caller]
    pub fn value(&self) -> Value {
        self.expect(200).json()["value"].clone()
    }

    /// Insists on a status.
    ///
    /// # Panics
    ///
    /// If it is another.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Every cookie that is set or removed.
    pub fn set_cookies(&self) -> Vec<SetCookie> {
        let values = self.headers.get_all("set-cookie").iter();
        values.map(|value| SetCookie::parse(&String::from_utf8_lossy(value.as_bytes()))).collect()
    }

    /// The session cookie of the default name, if it is set or removed.
    ///
    /// # Panics
    ///
    /// If that happens more than once.
    #[track_caller]
    pub fn session_cookie(&self) -> Option<SetCookie> {
        let mut ours = self.set_cookies();
        ours.retain(|cookie| cookie.name.ends_with(SESSION));
        assert!(ours.len() <= 1, "one session cookie at most: {self:?}");
        ours.pop()
    }

    /// Insists that a token is given, and returns it.
    ///
    /// # Panics
    ///
    /// If none is given.
    #[track_caller]
    pub fn token(&self) -> String {
        let cookie = self.session_cookie().unwrap_or_else(|| panic!("a token is given: {self:?}"));
        assert!(!cookie.is_removal(), "a token is given, not removed: {self:?}");
        cookie.value
    }

    /// Insists that the token is removed.
    ///
    /// # Panics
    ///
    /// If it is not.
    #[track_caller]
    pub fn expect_removal(&self) -> &Self {
        let cookie = self.session_cookie();
        assert!(cookie.is_some_and(|cookie| cookie.is_removal()), "the token is removed: {self:?}");
        self
    }

    /// Insists that the session cookie is neither set nor removed.
    ///
    /// # Panics
    ///
    /// If it is.
    #[track_caller]
    pub fn expect_no_session_header(&self) -> &Self {
        assert!(self.session_cookie().is_none(), "no session header: {self:?}");
        self
    }

    /// True if a header that is a comma-separated list has this member, on whichever line.
    pub fn lists(&self, header: &str, member: &str) -> bool {
        let lines = self.headers.get_all(header).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|candidate| candidate.trim().eq_ignore_ascii_case(member))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}", self.request, self.status)?;
        for (name, value) in &self.headers {
            write!(f, " · {name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        let text = self.text();
        write!(f, " · {}", text.chars().take(300).collect::<String>())
    }
}

/// A `Set-Cookie` header, as a browser reads it (RFC 6265 §5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    /// The cookie's name, prefix included.
    pub name: String,
    /// Its value.
    pub value: String,
    attributes: Vec<(String, String)>,
}

impl SetCookie {
    fn parse(header: &str) -> Self {
        let pair = |text: &str| match text.split_once('=') {
            Some((name, value)) => (name.trim().to_owned(), value.trim().to_owned()),
            None => (text.trim().to_owned(), String::new()),
        };
        let mut parts = header.split(';').map(pair);
        let (name, value) = parts.next().unwrap_or_default();
        let attributes = parts.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        SetCookie { name, value, attributes }
    }

    /// The value of an attribute, empty if it has none; `None` where the attribute is absent.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// True if the browser is told to forget the cookie.
    pub fn is_removal(&self) -> bool {
        let over = self.attribute("max-age").and_then(|age| age.parse::<i64>().ok()).is_some_and(|age| age <= 0);
        over || self.attribute("expires").is_some_and(|date| date.contains(" 1970 "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_cookie_header_is_read_as_browsers_do() {
        let cookie = SetCookie::parse("__Host-a=b=c; Path=/; secure; Max-Age=0");
        assert_eq!((cookie.name.as_str(), cookie.value.as_str()), ("__Host-a", "b=c"));
        assert_eq!(cookie.attribute("path"), Some("/"));
        assert_eq!(cookie.attribute("Secure"), Some(""));
        assert_eq!(cookie.attribute("HttpOnly"), None);
        assert!(cookie.is_removal());
        assert!(!SetCookie::parse("a=b; Max-Age=10").is_removal());
        assert!(!SetCookie::parse("a=").is_removal(), "an empty value is a value");
    }
}
