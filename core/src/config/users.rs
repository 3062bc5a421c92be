//! The setting of how many sessions a user may have.

use crate::config::Builder;
use crate::{ConfigError, UserSessionLimit};

const VARIABLE: &str = "WEBSTACK_USER_SESSIONS";

impl Builder {
    /// How many sessions a user may have at the same time, and what is done about a further login.
    pub fn user_session_limit(self, limit: UserSessionLimit) -> Self {
        Builder { user_sessions: limit, ..self }
    }
}

/// A limit of zero would let nobody in.
pub(super) fn check(limit: UserSessionLimit) -> Result<(), ConfigError> {
    match limit {
        UserSessionLimit::Evict(0) | UserSessionLimit::Refuse(0) => Err(ConfigError::new(
            VARIABLE,
            "with a limit of zero sessions nobody could sign in",
            "use at least 1, or `none` for no limit",
        )),
        _ => Ok(()),
    }
}

/// Reads `none`, `3` or `3,refuse`.
pub(super) fn read(builder: Builder, text: &str) -> Result<Builder, (String, &'static str)> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits)
    };
    let limit = match text.split_once(',') {
        None if text == "none" => Some(UserSessionLimit::Unlimited),
        None => number(text).map(UserSessionLimit::Evict),
        Some((limit, "refuse")) => number(limit).map(UserSessionLimit::Refuse),
        Some(_) => None,
    };
    match limit {
        Some(limit) => Ok(builder.user_session_limit(limit)),
        None => Err((
            format!("`{}` is not a number of sessions", text.escape_debug()),
            "use `none`, a number such as `3` to end the oldest session, or `3,refuse` to refuse a further login",
        )),
    }
}
