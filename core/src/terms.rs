//! How long one session and its cookie last: what is configured, and what is its own.

use std::time::Duration;

use crate::Timestamp;
use crate::content::Extras;
use crate::details::Details;
use crate::engine::Engine;
use crate::expiry::{CookieLifetime, Lifespan};
use crate::record::{Head, Record, Revision};

/// How long one session and its cookie last.
pub(crate) struct Terms {
    lifespan: Lifespan,
    /// The moment from which the absolute timeout counts.
    begun: Timestamp,
    cookie: CookieLifetime,
}

impl Record {
    #[inline]
    pub(crate) fn terms(&self, engine: &Engine) -> Terms {
        let terms = Terms::usual(engine, self.head());
        if self.has_details() { terms.with(engine, self.details(), self.extras()) } else { terms }
    }

    /// When the session was last used, to the resolution of touches.
    pub(crate) fn accessed(&self, engine: &Engine, expires: Option<Timestamp>) -> Timestamp {
        self.terms(engine).lifespan.accessed(self.head().written(), expires)
    }
}

impl Revision<'_> {
    #[inline]
    pub(crate) fn terms(&self, engine: &Engine) -> Terms {
        Terms::usual(engine, self.head()).with(engine, &self.details, self.view.extras)
    }
}

impl Terms {
    /// Those of a session that has none of its own.
    #[inline]
    fn usual(engine: &Engine, head: Head<'_>) -> Self {
        let begun = head.signed_in().unwrap_or(head.created());
        Terms { lifespan: engine.lifespan, begun, cookie: engine.cookie_lifetime }
    }

    /// The same for one that has this.
    #[inline]
    fn with(mut self, engine: &Engine, details: &Details, extras: &Extras) -> Self {
        if let Some(remembered) = extras.remembered {
            self.cookie = CookieLifetime::For(remembered);
        }
        if extras.remembered.is_some() || extras.timeouts.is_some() {
            self.lifespan = engine.timeouts(extras, details.ticket_ends.is_some()).into();
        }
        self
    }

    pub(crate) fn deadline(&self, now: Timestamp) -> Option<Timestamp> {
        self.lifespan.deadline(now, self.begun)
    }

    /// The new deadline, if the present one is old enough to be worth a write.
    #[inline]
    pub(crate) fn touch(&self, now: Timestamp, present: Option<Timestamp>) -> Option<Timestamp> {
        self.lifespan.touch(now, self.begun, present)
    }

    /// The age that a cookie sent now gets; `None`: the browser's session.
    #[inline]
    pub(crate) fn cookie_age(&self, now: Timestamp) -> Option<Duration> {
        self.cookie.max_age(now, self.lifespan.absolute_deadline(self.begun))
    }

    /// True if a cookie that ends then should be sent again.
    #[inline]
    pub(crate) fn is_cookie_due(&self, now: Timestamp, cookie_expires: Option<Timestamp>) -> bool {
        self.cookie.is_due(now, self.lifespan.absolute_deadline(self.begun), cookie_expires)
    }
}
