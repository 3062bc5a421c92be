//! What a session says to the browser, in whatever way a framework keeps the headers of a reply.

use http::HeaderMap;
use http::header::{CACHE_CONTROL, HeaderValue, SET_COOKIE, VARY};

/// The headers of a reply.
pub(crate) trait ReplyHeaders {
    /// Appends `Vary: Cookie`.
    fn vary_by_cookie(&mut self);

    /// Appends a `Set-Cookie`, made of visible characters.
    fn set_cookie(&mut self, cookie: String);

    /// Has `Cache-Control: no-store`, and no other.
    fn forbid_storing(&mut self);
}

impl ReplyHeaders for HeaderMap {
    fn vary_by_cookie(&mut self) {
        self.append(VARY, HeaderValue::from_static("Cookie"));
    }

    fn set_cookie(&mut self, cookie: String) {
        self.append(SET_COOKIE, HeaderValue::try_from(cookie).expect("visible characters"));
    }

    fn forbid_storing(&mut self) {
        self.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
