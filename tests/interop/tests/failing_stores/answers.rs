//! What a single answer has to be like, whatever the server of the store does.

use std::time::{Duration, Instant};

use webstack_testkit::environment::{Answer, Browser};

use crate::load::{Action, Outcome};
use crate::site::{OnFailure, Served};

/// How long an answer may take: far longer than the limits of the store and of the queue together, and not for ever.
const LONGEST_ANSWER: Duration = Duration::from_secs(15);

/// Some answer, in bounded time.
pub(crate) fn answer(browser: &mut Browser, method: &str, path: &str) -> Answer {
    let began = Instant::now();
    let answer = browser.try_send(method, path, &[], b"");
    let answer = answer.unwrap_or_else(|error| panic!("{method} {path}: no answer: {error}"));
    assert!(began.elapsed() < LONGEST_ANSWER, "after {:?}: {answer:?}", began.elapsed());
    answer
}

pub(crate) fn outcome(action: Action, server: &Served, answer: &Answer) -> Outcome {
    if answer.status() == 503 && action != Action::Plain {
        expect_opaque(answer);
        return Outcome::Refused;
    }
    match action {
        Action::Plain => {
            expect_no_session_header(answer.expect(200));
            assert!(!answer.lists("vary", "cookie"), "it did not ask for the session: {answer:?}");
            Outcome::Right(0)
        }
        Action::Begin => {
            answer.expect(200).token();
            Outcome::Right(number(answer))
        }
        Action::SlowLogout => {
            // There is no removal for who came with a token of nobody's, as when a refused logout was done after all.
            let cookie = answer.expect(204).session_cookie();
            assert!(cookie.is_none_or(|cookie| cookie.is_removal()), "{answer:?}");
            Outcome::Right(0)
        }
        Action::Increment | Action::SlowIncrement => {
            expect_no_session_header(answer.expect(200));
            Outcome::Right(number(answer))
        }
        Action::Read => {
            expect_no_session_header(answer.expect(200));
            if answer.value().is_null() {
                assert_eq!(server.on_failure(), OnFailure::Anonymous, "taken for a stranger: {answer:?}");
                return Outcome::Stranger;
            }
            Outcome::Right(number(answer))
        }
    }
}

fn number(answer: &Answer) -> u64 {
    answer.value().as_u64().unwrap_or_else(|| panic!("{answer:?} is no number"))
}

/// 503, and nothing that says why, or anything of the session.
fn expect_opaque(answer: &Answer) {
    expect_no_session_header(answer);
    assert!(answer.headers().contains_key("retry-after"), "{answer:?}");
    assert!(answer.lists("cache-control", "no-store"), "{answer:?}");
    assert_eq!(answer.text(), "Service Unavailable", "{answer:?}");
}

fn expect_no_session_header(answer: &Answer) {
    let names = ["set-cookie", "x-session-token"];
    assert!(names.iter().all(|name| !answer.headers().contains_key(*name)), "a session header: {answer:?}");
}

/// It is stored or not, or begins another session; this one does not come back by it.
pub(crate) fn change_while_it_ends(mut token: Browser) {
    let before = token.token().to_owned();
    let answer = answer(&mut token, "POST", "/api/increment/n");
    match answer.status() {
        200 => assert!(answer.session_cookie().is_none_or(|cookie| cookie.value != before), "{answer:?}"),
        409 => expect_no_session_header(&answer),
        503 => expect_opaque(&answer),
        _ => panic!("{answer:?}"),
    }
}
