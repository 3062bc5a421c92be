//! Cookie headers as they come: several of ours, malformed neighbours, too much of everything.

use std::io::ErrorKind;

use serde_json::json;

use crate::environment::{Answer, EnvironmentUnderTest, Site};

use super::{cookie, unknown_token};

/// Each is tried in the order of the header, and the first that lives is the session.
pub fn several_cookies_the_first_live_wins(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let (mut first, mut second) = (site.visitor(), site.visitor());
    let (one, two) = (cookie(first.token()), cookie(second.token()));
    let dead = cookie(&unknown_token());
    let id = first.session()["id"].clone();
    for header in [format!("{one}; {two}"), format!("{dead}; {one}; {two}"), format!("{one}; {dead}")] {
        assert_eq!(presented(&site, &header).expect(200).json()["id"], id);
    }
    assert_eq!(presented(&site, &format!("{two}; {one}")).expect(200).json()["id"], second.session()["id"]);
    // the one that is used is the one that changes
    let all = format!("{dead}; {one}; {two}");
    site.browser().send("POST", "/api/increment/n", &[("cookie", &all)], b"").expect(200).expect_no_session_header();
    assert_eq!(first.get("/api/values/n").value(), json!(2));
    assert_eq!(second.get("/api/values/n").value(), json!(1));
    // nobody who logs out stays in another session
    site.browser().send("POST", "/api/logout", &[("cookie", &all)], b"").expect_removal();
    super::expect_stranger(&mut first);
    super::expect_stranger(&mut second);
}

/// Up to eight are tried; one behind them is not looked at.
pub fn up_to_eight_cookies_are_tried(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    let behind = |dead: usize| {
        let mut cookies: Vec<_> = (0..dead).map(|_| cookie(&unknown_token())).collect();
        cookies.push(cookie(visitor.token()));
        cookies.join("; ")
    };
    let (eighth, ninth) = (behind(7), behind(8));
    assert_eq!(presented(&site, &eighth).expect(200).json()["id"], visitor.session()["id"]);
    let answer = presented(&site, &ninth);
    assert_eq!(answer.expect(200).json()["is_new"], json!(true));
    answer.expect_no_session_header();
}

/// What other applications of the site leave in the header does not matter.
pub fn malformed_neighbours_do_not_hide_ours(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    let ours = cookie(visitor.token());
    let id = visitor.session()["id"].clone();
    for neighbour in
        ["", "novalue", "=", "=x", "a=b=c", "a=\"b; c\"", "a={\"b\":[1,2]}", "a=%zz", "a b=c", "€=€", ";;", "a=\"", ","]
    {
        for header in [format!("{neighbour}; {ours}"), format!("{ours}; {neighbour}"), format!("{neighbour};{ours};")] {
            if header.is_ascii() {
                assert_eq!(presented(&site, &header).expect(200).json()["id"], id, "{neighbour:?}");
            }
        }
    }
    for claimed in ["", "x", "\"\""] {
        let header = format!("{}; {ours}", cookie(claimed));
        assert_eq!(presented(&site, &header).expect(200).json()["id"], id, "a malformed one of our own name");
    }
}

/// HTTP/2 and proxies split the header; the last line counts like the first.
pub fn several_cookie_lines_are_one(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    let ours = format!("cookie: {}", cookie(visitor.token()));
    let answer = site.browser().raw("GET", "/api/session", &[b"cookie: a=b", ours.as_bytes()]).expect("an answer");
    let id = visitor.session()["id"].as_str().expect("a session").to_owned();
    assert!(answer.expect(200).text().contains(&id), "{answer:?}");
}

/// Bytes that are no text are the client's mistake, if any.
pub fn bad_utf8_in_the_cookie_header_is_not_a_500(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    let mut around = b"cookie: a=\xff\xfe; ".to_vec();
    around.extend_from_slice(cookie(visitor.token()).as_bytes());
    around.extend_from_slice(b"; \x80=b");
    let claimed = b"cookie: __Host-webstack_session=\xff\xff".to_vec();
    let id = visitor.session()["id"].as_str().expect("a session").to_owned();
    for (header, ours) in [(around, environment.capabilities().bytes_in_headers()), (claimed, false)] {
        let answer = site.browser().raw("GET", "/api/session", &[&header]).expect("an answer");
        match answer.status() {
            200 => assert_eq!(answer.text().contains(&id), ours, "{answer:?}"),
            status => assert!((400..500).contains(&status), "{answer:?}"),
        }
        answer.expect_no_session_header();
    }
}

/// A server may refuse so much; it may not break.
pub fn ten_thousand_cookie_pairs_are_not_a_500(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut visitor = site.visitor();
    let header = format!("cookie: {}{}", "a=b; ".repeat(10_000), cookie(visitor.token()));
    match site.browser().raw("GET", "/api/session", &[header.as_bytes()]) {
        Ok(answer) => {
            let id = visitor.session()["id"].as_str().expect("a session").to_owned();
            match answer.status() {
                200 => assert!(answer.text().contains(&id), "{answer:?}"),
                status => assert!((400..500).contains(&status), "{answer:?}"),
            }
            answer.expect_no_session_header();
        }
        // a server that refuses may close the connection while it is still being written to; one that has read
        // everything and then closes it without a word has broken
        Err(error) => assert_ne!(error.kind(), ErrorKind::InvalidData, "{error}"),
    }
    assert_eq!(visitor.get("/api/values/n").value(), json!(1));
}

fn presented(site: &Site, header: &str) -> Answer {
    site.browser().send("GET", "/api/session", &[("cookie", header)], b"")
}
