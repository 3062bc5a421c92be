//! Sessions by hand in every framework, written for speed alone.

pub(super) mod actix_web;
pub(super) mod axum;
pub(super) mod rocket;
mod tower;
pub(super) mod warp;
pub(super) mod whole;

use crate::by_hand::{ByHand as _, Least, Promising};
use crate::site::{Case, Site, Subject};

/// The least that can be a session, and the least that keeps promises.
fn both(framework: &'static str, least: fn() -> Box<dyn Site>, promising: fn() -> Box<dyn Site>) -> Vec<Subject> {
    let subject = |name, open| Subject::new(framework, name, open).without(&[Case::Create, Case::Renew]);
    vec![subject(Least::NAME, least), subject(Promising::NAME, promising)]
}

#[cfg(test)]
mod tests {
    use ::actix_web::http::header as older;
    use ::rocket::Response;
    use http::HeaderMap;
    use http::header::{CACHE_CONTROL, HeaderValue, VARY};

    use crate::by_hand::ReplyHeaders;

    fn say_all(headers: &mut impl ReplyHeaders) {
        headers.vary_by_cookie();
        headers.set_cookie("a=1".to_owned());
        headers.set_cookie("b=2".to_owned());
        headers.forbid_storing();
    }

    fn lines<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<String> {
        let line = |(name, value)| format!("{}: {}", str::to_lowercase(name), String::from_utf8_lossy(value));
        let mut lines: Vec<_> = headers.map(line).collect();
        lines.sort();
        lines
    }

    #[test]
    fn every_framework_s_reply_says_the_same() {
        let said = ["cache-control: no-store", "set-cookie: a=1", "set-cookie: b=2", "vary: Accept", "vary: Cookie"];

        let mut headers = HeaderMap::new();
        headers.insert(VARY, HeaderValue::from_static("Accept"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public"));
        say_all(&mut headers);
        assert_eq!(lines(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))), said);

        let mut headers = older::HeaderMap::new();
        headers.insert(older::VARY, older::HeaderValue::from_static("Accept"));
        headers.insert(older::CACHE_CONTROL, older::HeaderValue::from_static("public"));
        say_all(&mut headers);
        assert_eq!(lines(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))), said);

        let mut response = Response::new();
        response.set_raw_header("Vary", "Accept");
        response.set_raw_header("Cache-Control", "public");
        say_all(&mut response);
        let headers: Vec<_> = response.headers().iter().collect();
        let headers = headers.iter().map(|header| (header.name().as_str(), header.value().as_bytes()));
        assert_eq!(lines(headers), said);
    }
}
