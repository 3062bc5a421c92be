//! Servers that start, stop, come in pairs, and lose their disk.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::environment::site::PAUSE;
use crate::environment::{Answer, Browser, EnvironmentUnderTest, Signal, Site};

use super::races::CROWD;
use super::{cookie, skip, unknown_token};

/// The store outlives the server.
pub fn a_session_survives_a_restart(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    browser.post("/api/login/ann").expect(204);
    let before = browser.session();
    let site = site.restart(environment);
    let mut browser = browser.at(site.server().url());
    let after = browser.session();
    for same in ["id", "user", "values", "created"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert_eq!(browser.post("/api/increment/n").value(), json!(2));
}

/// Two servers over one store are one to their visitors, increments and logout included.
pub fn two_processes_share_one_session(environment: &dyn EnvironmentUnderTest) {
    if !environment.capabilities().several_processes() {
        return skip("two_processes_share_one_session", "one process at a time");
    }
    let site = Site::open(environment);
    let other = site.another(environment);
    let mut browser = site.visitor();
    let at =
        |browser: &Browser, i: usize| browser.at(if i.is_multiple_of(2) { site.server().url() } else { other.url() });
    let answers = Site::crowd(CROWD, &browser, |browser, i| at(browser, i).post("/api/increment/shared"));
    let mut values: Vec<_> = answers.iter().filter_map(|answer| answer.value().as_u64()).collect();
    values.sort_unstable();
    assert_eq!(values, (1..=CROWD as u64).collect::<Vec<_>>(), "a permutation");

    Site::crowd(CROWD, &browser, |browser, i| at(browser, i).post(&format!("/api/slow-set/key{i}?ms=300")));
    let mut elsewhere = browser.at(other.url());
    let session = elsewhere.session();
    assert_eq!(session["id"], browser.session()["id"]);
    assert!((0..CROWD).all(|i| session["values"][format!("key{i}")] == json!(true)), "{session}");

    let (mut slow, mut leaving) = (elsewhere.clone(), browser.clone());
    let (answer, left) =
        site.overlap(|| slow.post(&format!("/api/slow-set/late?{PAUSE}")), || leaving.post("/api/logout"));
    left.expect(204).expect_removal();
    answer.expect(204).expect_no_session_header();
    super::expect_stranger(&mut elsewhere);
    super::expect_stranger(&mut browser);
    assert_eq!(site.records(), 0);
}

/// A server that is told to stop answers first what it has begun, then ends well.
pub fn requests_in_flight_are_finished(environment: &dyn EnvironmentUnderTest) {
    if !environment.capabilities().stays() {
        return skip("requests_in_flight_are_finished", "each request starts a program");
    }
    for signal in [Signal::Terminate, Signal::Interrupt] {
        let site = Site::open(environment);
        let browser = site.visitor();
        let (mut slow, mut idle) = (browser.clone(), Browser::keeping_alive(site.server().url()));
        idle.get("/plain").expect(200);
        // longer than a server takes that looks once a second whether somebody is still there, and then leaves
        let (answer, ()) = site.overlap(|| slow.post("/api/slow-set/late?ms=3000"), || site.server().signal(signal));
        answer.expect(204).expect_no_session_header();
        let site = site.restart_stopped(environment);
        assert_eq!(browser.at(site.server().url()).get("/api/values/late").value(), json!(true));
    }
}

/// While the directory is lost nothing can be stored, and the visitor is told nothing of it; then all is well again.
pub fn a_lost_directory_is_an_opaque_failure(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    if !site.is_in_directory() {
        return skip("a_lost_directory_is_an_opaque_failure", "the sessions are not in a directory");
    }
    let mut visitor = site.visitor();
    // A CGI program may still be noting when it purged last: its answer was before that.
    while let Err(error) = fs::remove_dir_all(site.store()) {
        assert_eq!(error.kind(), std::io::ErrorKind::DirectoryNotEmpty, "a directory can be removed: {error}");
    }
    // a plain file in its place, so that nobody makes a directory of it again
    fs::write(site.store(), "").expect("a file");
    let opaque = |answer: &Answer| {
        assert!(matches!(answer.status(), 500 | 503), "{answer:?}");
        answer.expect_no_session_header();
        assert!(answer.lists("cache-control", "no-store"), "{answer:?}");
        let text = answer.text();
        let tells = ["sessions", "directory", "file", "os error"].into_iter().any(|cause| text.contains(cause));
        assert!(text.len() < 1_000 && !tells, "{answer:?}");
    };
    for browser in [&mut visitor, &mut site.browser()] {
        opaque(&browser.post("/api/increment/n"));
        opaque(&browser.put("/api/values/n", &json!(1)));
        opaque(&browser.post("/api/login/ann"));
        // a program that is started for each request opens the store for each, whether it is used or not
        if environment.capabilities().stays() {
            browser.get("/plain").expect(200);
        } else {
            opaque(&browser.get("/plain"));
        }
    }
    // whether reading fails depends on what the server still holds; nobody is logged out by it
    let read = visitor.get("/api/session");
    match read.status() {
        200 => drop(read.expect_no_session_header().json()),
        _ => opaque(&read),
    }
    if environment.capabilities().stays() {
        site.browser().get("/api/session").expect(200).expect_no_session_header();
    }

    fs::remove_file(site.store()).expect("the file");
    make_private(&site.store());
    site.visitor().post("/api/increment/n").expect(200);
    assert_eq!(site.records(), 1);
}

/// Where the settings say so, a record that cannot be read is a failure, and the visitor is told nothing of it.
pub fn a_record_that_cannot_be_read_is_an_opaque_failure(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &[("WEBSTACK_ON_CORRUPT", "fail")]);
    let mut visitor = site.visitor();
    site.spoil();
    for answer in [visitor.get("/api/session"), visitor.get("/api/values/n"), visitor.post("/api/increment/n")] {
        answer.expect(500).expect_no_session_header();
        assert!(answer.lists("cache-control", "no-store"), "{answer:?}");
        assert!(answer.text().len() < 1_000 && !answer.text().contains("garbage"), "{answer:?}");
    }
    // whoever does not ask for the session is not hurt, nor is anybody else
    visitor.get("/plain").expect(200);
    site.visitor();
}

