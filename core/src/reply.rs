//! What an exchange adds to its response.

use http::header::{
    ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, SET_COOKIE, VARY,
};

use crate::TokenNotice;

/// Whether the application's response is stored and kept.
///
/// ```
/// use webstack_core::Outcome;
///
/// assert_eq!(Outcome::of_status(404), Outcome::Keep);
/// assert_eq!(Outcome::of_status(500), Outcome::ServerError);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The request was answered: its changes are stored.
    Keep,
    /// The response says that the server failed: [by choice](crate::OnServerError) its changes are dropped or stored.
    ServerError,
    /// The request failed: what would store or grant something is dropped; what revokes is done all the same.
    Discard,
}

impl Outcome {
    /// The outcome of a response with this status.
    pub const fn of_status(status: u16) -> Self {
        if status < 500 { Outcome::Keep } else { Outcome::ServerError }
    }
}

/// How a header of the engine joins those of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placing {
    /// Beside every header of this name.
    Append,
    /// In place of every header of this name.
    Replace,
}

/// The headers that an exchange adds to its response; none for a request that did not consult its session.
///
/// ```
/// use webstack_core::ReplyHeaders;
///
/// let headers = ReplyHeaders::default();
/// assert_eq!(headers.iter().count(), 0);
/// let mut response = http::HeaderMap::new();
/// headers.apply(&mut response);
/// assert!(response.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReplyHeaders {
    /// The header that hands out or takes back the token.
    pub(crate) token: Option<(HeaderName, HeaderValue)>,
    /// The name of a header that pages of other origins may read.
    pub(crate) exposed: Option<HeaderValue>,
    pub(crate) vary: Option<HeaderValue>,
    /// URLs hold tokens.
    pub(crate) in_urls: bool,
    pub(crate) notice: Option<TokenNotice>,
}

impl ReplyHeaders {
    /// The headers, and how each one joins those that are there.
    ///
    /// A response that sets or removes the token is not to be cached, whatever the application thought
    /// (RFC 9111 §7.3, CVE-2023-30861), nor is any whose URL holds one; one whose handler consulted the session varies by
    /// where tokens come from.
    pub fn iter(&self) -> impl Iterator<Item = (Placing, HeaderName, &HeaderValue)> {
        static NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
        static SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
        [
            self.token.as_ref().map(|(name, value)| {
                let placing = if *name == SET_COOKIE { Placing::Append } else { Placing::Replace };
                (placing, name.clone(), value)
            }),
            self.exposed.as_ref().map(|value| (Placing::Append, ACCESS_CONTROL_EXPOSE_HEADERS, value)),
            (self.token.is_some() || self.in_urls).then_some((Placing::Replace, CACHE_CONTROL, &NO_STORE)),
            self.in_urls.then_some((Placing::Replace, REFERRER_POLICY, &SAME_ORIGIN)),
            self.vary.as_ref().map(|value| (Placing::Append, VARY, value)),
        ]
        .into_iter()
        .flatten()
    }

    /// What to tell a client whose token the program carries; `None`: nothing new, or headers say it.
    pub fn notice(&self) -> Option<&TokenNotice> {
        self.notice.as_ref()
    }

    /// Adds the headers to a response's.
    pub fn apply(&self, headers: &mut HeaderMap) {
        for (placing, name, value) in self.iter() {
            match placing {
                Placing::Append => drop(headers.append(name, value.clone())),
                Placing::Replace => drop(headers.insert(name, value.clone())),
            }
        }
    }
}
