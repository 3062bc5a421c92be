//! The page for people: plain HTML that works without JavaScript and loads nothing.
//!
//! The templates are compiled in, and escape whatever comes from a visitor.

use std::sync::{LazyLock, OnceLock};

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use webstack_core::flash::Flash;
use webstack_core::{Error, Session};

use crate::reply::with;
use crate::values::{all, rfc3339};
use crate::{Answer, Failure, Reply};

/// Another place where the same session is at home.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Neighbour {
    /// The environment's name.
    pub name: String,
    /// Where it is served.
    pub url: String,
}

static NEIGHBOURS: OnceLock<Vec<Neighbour>> = OnceLock::new();

/// Says, before anything is served, which environments share the session: the page links them. `demo` does; a server
/// that runs alone has none.
pub fn announce(neighbours: Vec<Neighbour>) {
    // said once for the whole program
    let _ = NEIGHBOURS.set(neighbours);
}

/// What was said, so that a program started by this one can be told.
pub fn announced() -> &'static [Neighbour] {
    NEIGHBOURS.get().map_or(&[], Vec::as_slice)
}

/// `GET /`: the session, and a form for everything that can be done to it. It shows, and so takes, the messages that wait.
///
/// # Errors
///
/// If the session fails.
pub fn show(session: &Session, environment: &str) -> Answer {
    Ok(html(StatusCode::OK, &Page::of(session, environment)?))
}

/// `GET /plain`: never looks at the session.
pub fn plain(environment: &str) -> Reply {
    let body = format!("This is {environment}. No session was asked for.\n");
    with(StatusCode::OK, Some(HeaderValue::from_static("text/plain; charset=utf-8")), body.into())
}

/// What a form could not do, in words, and a link back to the page; the headers of a refusal stay.
pub(crate) fn failed(failure: Failure, back: &str) -> Reply {
    let why = match &failure {
        Failure::Session(error) => error.refusal().body(),
        Failure::Request { why, .. } => why,
    };
    let page = html(failure.status(), &Failed { status: failure.status(), why, back, style: STYLE });
    let mut reply = Reply::from(failure);
    for (name, value) in page.headers() {
        reply.headers_mut().insert(name, value.clone());
    }
    *reply.body_mut() = page.into_body();
    reply
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    /// What carries the session in a link, behind the path; nothing where cookies do.
    carried: String,
    style: &'static str,
    environment: &'a str,
    neighbours: &'static [Neighbour],
    id: Option<String>,
    user: Option<String>,
    created: Option<String>,
    accessed: Option<String>,
    expires: Option<String>,
    messages: Vec<Flash>,
    values: Vec<Row>,
}

struct Row {
    key: String,
    value: String,
    countable: bool,
}

#[derive(Template)]
#[template(path = "failed.html")]
struct Failed<'a> {
    style: &'static str,
    status: StatusCode,
    why: &'static str,
    /// The page, with the session in the link where URLs carry it.
    back: &'a str,
}

impl<'a> Page<'a> {
    fn of(session: &Session, environment: &'a str) -> Result<Self, Error> {
        Ok(Page {
            carried: session.link(HERE)?.split_off(HERE.len()),
            style: STYLE,
            environment,
            neighbours: announced(),
            id: session.id()?.map(|id| id.to_string()),
            user: session.user()?,
            created: session.created()?.map(rfc3339),
            accessed: session.accessed()?.map(rfc3339),
            expires: session.expires()?.map(rfc3339),
            messages: session.flashes()?,
            values: all(session)?.into_iter().map(|(key, value)| Row::new(key, value.get())).collect(),
        })
    }
}

impl Page<'_> {
    fn to(&self, path: &str) -> String {
        format!("{path}{}", self.carried)
    }

    /// True if the session goes where links go, and no cookie carries it to other environments.
    fn is_in_urls(&self) -> bool {
        !self.carried.is_empty()
    }
}

/// The page itself.
const HERE: &str = "./";

