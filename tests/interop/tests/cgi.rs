//! CGI keeps what every environment promises, behind real web servers.
//!
//! What is skipped for lack of a capability says so, and is counted below.
#![cfg(unix)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;
use webstack_interop::WebServer;
use webstack_testkit::environment::{EnvironmentUnderTest as _, Site};
use webstack_testkit::environment_suite;

/// The server, or the end of a test that cannot be run here.
macro_rules! installed {
    ($server:ident) => {
        match WebServer::$server.if_installed() {
            Some(server) => server,
            None => return,
        }
    };
}

environment_suite!(apache_cgid, installed!(ApacheCgid));
environment_suite!(apache_cgi, installed!(ApacheCgi));
environment_suite!(lighttpd, installed!(Lighttpd));
environment_suite!(nginx_fcgiwrap, installed!(Nginx));

/// All that busybox can: it hands no body over but that of POST, finds no directory behind a program (`/`), takes no long
/// header, and refuses connections that come by the thousand.
mod busybox {
    use super::*;

    webstack_testkit::__environment_tests! { installed!(Busybox);
        attributes: [
            a_cookie_of_another_name_is_not_ours
            a_persistent_cookie_says_how_long
            a_removal_has_the_attributes_of_the_cookie
            default_cookie_attributes
            secure_over_loopback_is_not_warned_about
        ]
        configuration: [
            an_unknown_variable_is_a_warning
            empty_variables_count_as_unset
            what_container_platforms_inject_is_ignored
        ]
        cookies: [
            bad_utf8_in_the_cookie_header_is_not_a_500
            malformed_neighbours_do_not_hide_ours
            several_cookie_lines_are_one
            several_cookies_the_first_live_wins
            up_to_eight_cookies_are_tried
        ]
        creation: [
            a_session_is_one_however_often_it_is_used
            ending_nothing_creates_nothing
            reading_creates_nothing
        ]
        emptied: [
            a_session_with_a_user_is_not_empty
            an_emptied_session_does_not_lose_a_parallel_write
            an_emptied_session_sends_a_removal_cookie
        ]
        headers: [
            set_cookie_is_never_cached
            untouched_carries_neither
            vary_is_appended_never_replaced
        ]
        outcome: [
            a_5xx_after_a_save_keeps_what_was_saved
            a_5xx_discards_what_it_set
            a_5xx_logout_still_ends
            a_client_that_leaves_breaks_nothing
            a_logout_before_a_panic_holds
            a_panic_rolls_back
            changes_are_kept_below_500
        ]
        process: [
            a_lost_directory_is_an_opaque_failure
            a_record_that_cannot_be_read_is_an_opaque_failure
            a_session_survives_a_restart
            two_processes_share_one_session
        ]
        races: [
            logout_in_flight_ends_over_a_login
            logout_wins_over_a_slow_increment
            logout_wins_over_a_slow_renew
            logout_wins_over_a_slow_set
        ]
        renewal: [
            another_user_renews_as_well
            delete_renews_a_session_with_a_user
            login_keeps_the_session_and_kills_the_old_token
            renewal_keeps_the_session_and_kills_the_old_token
        ]
        routes: [
            delete_keeps_the_session_alone
            invalidate_begins_another_session
            the_session_tells_about_itself
        ]
        strangers: [
            a_malformed_token_is_a_stranger
            a_wrong_secret_opens_nothing
            an_ended_token_is_never_adopted
            an_expired_token_is_never_adopted
            an_unknown_token_is_never_adopted
        ]
    }
}

fn servers() -> impl Iterator<Item = WebServer> {
    use WebServer::{ApacheCgi, ApacheCgid, Busybox, Lighttpd, Nginx};
    [ApacheCgid, ApacheCgi, Lighttpd, Nginx, Busybox].into_iter().filter_map(WebServer::if_installed)
}

/// The cases that ask for a server that stays. One more is a promise less that CGI keeps.
#[test]
fn four_cases_are_skipped_where_each_request_starts_a_program() {
    let cases = [
        include_str!("../../testkit/src/environment/cases/attributes.rs"),
        include_str!("../../testkit/src/environment/cases/configuration.rs"),
        include_str!("../../testkit/src/environment/cases/process.rs"),
    ];
    let skipped: usize = cases.iter().map(|text| text.matches("\"each request starts a program\"").count()).sum();
    assert_eq!(skipped, 4);
    assert!(servers().all(|server| !server.capabilities().stays()));
}

