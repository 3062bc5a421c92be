//! What is different about a Redis.

use std::fmt::Write as _;

use crate::unix::certificate::{AUTHORITY, Authority, CERTIFICATE, KEY};

/// How a [`Redis`](super::Redis) is to be started.
///
/// ```
/// use webstack_test_servers::RedisOptions;
///
/// let options = RedisOptions::new().durable().with_user("alice", "secret").with_setting("maxmemory", "2mb");
/// ```
#[derive(Clone, Debug, Default)]
pub struct RedisOptions {
    pub(super) valkey: bool,
    pub(super) tls: Option<Authority>,
    pub(super) durable: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) settings: Vec<(String, String)>,
}

impl RedisOptions {
    /// Redis that keeps nothing on disk, without password and TLS.
    pub fn new() -> Self {
        RedisOptions::default()
    }

    /// Valkey in place of Redis.
    #[must_use]
    pub fn valkey(self) -> Self {
        RedisOptions { valkey: true, ..self }
    }

    /// What is acknowledged is on disk, so that a restart keeps it.
    #[must_use]
    pub fn durable(self) -> Self {
        RedisOptions { durable: true, ..self }
    }

    /// Clients have to present this password, which is in the URL.
    #[must_use]
    pub fn with_password(self, password: &str) -> Self {
        RedisOptions { password: Some(password.to_owned()), user: None, ..self }
    }

    /// Clients have to be this user, who may do everything, with this password; both are in the URL.
    #[must_use]
    pub fn with_user(self, user: &str, password: &str) -> Self {
        RedisOptions { user: Some(user.to_owned()), ..self.with_password(password) }
    }

    /// Clients have to use TLS; [`Redis::certificate_authority`](super::Redis::certificate_authority) is whom they
    /// have to trust.
    #[must_use]
    pub fn with_tls(self) -> Self {
        RedisOptions { tls: Some(Authority::new()), ..self }
    }

    /// With a line of `redis.conf`, in place of one of ours.
    #[must_use]
    pub fn with_setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The text of `redis.conf`.
    pub(super) fn configuration(&self) -> String {
        let mut text = String::from("bind 127.0.0.1\nunixsocket socket\nsave \"\"\nrepl-diskless-sync-delay 0\n");
        if self.durable {
            text.push_str("appendonly yes\nappendfsync always\n");
        }
        let _ = match (&self.user, &self.password) {
            (Some(user), Some(password)) => writeln!(text, "user default off\nuser {user} on >{password} ~* &* +@all"),
            (None, Some(password)) => writeln!(text, "requirepass {password}"),
            _ => Ok(()),
        };
        if self.tls.is_some() {
            let _ = write!(
                text,
                "tls-cert-file {CERTIFICATE}\ntls-key-file {KEY}\ntls-ca-cert-file {AUTHORITY}\n\
                 tls-auth-clients no\ntls-cluster yes\ntls-replication yes\n"
            );
        }
        for (name, value) in &self.settings {
            let _ = writeln!(text, "{name} {value}");
        }
        text
    }

    /// The part of a URL before the host.
    pub(super) fn url_start(&self) -> String {
        let scheme = if self.tls.is_some() { "rediss" } else { "redis" };
        match (&self.user, &self.password) {
            (Some(user), Some(password)) => format!("{scheme}://{user}:{password}@"),
            (None, Some(password)) => format!("{scheme}://:{password}@"),
            _ => format!("{scheme}://"),
        }
    }
}