impl Row {
    /// A row of the table; a value too long to be read is cut.
    fn new(key: String, json: &str) -> Self {
        const READABLE: usize = 2_000;
        let value = match json.char_indices().nth(READABLE) {
            Some((end, _)) => format!("{}…", &json[..end]),
            None => json.to_owned(),
        };
        Row { key, value, countable: json.parse::<i64>().is_ok() }
    }
}

const STYLE: &str = include_str!("../templates/style.css");

/// Nothing is loaded, run or framed; the one style sheet is allowed by its digest, and forms post to this site only.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    HeaderValue::try_from(format!(
        "default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ))
    .expect("base64 is ASCII")
});

fn html(status: StatusCode, page: &impl Template) -> Reply {
    let body = page.render().expect("writing to memory does not fail, nor do these templates");
    let mut reply = with(status, None, Bytes::from(body));
    reply.headers_mut().extend([
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, POLICY.clone()),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ]);
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = r#"</style><script>alert("&'")</script>"#;

    fn page() -> Page<'static> {
        Page {
            carried: String::new(),
            neighbours: &[],
            style: STYLE,
            environment: EVIL,
            id: Some(EVIL.into()),
            user: Some(EVIL.into()),
            created: Some(EVIL.into()),
            accessed: None,
            expires: None,
            messages: Vec::new(),
            values: vec![Row::new(EVIL.into(), EVIL), Row::new("n".into(), "41")],
        }
    }

    #[test]
    fn everything_is_escaped() {
        let html = page().render().expect("a page");
        assert!(!html.contains("<script") && !html.contains("alert(\""), "{html}");
        assert_eq!(html.matches("</style>").count(), 1, "the style sheet's own");
        assert!(html.matches("&#60;script&#62;").count() >= 5, "{html}");
    }

    #[test]
    fn the_style_sheet_stands_in_the_page_as_it_was_digested() {
        let html = page().render().expect("a page");
        assert!(html.contains(&format!("<style>{STYLE}</style>")));
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"), "nothing is loaded");
        assert!(!html.contains(" style="), "the policy would refuse it");
    }

    #[test]
    fn all_urls_are_relative() {
        let html = page().render().expect("a page");
        assert!(!html.contains("=\"/") && !html.contains("://"), "{html}");
    }

    #[test]
    fn only_whole_numbers_count_up() {
        assert!(Row::new("n".into(), "41").countable);
        assert!(!Row::new("n".into(), "\"41\"").countable);
        assert!(!Row::new("n".into(), "4.1").countable);
    }

    #[test]
    fn a_failure_keeps_the_headers_of_the_refusal() {
        let reply = failed(Failure::from(Error::Unavailable("secret".into())), "../?session=T");
        assert_eq!(reply.status(), 503);
        assert_eq!(reply.headers()["retry-after"], "2");
        assert_eq!(reply.headers()["content-type"], "text/html; charset=utf-8");
        let html = std::str::from_utf8(reply.body()).expect("text");
        assert!(html.contains("503") && html.contains("Service Unavailable") && !html.contains("secret"));
        assert!(html.contains("href=\"../?session=T\""), "{html}");
    }

    #[test]
    fn where_urls_carry_the_session_all_links_do_and_no_cookie_is_promised() {
        let neighbours: &[_] = Box::leak(Box::new([Neighbour { name: "next".into(), url: "next/".into() }]));
        let mut page = Page { neighbours, ..page() };
        let in_cookies = page.render().expect("a page");
        assert!(in_cookies.contains("in your cookie") && in_cookies.contains("everywhere.</span>"), "{in_cookies}");
        page.carried = "?session=T".into();
        let html = page.render().expect("a page");
        assert!(!html.contains("in your cookie") && !html.contains("everywhere.</span>"), "{html}");
        for attribute in ["action=\"", "href=\""] {
            for rest in html.split(attribute).skip(1).filter(|rest| !rest.starts_with("next/")) {
                assert!(rest.split('"').next().is_some_and(|url| url.ends_with("?session=T")), "{rest}");
            }
        }
    }
}
