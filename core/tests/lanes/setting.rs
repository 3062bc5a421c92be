//! The configurations under which scripts run.

use std::time::Duration;

use webstack_core::{Builder, Carrier, CookieLifetime, OnCorrupt, OnGone, OnServerError, UserSessionLimit};

const fn seconds(number: u64) -> Option<Duration> {
    Some(Duration::from_secs(number))
}

/// How many there are.
pub(crate) const SETTINGS: usize = 12;

/// True if URLs carry the token.
pub(crate) fn is_query(setting: usize) -> bool {
    matches!(setting, 8 | 9)
}

pub(crate) fn configured(builder: Builder, setting: usize) -> Builder {
    match setting {
        0 => builder,
        1 => builder.renew_every(seconds(100)),
        2 => builder.user_session_limit(UserSessionLimit::Evict(1)),
        3 => builder.on_gone(OnGone::Respond).on_corrupt(OnCorrupt::Fail),
        4 => builder.on_server_error(OnServerError::Keep).absolute_timeout(seconds(400)),
        5 => builder.idle_timeout(seconds(120)).cookie_lifetime(CookieLifetime::For(Duration::from_secs(200))),
        6 => builder.user_session_limit(UserSessionLimit::Refuse(2)).renew_every(seconds(60)),
        7 => builder.record_limit(300).value_limit(3),
        8 => builder.carriers([Carrier::Query]),
        9 => builder.carriers([Carrier::Query]).renew_every(seconds(100)).on_gone(OnGone::Respond),
        10 => builder.cache(seconds(3600)),
        _ => builder.cache(seconds(3600)).renew_every(seconds(60)).on_corrupt(OnCorrupt::Fail),
    }
}
