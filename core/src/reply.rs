//! What an exchange adds to its response.

use http::header::{HeaderMap, HeaderName, HeaderValue, VARY};

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

/// The headers that an exchange adds to its response.
///
/// A request that did not consult its session gets none, unless URLs carry tokens: then no response may be stored, or name its URL
/// to others as the referrer.
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
    /// `Vary: Cookie`. Most responses that get any header get only this one.
    varies_by_cookie: bool,
    news: News,
}

type Header = (Placing, HeaderName, HeaderValue);

const COOKIE: HeaderValue = HeaderValue::from_static("Cookie");

static VARY_BY_COOKIE: [Header; 1] = [(Placing::Append, VARY, COOKIE)];

/// What few responses say.
#[derive(Clone, Debug, Default)]
enum News {
    #[default]
    Nothing,
    Headers(Vec<Header>),
    /// For a program that carries the token by itself.
    Notice(Box<TokenNotice>),
}

impl ReplyHeaders {
    /// No headers: the program carries the token.
    pub(crate) fn telling(notice: Option<TokenNotice>) -> Self {
        let news = notice.map_or(News::Nothing, |notice| News::Notice(Box::new(notice)));
        ReplyHeaders { varies_by_cookie: false, news }
    }

    pub(crate) fn vary_by_cookie(&mut self) {
        self.varies_by_cookie = true;
    }

    pub(crate) fn append(&mut self, name: HeaderName, value: HeaderValue) {
        self.push((Placing::Append, name, value));
    }

    pub(crate) fn replace(&mut self, name: HeaderName, value: HeaderValue) {
        self.push((Placing::Replace, name, value));
    }

    fn push(&mut self, header: Header) {
        match &mut self.news {
            News::Headers(headers) => headers.push(header),
            news => *news = News::Headers(vec![header]),
        }
    }

    /// The headers, and how each one joins those that are there.
    ///
    /// A response that sets or removes the token is not to be cached, whatever the application thought
    /// (RFC 9111 §7.3, CVE-2023-30861), nor is any whose URL holds one; one whose handler consulted the session varies by
    /// where tokens come from.
    pub fn iter(&self) -> impl Iterator<Item = (Placing, &HeaderName, &HeaderValue)> {
        let headers: &[Header] = match &self.news {
            News::Headers(headers) => headers,
            News::Nothing | News::Notice(_) => &[],
        };
        let steady: &[Header] = if self.varies_by_cookie { &VARY_BY_COOKIE } else { &[] };
        steady.iter().chain(headers).map(|(placing, name, value)| (*placing, name, value))
    }

    /// What to tell a client whose token the program carries; `None`: nothing new, or headers say it.
    pub fn notice(&self) -> Option<&TokenNotice> {
        match &self.news {
            News::Notice(notice) => Some(notice),
            News::Nothing | News::Headers(_) => None,
        }
    }

    /// Adds the headers to a response's.
    #[inline]
    pub fn apply(self, headers: &mut HeaderMap) {
        let ReplyHeaders { varies_by_cookie, news } = self;
        if varies_by_cookie {
            headers.append(VARY, COOKIE);
        }
        match news {
            News::Nothing => {}
            News::Headers(news) => place_all(headers, news),
            News::Notice(notice) => drop(notice),
        }
    }
}

// Few responses have any: it is kept out of the way of the others.
#[inline(never)]
fn place_all(headers: &mut HeaderMap, all: Vec<Header>) {
    for (placing, name, value) in all {
        match placing {
            Placing::Append => drop(headers.append(name, value)),
            Placing::Replace => drop(headers.insert(name, value)),
        }
    }
}
