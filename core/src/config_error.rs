//! What is wrong with a configuration, and what would be right.

use std::error::Error;
use std::fmt;

/// A configuration cannot be used. Its text is one line: the variable, what is wrong, and the mend; for `Debug` too, because
/// that is what is printed of an error that `main` returns.
///
/// ```
/// use webstack_core::{CookiePrefix, Sessions};
///
/// let error = Sessions::builder().cookie_secure(false).cookie_prefix(CookiePrefix::Host).build().unwrap_err();
/// assert_eq!(error.variable(), "WEBSTACK_COOKIE_PREFIX");
/// assert_eq!(
///     error.to_string(),
///     "WEBSTACK_COOKIE_PREFIX: browsers drop a cookie with this prefix that is not Secure; \
///      set WEBSTACK_COOKIE_SECURE=true, or WEBSTACK_COOKIE_PREFIX=auto"
/// );
/// ```
pub struct ConfigError {
    variable: String,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ConfigError {
    /// An error of the setting that this variable stands for: what is wrong, and what would be right.
    pub fn new(variable: impl Into<String>, problem: impl fmt::Display, mend: impl fmt::Display) -> Self {
        ConfigError { variable: variable.into(), message: format!("{problem}; {mend}"), source: None }
    }

    /// An error of this setting whose cause says the mend itself.
    pub fn caused(variable: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let cause = cause.into();
        ConfigError { variable: variable.into(), message: cause.to_string(), source: Some(cause) }
    }

    /// The environment variable of the setting, also where it was made in code.
    pub fn variable(&self) -> &str {
        &self.variable
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.message)
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // The cause's own message stands in ours; what caused it does not.
        self.source.as_deref().and_then(Error::source)
    }
}
