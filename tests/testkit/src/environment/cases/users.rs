//! All sessions of a user.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::environment::site::PAUSE;
use crate::environment::{Browser, EnvironmentUnderTest, Site};

use super::expect_stranger;
use super::races::CROWD;

/// A user sees where else they are signed in, and nobody else does.
pub fn sessions_are_listed_and_others_are_not(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let [mut here, mut elsewhere] = [signed_in(&site, "ann"), signed_in(&site, "ann")];
    let (mut bob, mut nobody) = (signed_in(&site, "bob"), site.visitor());
    let answer = here.get("/api/sessions");
    let listed = answer.expect(200).expect_no_session_header().json()["sessions"].clone();
    let rows = listed.as_array().expect("a list");
    let (own, other) = (here.session(), elsewhere.session());
    for session in [&own, &other] {
        let row = rows.iter().find(|row| row["id"] == session["id"]).unwrap_or_else(|| panic!("listed: {answer:?}"));
        assert_eq!(row["created"], session["created"]);
        assert_eq!(row["current"], json!(session["id"] == own["id"]), "{answer:?}");
        let members: BTreeSet<_> = row.as_object().into_iter().flatten().map(|member| member.0.as_str()).collect();
        assert_eq!(members, BTreeSet::from(["accessed", "created", "current", "id"]));
    }
    assert_eq!(rows.len(), 2, "{answer:?}");
    for token in [here.token(), elsewhere.token()] {
        assert!(!answer.text().contains(&token[22..]), "no token is shown");
    }
    assert_eq!(ids(&mut bob), BTreeSet::from([bob.session()["id"].to_string()]));
    for browser in [&mut nobody, &mut site.browser()] {
        let answer = browser.get("/api/sessions");
        answer.expect(200).expect_no_session_header();
        assert_eq!(answer.json(), json!({ "sessions": [] }));
    }
    elsewhere.post("/api/logout").expect(204);
    assert_eq!(ids(&mut here), BTreeSet::from([own["id"].to_string()]), "an ended one is not listed");
}

/// In every browser, at once, whatever is in flight there; nobody else is logged out.
pub fn logout_everywhere_ends_every_session_of_the_user(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut everywhere: Vec<_> = (0..3).map(|_| signed_in(&site, "ann")).collect();
    let (mut bob, mut nobody) = (signed_in(&site, "bob"), site.visitor());
    let (mut slow, mut here) = (everywhere[1].clone(), everywhere[0].clone());
    let (late, answer) =
        site.overlap(|| slow.post(&format!("/api/slow-set/late?{PAUSE}")), || here.post("/api/logout-everywhere"));
    assert_eq!(answer.expect(200).expect_removal().json(), json!({ "ended": 3 }));
    late.expect(204).expect_no_session_header();
    everywhere.iter_mut().for_each(expect_stranger);
    assert_eq!((bob.session()["user"].clone(), nobody.get("/api/values/n").value()), (json!("bob"), json!(1)));
    assert_eq!(site.records(), 2);
    here.post("/api/login/ann").expect(204).token();
    assert_eq!(ids(&mut here).len(), 1);
}

/// A visitor who is nobody keeps what they have.
pub fn logout_everywhere_of_nobody_ends_nothing(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let (mut ann, mut visitor) = (signed_in(&site, "ann"), site.visitor());
    for browser in [&mut visitor, &mut site.browser()] {
        let answer = browser.post("/api/logout-everywhere");
        answer.expect(200).expect_no_session_header();
        assert_eq!(answer.json(), json!({ "ended": 0 }));
    }
    assert_eq!((visitor.get("/api/values/n").value(), ann.session()["user"].clone()), (json!(1), json!("ann")));
    assert_eq!(site.records(), 2);
}

/// However many log in at once, and at whichever of two servers: three sessions are left, and they are those listed.
pub fn a_limit_of_three_holds_under_fifty_parallel_logins(environment: &dyn EnvironmentUnderTest) {
    for (setting, granted) in [("3", CROWD), ("3,refuse", 3)] {
        let site = Site::with(environment, &[("WEBSTACK_USER_SESSIONS", setting)]);
        let other = environment.capabilities().several_processes().then(|| site.another(environment));
        let urls = [site.server().url(), other.as_ref().map_or(site.server().url(), |other| other.url())];
        let crowd = Mutex::new(Vec::new());
        let answers = Site::crowd(CROWD, &site.browser(), |browser, i| {
            let mut browser = browser.at(urls[i % 2]);
            let answer = browser.post("/api/login/ann");
            crowd.lock().expect("nobody panics with it").push(browser);
            answer
        });
        let refused: Vec<_> = answers.iter().filter(|answer| answer.status() != 204).collect();
        for answer in &refused {
            answer.expect(409).expect_no_session_header();
        }
        assert_eq!(CROWD - refused.len(), granted, "logins with {setting}");

        let mut crowd = crowd.into_inner().expect("nobody panicked with it");
        let mut alive: Vec<(Value, &mut Browser)> = crowd
            .iter_mut()
            .map(|browser| (browser.session()["id"].clone(), browser))
            .filter(|(id, _)| !id.is_null())
            .collect();
        assert_eq!((alive.len(), site.records()), (3, 3), "sessions with {setting}");
        let living: BTreeSet<_> = alive.iter().map(|(id, _)| id.to_string()).collect();
        for (_, browser) in &mut alive {
            assert_eq!(ids(browser), living);
        }
        // who is in already may sign in again, and whoever leaves makes room
        alive[0].1.post("/api/login/ann").expect(204).token();
        alive[1].1.post("/api/logout").expect(204).expect_removal();
        let mut late = signed_in(&site, "ann");
        assert_eq!((ids(&mut late).len(), site.records()), (3, 3));
    }
}

fn signed_in(site: &Site, user: &str) -> Browser {
    let mut browser = site.browser();
    browser.post(&format!("/api/login/{user}")).expect(204).token();
    browser
}

/// The ids that a browser is shown.
#[track_caller]
fn ids(browser: &mut Browser) -> BTreeSet<String> {
    let sessions = browser.get("/api/sessions").expect(200).json()["sessions"].clone();
    sessions.as_array().expect("a list").iter().map(|row| row["id"].to_string()).collect()
}
