//! Requests at the same time.

use std::collections::BTreeSet;

use serde_json::json;

use crate::environment::site::PAUSE;
use crate::environment::{Answer, EnvironmentUnderTest, Site};

use super::expect_stranger;

/// How many requests meet at one session.
pub(super) const CROWD: usize = 50;

/// Every increment counts, and each answer is the value that it stored.
pub fn fifty_parallel_increments_make_fifty(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    for path in ["/api/increment/quick", "/api/slow-increment/slow?ms=200"] {
        let answers = Site::crowd(CROWD, &browser, |browser, _| browser.post(path));
        let values: BTreeSet<_> = answers.iter().filter_map(|answer| answer.value().as_u64()).collect();
        assert_eq!(values, (1..=CROWD as u64).collect(), "a permutation: {path}");
        for answer in &answers {
            answer.expect_no_session_header();
        }
    }
    let values = browser.session()["values"].clone();
    assert_eq!(values, json!({ "n": 1, "quick": CROWD, "slow": CROWD }));
}

/// Different keys never collide.
pub fn fifty_parallel_keys_are_kept(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    for answer in Site::crowd(CROWD, &browser, |browser, i| browser.post(&format!("/api/slow-set/key{i}?ms=300"))) {
        answer.expect(204).expect_no_session_header();
    }
    let values = browser.session()["values"].clone();
    assert!((0..CROWD).all(|i| values[format!("key{i}")] == json!(true)), "{values}");
    assert_eq!(values["n"], json!(1));
}

/// A set in flight stores nothing after a logout; its own answer stands.
pub fn logout_wins_over_a_slow_set(environment: &dyn EnvironmentUnderTest) {
    logout_during(environment, "/api/slow-set/late").expect(204).expect_no_session_header();
}

/// An increment in flight has nothing to add to, and cannot say that it had.
pub fn logout_wins_over_a_slow_increment(environment: &dyn EnvironmentUnderTest) {
    let answer = logout_during(environment, "/api/slow-increment/n");
    assert!((400..500).contains(&answer.status()), "{answer:?}");
    answer.expect_no_session_header();
}

/// A renewal in flight gets no token.
pub fn logout_wins_over_a_slow_renew(environment: &dyn EnvironmentUnderTest) {
    logout_during(environment, "/api/slow-renew").expect(204).expect_no_session_header();
}

/// A logout begun before a login ends the session over it, and its answer does not touch the new token.
pub fn logout_in_flight_ends_over_a_login(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    let mut leaving = browser.clone();
    let (logout, login) =
        site.overlap(|| leaving.post(&format!("/api/slow-logout?{PAUSE}")), || browser.post("/api/login/ann"));
    login.expect(204).token();
    logout.expect(204);
    expect_stranger(&mut browser);
    assert_eq!(site.records(), 0);
}

/// The answer to a slow request during which its session was logged out.
#[track_caller]
fn logout_during(environment: &dyn EnvironmentUnderTest, path: &str) -> Answer {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    let (mut slow, mut late) = (browser.clone(), browser.clone());
    let (answer, logout) = site.overlap(|| slow.post(&format!("{path}?{PAUSE}")), || browser.post("/api/logout"));
    logout.expect(204).expect_removal();
    expect_stranger(&mut late);
    expect_stranger(&mut slow);
    assert_eq!(site.records(), 0);
    answer
}
