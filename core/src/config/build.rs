//! The checks: what cannot work is an error here, at start.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::stores::Kept;
use super::{Builder, users};
use crate::carrier::{Carriers, CookieCarrier, CookieFlaw, HeaderCarrier, QueryCarrier};
use crate::engine::{AtOnce, Engine, Purging};
use crate::events::Events;
use crate::keyring::Keyring;
use crate::queue::Queues;
use crate::token::Digests;
use crate::wire::Wire;
use crate::{Carrier, ConfigError, Sessions};

impl Builder {
    /// Checks everything and opens the store.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for every combination that cannot work, and for a store that cannot be opened.
    pub fn build(self) -> Result<Sessions, ConfigError> {
        let carriers = self.build_carriers()?;
        for (variable, timeout) in [
            ("WEBSTACK_IDLE_TIMEOUT", self.lifetime.idle),
            ("WEBSTACK_ABSOLUTE_TIMEOUT", self.lifetime.absolute),
            ("WEBSTACK_RENEW_EVERY", self.renew_every),
            ("WEBSTACK_PURGE_EVERY", self.purge_every),
        ] {
            if timeout.is_some_and(|timeout| timeout.is_zero()) {
                return Err(ConfigError::new(
                    variable,
                    "the duration is zero",
                    "use at least a second, or turn it off",
                ));
            }
        }
        let lock_lease = self.lock_lease.unwrap_or_else(|| Duration::from_secs(2).min(self.wait_limit / 2));
        if lock_lease >= self.wait_limit {
            let problem = "a lock may be held for longer than others wait for it";
            let mend = "make the lease of locks shorter than the wait limit";
            return Err(ConfigError::new("WEBSTACK_LOCK_LEASE", problem, mend));
        }
        users::check(self.user_sessions)?;
        let Kept { store, behind, premises } = self.open_stores()?;
        let runtime = OnceLock::new();
        if let Some(given) = self.runtime {
            let _ = runtime.set(given);
        }
        Ok(Sessions {
            engine: Arc::new(Engine {
                store,
                behind,
                premises,
                clock: self.clock,
                runtime,
                digests: Digests::within(&self.cookie.name),
                namespace: self.cookie.name,
                carriers,
                cookie_lifetime: self.cookie_lifetime,
                lifetime: self.lifetime,
                lifespan: self.lifetime.into(),
                renew_every: self.renew_every,
                limits: self.limits,
                user_sessions: self.user_sessions,
                wait_limit: self.wait_limit,
                lock_lease,
                policies: self.policies,
                events: Events::new(self.hook.0),
                queues: Queues::default(),
                at_once: AtOnce::default(),
                purging: Purging::every(self.purge_every),
                warned: AtomicBool::new(false),
            }),
        })
    }

    fn build_carriers(&self) -> Result<Carriers, ConfigError> {
        let error = |problem: String, mend: &str| ConfigError::new("WEBSTACK_PERSIST", problem, mend);
        let order = &self.carriers;
        if order.is_empty() {
            return Err(error("tokens travel in no way".into(), "use `cookie`, or another one"));
        }
        if order.iter().enumerate().any(|(index, carrier)| order[..index].contains(carrier)) {
            return Err(error("a way for tokens to travel is named twice".into(), "name each once"));
        }
        if order.contains(&Carrier::Query) {
            if order.len() > 1 {
                let problem = "`query` sends whoever has no token in the URL there, so nothing else would be looked at";
                return Err(error(problem.into(), "use `query` by itself"));
            }
            if !is_plain(&self.cookie.name) {
                let problem = "the name would have to be encoded in a query";
                return Err(ConfigError::new("WEBSTACK_COOKIE_NAME", problem, "use letters, digits, `_`, `-` and `.`"));
            }
            if self.keys.is_empty() {
                let mend = "set WEBSTACK_SECRET to a key of 32 bytes or more";
                return Err(error("`query` needs signed tokens".into(), mend));
            }
        }
        let cookie = CookieCarrier::new(&self.cookie).map_err(|flaw| {
            let CookieFlaw { variable, problem, mend } = flaw;
            ConfigError::new(variable, problem, mend)
        })?;
        let header = HeaderCarrier::new(&self.header_name)?;
        let query = QueryCarrier { name: self.cookie.name.clone() };
        let wire = Wire::new(Keyring::new(self.keys.iter().cloned()), &self.cookie.name);
        Ok(Carriers::new(order.clone(), cookie, header, query, wire))
    }
}

/// True if a query can hold it as it is (RFC 3986 §2.3).
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~'))
}
