//! What is wrong with a configuration, and what would be right.

use std::error::Error;
use std::fmt;

/// A configuration cannot be used. Its text is one line: the variable, what is wrong, and the mend.
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
#[derive(Debug)]
pub struct ConfigError {
    variable: String,
    problem: String,
    mend: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ConfigError {
    /// An error of the setting that this variable stands for.
    pub fn new(variable: impl Into<String>, problem: impl Into<String>, mend: impl Into<String>) -> Self {
        ConfigError { variable: variable.into(), problem: problem.into(), mend: mend.into(), source: None }
    }

    /// Adds the cause, for a log.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        ConfigError { source: Some(source.into()), ..self }
    }

    /// The environment variable of the setting, also where it was made in code.
    pub fn variable(&self) -> &str {
        &self.variable
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.variable, self.problem, self.mend)
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