/// Neither what is stored nor what is logged, at its most talkative, can be sent as a cookie.
pub fn the_token_is_in_no_file_and_no_log(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &[("RUST_LOG", "info,webstack=trace")]);
    let mut browser = site.visitor();
    let mut tokens = vec![browser.token().to_owned()];
    for path in ["/api/renew", "/api/login/ann", "/api/invalidate", "/api/login/bob"] {
        tokens.push(browser.post(path).expect(204).token());
    }
    browser.put("/api/values/confidential", &json!("sw0rdfish-value")).expect(204);
    browser.post("/api/increment/confidential").expect(422);
    // what is refused is not told either
    let unknown = unknown_token();
    let forged = format!("{}{}", &browser.token()[..22], &unknown[22..]);
    for claimed in [&tokens[0], &unknown, &forged] {
        site.browser().send("POST", "/api/logout", &[("cookie", &cookie(claimed))], b"").expect(204);
    }
    let mut leaving = site.visitor();
    tokens.extend([unknown, forged, leaving.token().to_owned()]);
    leaving.post("/api/logout").expect(204);

    let (stopped, remains) = site.close();
    let stored = remains.dump();
    let found = |token: &str| -> Vec<String> {
        let telling = stored.iter().filter(|(place, bytes)| tells(bytes, token) || tells(place.as_bytes(), token));
        let mut places: Vec<String> = telling.map(|(place, _)| place.clone()).collect();
        let logs = [("standard output", &stopped.stdout), ("standard error", &stopped.stderr)];
        places.extend(logs.iter().filter(|(_, log)| tells(log, token)).map(|(name, _)| (*name).to_owned()));
        places
    };
    for token in &tokens {
        assert_eq!(found(token), Vec::<String>::new(), "a secret is found");
    }
    for log in [&stopped.stdout, &stopped.stderr] {
        assert!(!contains(log, b"sw0rdfish"), "a value is logged: {}", String::from_utf8_lossy(log));
    }
    assert!(!stored.is_empty(), "there was something to look at");
}

/// True if the bytes hold the secret of a token, in any form that it might be written in.
fn tells(bytes: &[u8], token: &str) -> bool {
    let secret = &URL_SAFE_NO_PAD.decode(token).expect("a token is base64url")[16..];
    let hex = base16ct::lower::encode_string(secret);
    let forms: [&[u8]; 4] = [&token.as_bytes()[22..], secret, hex.as_bytes(), &hex.to_ascii_uppercase().into_bytes()];
    // in a token the secret begins in the middle of a character, so encoded by itself it is another text
    let alone = [URL_SAFE_NO_PAD.encode(secret), STANDARD_NO_PAD.encode(secret)];
    forms.into_iter().chain(alone.iter().map(String::as_bytes)).any(|form| contains(bytes, form))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn make_private(directory: &Path) {
    fs::create_dir(directory).expect("a directory");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).expect("permissions");
        // servers may run as somebody else, whose directory the parent then is
        let parent = directory.parent().and_then(|parent| parent.metadata().ok()).expect("a parent");
        std::os::unix::fs::chown(directory, Some(parent.uid()), Some(parent.gid())).expect("an owner");
    }
}
