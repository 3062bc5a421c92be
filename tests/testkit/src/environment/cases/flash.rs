//! Messages that are shown once.

use std::collections::BTreeSet;

use serde_json::json;

use crate::environment::{Browser, EnvironmentUnderTest, Site};

use super::races::CROWD;

/// Whoever takes them first, and in their order.
pub fn a_flash_message_is_shown_once(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    browser.post("/api/flash/one").expect(204).expect_no_session_header();
    browser.post("/api/flash/two%20%26%20three").expect(204);
    assert_eq!(browser.session()["values"], json!({ "n": 1 }), "they are not among the values");
    assert_eq!(take(&mut browser), ["one", "two & three"]);
    assert!(take(&mut browser).is_empty());
    assert_eq!(browser.session()["values"], json!({ "n": 1 }));
}

/// It begins a session, a session with nothing else is not empty, and what drops all values drops it.
pub fn a_flash_message_counts_as_a_value(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    for drop_all in ["", "/api/clear", "/api/delete"] {
        let mut browser = site.browser();
        browser.post("/api/flash/hello").expect(204).token();
        let session = browser.session();
        assert_eq!((&session["is_new"], &session["values"]), (&json!(false), &json!({})));
        if drop_all.is_empty() {
            browser.get("/api/flash").expect(200).expect_removal();
        } else {
            browser.post(drop_all).expect(204);
            assert!(take(&mut browser).is_empty(), "{drop_all}");
        }
    }
}

/// Of fifty that come at the same time none is lost.
pub fn parallel_flash_messages_are_all_shown(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    for answer in Site::crowd(CROWD, &browser, |browser, i| browser.post(&format!("/api/flash/message{i}"))) {
        answer.expect(204).expect_no_session_header();
    }
    let shown = take(&mut browser);
    assert_eq!(shown.len(), CROWD, "each once: {shown:?}");
    let shown: BTreeSet<_> = shown.into_iter().collect();
    assert_eq!(shown, (0..CROWD).map(|i| format!("message{i}")).collect());
}

fn take(browser: &mut Browser) -> Vec<String> {
    let messages = browser.get("/api/flash").expect(200).json()["messages"].clone();
    serde_json::from_value(messages).expect("texts")
}
