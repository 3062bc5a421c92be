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

/// Names that mean something to somebody else.
const TAKEN: [&str; 8] =
    ["authorization", "cache-control", "content-length", "content-type", "cookie", "host", "set-cookie", "vary"];

impl HeaderCarrier {
    pub(crate) fn new(name: &str) -> Result<Self, ConfigError> {
        let error = |problem: String, mend| ConfigError::new("WEBSTACK_HEADER_NAME", problem, mend);
        let wrong = |_| error(format!("`{}` is not a header name", name.escape_debug()), "use `x-session-token`");
        let name = HeaderName::try_from(name).map_err(wrong)?;
        if TAKEN.contains(&name.as_str()) {
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
