//! How a token travels between the client and the engine.

mod cookie;
mod explicit;
mod header;
mod presented;
mod query;
mod settings;

use std::time::Duration;

use http::header::{
    ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, COOKIE, HeaderName, HeaderValue, REFERRER_POLICY, SET_COOKIE, VARY,
};

pub(crate) use cookie::CookieCarrier;
pub use explicit::{TokenNotice, TokenText};
pub(crate) use header::HeaderCarrier;
pub(crate) use presented::{Arrivals, Arrived, Presented};
pub(crate) use query::QueryCarrier;
pub(crate) use settings::{CookieFlaw, CookieSettings};
pub use settings::{CookiePath, CookiePrefix, SameSite};

use crate::reply::ReplyHeaders;
use crate::wire::Wire;
use crate::{RequestHead, Token};

/// A way for the token to travel.
///
/// ```
/// use webstack_core::{Carrier, Sessions, store::MemoryStore};
///
/// // Browsers send a cookie, programs a header; each gets its token back the way it came.
/// let sessions = Sessions::builder().store(MemoryStore::new()).carriers([Carrier::Cookie, Carrier::Header]).build()?;
/// # Ok::<(), webstack_core::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Carrier {
    /// A cookie: what browsers keep by themselves.
    #[default]
    Cookie,
    /// A header of its own, for programs and for pages that keep the token themselves. Requests from other sites do not
    /// carry it by themselves, so there is no CSRF; scripts can read it, so XSS is worse.
    Header,
    /// The query of URLs, for clients that keep no cookies. Only by itself, and only signed.
    ///
    /// # Security
    ///
    /// URLs stand in histories, logs and on screens, so all of them hold credentials then (ASVS 7.1.1, OWASP: session
    /// id in the URL). Use it where nothing else works.
    Query,
}

/// What the client is told of its token: it gets this one, or should forget the one it has. Few are told anything.
#[derive(Clone, Debug)]
pub(crate) struct TokenReply(Box<Option<Handed>>);

/// A token that is handed out.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    pub(crate) token: Token,
    /// How long a cookie with it lasts.
    pub(crate) max_age: Option<Duration>,
}

impl TokenReply {
    pub(crate) fn hand_out(token: Token, max_age: Option<Duration>) -> Self {
        TokenReply(Box::new(Some(Handed { token, max_age })))
    }

    pub(crate) fn take_back() -> Self {
        TokenReply(Box::new(None))
    }

    /// What it gets; `None`: it should forget what it has.
    pub(crate) fn handed(&self) -> Option<&Handed> {
        self.0.as_ref().as_ref()
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The carriers in use, in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct Carriers {
    pub(crate) order: Vec<Carrier>,
    pub(crate) cookie: CookieCarrier,
    pub(crate) header: HeaderCarrier,
    pub(crate) query: QueryCarrier,
    pub(crate) wire: Wire,
    /// The headers of any response at all: where URLs carry the token, this one's may.
    pub(crate) untouched_reply: ReplyHeaders,
    /// The headers of a response that consulted the session: what a cache has to tell requests apart by, too.
    pub(crate) reply: ReplyHeaders,
}

impl Carriers {
    pub(crate) fn new(
        order: Vec<Carrier>,
        cookie: CookieCarrier,
        header: HeaderCarrier,
        query: QueryCarrier,
        wire: Wire,
    ) -> Self {
        let mut untouched_reply = ReplyHeaders::default();
        if order.first() == Some(&Carrier::Query) {
            untouched_reply.replace(CACHE_CONTROL, NO_STORE);
            untouched_reply.replace(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        }
        let mut reply = untouched_reply.clone();
        match *order.as_slice() {
            [Carrier::Cookie] => reply.vary_by_cookie(),
            [Carrier::Query] => {}
            [Carrier::Header] => reply.append(VARY, header.name_as_value()),
            _ => {
                let both = HeaderValue::try_from(format!("Cookie, {}", header.name));
                reply.append(VARY, both.expect("a name is made of visible characters"));
            }
        }
        Carriers { order, cookie, header, query, wire, untouched_reply, reply }
    }

    /// The carrier of a session that begins.
    pub(crate) fn first(&self) -> Carrier {
        self.order.first().copied().unwrap_or_default()
    }

    /// True if clients without a session are sent to the same URL with a ticket.
    pub(crate) fn has_tickets(&self) -> bool {
        // It is the only one where it is one at all.
        self.first() == Carrier::Query
    }

    /// True if tokens are signed.
    pub(crate) fn has_keys(&self) -> bool {
        self.wire.has_keys()
    }

    /// Collects what may be tokens in a request.
    #[inline]
    pub(crate) fn read(&self, head: &dyn RequestHead, presented: &mut Presented) {
        let mut take = |carrier, text: &[u8]| presented.take(carrier, text, self.wire.may_be_token(text));
        for carrier in &self.order {
            match carrier {
                Carrier::Cookie => head.header(&COOKIE, &mut |line| {
                    self.cookie.each(line, |text| take(Carrier::Cookie, text));
                }),
                Carrier::Header => head.header(&self.header.name, &mut |text| take(Carrier::Header, text)),
                Carrier::Query => {
                    self.query.each(head.path_and_query()).for_each(|text| take(Carrier::Query, text));
                }
            }
        }
    }

    /// The headers of a response that tells the client of its token.
    pub(crate) fn tell(&self, carrier: Carrier, change: &TokenReply, mount: &str) -> ReplyHeaders {
        let mut headers = self.reply.clone();
        if !self.has_tickets() {
            headers.replace(CACHE_CONTROL, NO_STORE);
        }
        match (carrier, change.handed()) {
            (Carrier::Cookie, Some(handed)) => {
                let text = self.wire.token(&handed.token);
                headers.append(SET_COOKIE, self.cookie.hand_out(&text, mount, handed.max_age));
            }
            (Carrier::Cookie, None) => headers.append(SET_COOKIE, self.cookie.take_back(mount)),
            (_, Some(handed)) => {
                headers.replace(self.header.name.clone(), HeaderCarrier::hand_out(&self.wire.token(&handed.token)));
            }
            (_, None) => headers.replace(self.header.name.clone(), HeaderCarrier::take_back()),
        }
        if carrier == Carrier::Header {
            // A page of another origin may read it, if the application lets that page read anything.
            headers.append(ACCESS_CONTROL_EXPOSE_HEADERS, self.header.name_as_value());
        }
        headers
    }

    /// What to tell a client whose token the program carries.
    pub(crate) fn notice(&self, change: Option<&TokenReply>) -> ReplyHeaders {
        let notice = change.map(|change| match change.handed() {
            Some(handed) => TokenNotice::Issued(TokenText::new(self.wire.token(&handed.token))),
            None => TokenNotice::Ended,
        });
        ReplyHeaders::telling(notice)
    }

    /// A token that the program hands in.
    pub(crate) fn given(&self, text: Option<&str>) -> Presented {
        let mut presented = Presented::default();
        if let Some(text) = text {
            presented.take(self.first(), text.as_bytes(), self.wire.may_be_token(text.as_bytes()));
        }
        presented
    }
}

/// The header that carries tokens unless another one is chosen.
pub(crate) const DEFAULT_HEADER: HeaderName = HeaderName::from_static("x-session-token");
