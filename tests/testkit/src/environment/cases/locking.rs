//! The session's lock: who holds it is alone, also over several processes.

use serde_json::json;

use crate::environment::{EnvironmentUnderTest, Site};

/// Reading, waiting and writing, ten times at once and at whichever of two servers: none is lost.
pub fn what_is_done_under_the_lock_is_exact(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let other = environment.capabilities().several_processes().then(|| site.another(environment));
    let urls = [site.server().url(), other.as_ref().map_or(site.server().url(), |other| other.url())];
    let browser = site.visitor();
    let answers =
        Site::crowd(10, &browser, |browser, i| browser.at(urls[i % 2]).post("/api/exclusive-increment/exact?ms=30"));
    let mut values: Vec<_> = answers.iter().filter_map(|answer| answer.expect(200).value().as_u64()).collect();
    values.sort_unstable();
    assert_eq!(values, (1..=10).collect::<Vec<_>>());
    assert_eq!(browser.clone().get("/api/values/exact").value(), json!(10));
}

/// Whoever only writes waits for the lock and loses nothing; whoever reads does not wait.
pub fn writers_wait_for_the_lock(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let browser = site.visitor();
    let (mut holder, mut writer, mut reader) = (browser.clone(), browser.clone(), browser.clone());
    let (held, read) = site.overlap(
        || holder.post("/api/exclusive-increment/n?ms=1000"),
        || {
            let read = reader.get("/api/values/n").expect(200).value();
            let written = writer.post("/api/increment/n").expect(200).value();
            (read, written)
        },
    );
    assert_eq!(held.expect(200).value(), json!(2));
    assert_eq!(read, (json!(1), json!(3)), "the reader saw what stood there, the writer came after");
}

/// A logout does not wait for the lock, and its holder brings nothing back.
pub fn a_logout_does_not_wait_for_the_lock(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let browser = site.visitor();
    let (mut holder, mut leaving) = (browser.clone(), browser.clone());
    let (held, left) =
        site.overlap(|| holder.post("/api/exclusive-increment/n?ms=1000"), || leaving.post("/api/logout"));
    left.expect(204).expect_removal();
    held.expect(409).expect_no_session_header();
    assert_eq!(site.records(), 0);
}
