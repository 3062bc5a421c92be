//! How requests end in each framework's own ways, and that the session does not care which: refused by an extractor,
//! found nowhere, failed in a middleware, panicked, streamed, left by the client.

mod actix_web;
mod axum;
mod gate;
mod rocket;
mod server;
mod warp;

use std::ops::RangeInclusive;

use serde_json::json;
use webstack_core::{Error, Session};
use webstack_testkit::environment::{Answer, Browser, PanicIs};

use gate::{Ended, GATE};
use server::Served;

/// What a framework itself decides.
struct Framework {
    name: &'static str,
    run: webstack_demo_server::Run,
    panic: PanicIs,
    /// What becomes of a handler whose client leaves.
    left: Ended,
}

const FRAMEWORKS: [Framework; 4] = [
    Framework { name: "actix-web", run: actix_web::run, panic: PanicIs::Closed, left: Ended::Completed },
    Framework { name: "axum", run: axum::run, panic: PanicIs::Closed, left: Ended::Dropped },
    Framework { name: "rocket", run: rocket::run, panic: PanicIs::Status500, left: Ended::Completed },
    Framework { name: "warp", run: warp::run, panic: PanicIs::Closed, left: Ended::Dropped },
];

/// What every request does before it ends in its own way: a logout if the path says so, else a value.
fn touch(session: &Session, path: &str) {
    let done = if path.starts_with("/logout") { session.invalidate() } else { session.insert("set", path) };
    done.expect("the session is there");
}

/// The pieces of a body that tries to change the session while it is streamed.
fn late(session: Session) -> impl Iterator<Item = &'static str> + Send + Sync + 'static {
    ["one ", "two ", "three"].into_iter().map(move |piece| match session.insert("late", &piece) {
        Err(Error::TooLate) => piece,
        _ => "NOT TOO LATE",
    })
}

/// The status at the end of a path.
fn status_in(path: &str) -> u16 {
    path.rsplit('/').next().and_then(|last| last.parse().ok()).unwrap_or(500)
}

/// What a request did: its path, sent by a stranger and by somebody with a session.
fn each(path: &str, mut see: impl FnMut(&Framework, &Served, &mut Browser, Option<Answer>)) {
    for framework in &FRAMEWORKS {
        let served = Served::start(framework);
        for who in [Served::stranger, Served::visitor] {
            let mut browser = who(&served);
            let answer = browser.try_send("POST", path, &[], b"").ok();
            see(framework, &served, &mut browser, answer);
        }
    }
}

/// The status may be the framework's own; what it does to the session may not.
fn expect_kept(path: &str, statuses: RangeInclusive<u16>) {
    each(path, |framework, served, browser, answer| {
        let answer = answer.unwrap_or_else(|| panic!("{} answers", framework.name));
        assert!(statuses.contains(&answer.status()), "{}: {answer:?}", framework.name);
        assert_eq!(browser.get("/value/set").value(), json!(path.split('?').next()), "{}", framework.name);
        assert!(served.records() > 0);
    });
}

fn expect_dropped(path: &str, status: u16) {
    each(path, |framework, _, browser, answer| {
        let answer = answer.unwrap_or_else(|| panic!("{} answers", framework.name));
        assert_eq!(answer.expect(status).expect_no_session_header().status(), status);
        assert_eq!(browser.get("/value/set").value(), json!(null), "{}", framework.name);
    });
}

fn expect_ended(path: &str) {
    each(path, |framework, served, browser, _| {
        // After a panic it is ended behind the closed connection.
        served.until(framework.name, || served.records() == 0);
        assert_eq!(browser.get("/value/n").value(), json!(null), "{}", framework.name);
        browser.post("/set").expect(200);
        served.clear();
    });
}

#[test]
fn a_refusal_by_an_extractor_keeps_what_was_done_before_it() {
    expect_kept("/rejected?number=none", 400..=422);
}

#[test]
fn a_path_that_is_found_nowhere_keeps_what_was_done_before() {
    expect_kept("/nowhere", 404..=405);
}

#[test]
fn an_error_of_a_middleware_below_500_keeps_what_was_done() {
    expect_kept("/fails/403", 403..=403);
}

#[test]
fn an_error_of_a_middleware_from_500_on_drops_what_was_done() {
    expect_dropped("/fails/502", 502);
}

#[test]
fn a_logout_holds_however_the_request_ends() {
    for path in ["/logout/rejected?number=none", "/logout/nowhere", "/logout/fails/502", "/logout/panics"] {
        expect_ended(path);
    }
}

#[test]
fn a_panic_drops_what_was_done() {
    each("/panics", |framework, _, browser, answer| {
        match (answer, framework.panic) {
            (None, PanicIs::Closed) => {}
            (Some(answer), PanicIs::Status500) => drop(answer.expect(500).expect_no_session_header().status()),
            (other, _) => panic!("{}: {other:?}", framework.name),
        }
        assert_eq!(browser.get("/value/set").value(), json!(null), "{}", framework.name);
    });
}

#[test]
fn a_body_that_is_streamed_arrives_and_comes_too_late_for_changes() {
    each("/stream", |framework, _, browser, answer| {
        let answer = answer.unwrap_or_else(|| panic!("{} answers", framework.name));
        assert_eq!(answer.expect(200).text(), "one two three", "{}", framework.name);
        assert_eq!(browser.get("/value/set").value(), json!("/stream"));
        assert_eq!(browser.get("/value/late").value(), json!(null));
    });
}

#[test]
fn a_client_that_leaves_leaves_all_or_nothing_and_a_logout_holds() {
    for framework in &FRAMEWORKS {
        let served = Served::start(framework);
        for (path, kept) in [("/waits", framework.left == Ended::Completed), ("/logout/waits", false)] {
            let mut visitor = served.visitor();
            let cookies = format!("cookie: {}", visitor.cookie_header().expect("a session"));
            let connection = visitor.begin("POST", path, &[cookies.as_bytes()]).expect("a connection");
            GATE.entered();
            drop(connection);
            assert_eq!(GATE.ended(framework.left), framework.left, "{}", framework.name);
            if path.starts_with("/logout") {
                served.until(framework.name, || served.records() == usize::from(framework.left == Ended::Completed));
            } else if kept {
                served.until(framework.name, || visitor.get("/value/set").value() == json!(path));
            } else {
                assert_eq!(visitor.get("/value/set").value(), json!(null), "{}", framework.name);
                served.clear();
            }
        }
    }
}
