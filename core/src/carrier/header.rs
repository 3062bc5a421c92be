//! The token in a header of its own: for programs, and for pages that keep it themselves.

use http::header::{HeaderName, HeaderValue};

use crate::ConfigError;

/// What stands in place of the token when the session has ended. (An empty value would not come through everywhere:
/// servers drop them from the answers of CGI programs.)
const ENDED: HeaderValue = HeaderValue::from_static("ended");

/// Writes the header that carries the token, the same in requests and responses.
#[derive(Debug)]
pub(crate) struct HeaderCarrier {
    pub(crate) name: HeaderName,
}

/// Names that mean something to clients, servers or proxies on the way.
const TAKEN: [&str; 36] = [
    "age",
    "allow",
    "authorization",
    "cache-control",
    "connection",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "from",
    "host",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "origin",
    "pragma",
    "range",
    "referer",
    "referrer-policy",
    "retry-after",
    "server",
    "set-cookie",
    "status",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-powered-by",
];

/// How such names begin, too.
const TAKEN_BEGINNINGS: [&str; 8] =
    ["accept", "access-control-", "content-", "if-", "proxy-", "sec-", "strict-", "x-forwarded-"];

impl HeaderCarrier {
    pub(crate) fn new(name: &str) -> Result<Self, ConfigError> {
        let error = |problem: String, mend| ConfigError::new("WEBSTACK_HEADER_NAME", problem, mend);
        let wrong = |_| error(format!("`{}` is not a header name", name.escape_debug()), "use `x-session-token`");
        let name = HeaderName::try_from(name).map_err(wrong)?;
        let is_taken = TAKEN.contains(&name.as_str())
            || TAKEN_BEGINNINGS.iter().any(|beginning| name.as_str().starts_with(beginning));
        if is_taken {
            return Err(error(format!("`{name}` means something else"), "use a name of its own, as `x-session-token`"));
        }
        Ok(HeaderCarrier { name })
    }

    pub(crate) fn hand_out(text: &str) -> HeaderValue {
        let mut value = HeaderValue::try_from(text).expect("a token is visible ASCII");
        value.set_sensitive(true);
        value
    }

    pub(crate) fn take_back() -> HeaderValue {
        ENDED
    }

    /// The header's name as a header's value.
    pub(crate) fn name_as_value(&self) -> HeaderValue {
        HeaderValue::try_from(self.name.as_str()).expect("a name is visible ASCII")
    }
}