#[test]
fn every_set_cookie_header_arrives() {
    for server in servers() {
        let site = Site::open(&server);
        let mut names: Vec<_> =
            site.browser().post("/api/own-cookie/a").set_cookies().into_iter().map(|cookie| cookie.name).collect();
        names.sort_unstable();
        assert_eq!(names, ["__Host-webstack_session", "own"], "{server:?}");
    }
}

#[test]
fn a_body_that_nobody_reads_breaks_nothing() {
    for server in servers() {
        let site = Site::open(&server);
        let mut visitor = site.visitor();
        for length in [1, 70_000, 10 << 20] {
            let body = vec![b'x'; length];
            for (path, statuses) in [("/plain", &[404, 405][..]), ("/api/increment/read", &[200, 413])] {
                let answer = visitor.send("POST", path, &[], &body);
                assert!(statuses.contains(&answer.status()), "{server:?}, {length} bytes: {answer:?}");
            }
        }
        assert_eq!(visitor.get("/api/values/n").value(), json!(1), "{server:?}");
    }
}

#[test]
fn a_body_over_the_adapter_s_limit_is_413() {
    for server in servers() {
        let site = Site::open(&server);
        let answer = site.browser().send("POST", "/api/increment/n", &[], &vec![b'x'; 17 << 20]);
        assert_eq!(answer.status(), 413, "{server:?}: {answer:?}");
        assert_eq!(site.records(), 0);
    }
}

#[test]
fn chunks_are_taken_or_refused() {
    for server in servers().filter(|server| *server != WebServer::Busybox) {
        let site = Site::open(&server);
        let host = site.server().url().trim_start_matches("http://").split('/').next().expect("a host").to_owned();
        let mut stream = TcpStream::connect(&host).expect("a connection");
        let request = format!(
            "PUT /cgi-bin/demo-cgi/api/values/chunked HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             transfer-encoding: chunked\r\n\r\n2\r\n\"a\r\n2\r\nb\"\r\n0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 204 ") || answer.starts_with("HTTP/1.1 411 "), "{server:?}: {answer}");
        assert_eq!(site.records(), usize::from(answer.contains(" 204 ")), "{server:?}");
    }
}

#[test]
fn a_path_that_is_no_text_is_the_client_s_mistake() {
    for server in servers() {
        let site = Site::open(&server);
        let mut visitor = site.visitor();
        for path in ["/api/values/%ff", "/api/values/%C3%28", "/api/values/n?%ff=%e9", "/%ff?a=b", "/api/values/%E2%82"]
        {
            let answer = visitor.get(path);
            // lighttpd looks at queries as well
            let statuses: &[u16] = match path.contains("/n?") {
                true if server == WebServer::Lighttpd => &[200, 400],
                true => &[200],
                false => &[400],
            };
            assert!(statuses.contains(&answer.status()), "{server:?}: {answer:?}");
        }
        assert_eq!(visitor.get("/api/values/%6E").value(), json!(1), "{server:?}");
    }
}

#[test]
fn a_panic_is_an_opaque_500_and_a_line_in_the_log() {
    for server in servers() {
        let site = Site::open(&server);
        let answer = site.browser().post("/api/set-then-panic");
        assert_eq!((answer.status(), answer.text().trim()), (500, "Internal Server Error"), "{server:?}: {answer:?}");
        let told = log(site);
        assert_eq!(told.matches("panicked at").count(), 1, "{server:?}: {told}");
    }
}

#[test]
fn a_setting_that_cannot_work_is_an_opaque_500_and_a_line_in_the_log() {
    for server in servers() {
        for (variable, value) in [("WEBSTACK_STORE", "memory:"), ("WEBSTACK_IDLE_TIMEOUT", "1h")] {
            let site = Site::with(&server, &[(variable, value)]);
            for (method, body) in [("GET", &b""[..]), ("POST", &[b'x'; 70_000])] {
                let answer = site.browser().send(method, "/api/session", &[], body);
                assert_eq!(
                    (answer.status(), answer.text().trim()),
                    (500, "Internal Server Error"),
                    "{server:?}: {answer:?}"
                );
            }
            let told = log(site);
            let lines = told.lines().filter(|line| line.contains("demo-cgi: ") && line.contains(variable)).count();
            assert_eq!(lines, 2, "{server:?}: {told}");
        }
    }
}

/// What the server and its programs wrote into the log.
fn log(site: Site) -> String {
    let (stopped, _place) = site.close();
    String::from_utf8_lossy(&stopped.stderr).into_owned()
}
