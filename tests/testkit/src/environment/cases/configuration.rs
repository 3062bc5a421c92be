//! Settings that are wrong, empty or unknown.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::environment::site::{scratch, settings};
use crate::environment::{EnvironmentUnderTest, Settings, Site};

use super::skip;

/// A server that is configured wrongly does not start; it names the variable in one line.
pub fn bad_settings_exit_2_with_one_line(environment: &dyn EnvironmentUnderTest) {
    if !environment.capabilities().stays() {
        return skip("bad_settings_exit_2_with_one_line", "each request starts a program");
    }
    let scratch = scratch();
    let long = "x".repeat(40);
    for (variables, named) in [
        (&[("WEBSTACK_STORE", "sessions")][..], "WEBSTACK_STORE"),
        (&[("WEBSTACK_STORE", "file:relative/path")], "WEBSTACK_STORE"),
        (&[("WEBSTACK_STORE", "carrierpigeon://coop")], "WEBSTACK_STORE"),
        (&[("WEBSTACK_STORE", "file:/tmp/webstack-none?group=no-such-group-here")], "WEBSTACK_STORE"),
        (&[("WEBSTACK_STORE", "file:/tmp/webstack-none?colour=red")], "WEBSTACK_STORE"),
        (&[("WEBSTACK_PERSIST", "pigeon")], "WEBSTACK_PERSIST"),
        (&[("WEBSTACK_PERSIST", "cookie,cookie")], "WEBSTACK_PERSIST"),
        (&[("WEBSTACK_PERSIST", "cookie,query")], "WEBSTACK_PERSIST"),
        (&[("WEBSTACK_COOKIE_NAME", "a b")], "WEBSTACK_COOKIE_NAME"),
        (&[("WEBSTACK_COOKIE_NAME", "a=b")], "WEBSTACK_COOKIE_NAME"),
        (&[("WEBSTACK_COOKIE_NAME", "a;b")], "WEBSTACK_COOKIE_NAME"),
        (&[("WEBSTACK_COOKIE_PREFIX", "maybe")], "WEBSTACK_COOKIE_PREFIX"),
        (&[("WEBSTACK_COOKIE_PREFIX", "host"), ("WEBSTACK_COOKIE_PATH", "/shop")], "WEBSTACK_COOKIE_PREFIX"),
        (&[("WEBSTACK_COOKIE_PREFIX", "host"), ("WEBSTACK_COOKIE_DOMAIN", "a.test")], "WEBSTACK_COOKIE_PREFIX"),
        (&[("WEBSTACK_COOKIE_PREFIX", "host"), ("WEBSTACK_COOKIE_SECURE", "false")], "WEBSTACK_COOKIE_PREFIX"),
        (&[("WEBSTACK_COOKIE_PREFIX", "secure"), ("WEBSTACK_COOKIE_SECURE", "false")], "WEBSTACK_COOKIE_PREFIX"),
        (&[("WEBSTACK_COOKIE_PATH", "shop")], "WEBSTACK_COOKIE_PATH"),
        (&[("WEBSTACK_COOKIE_PATH", "/a;b")], "WEBSTACK_COOKIE_PATH"),
        (&[("WEBSTACK_COOKIE_DOMAIN", "exa mple.test")], "WEBSTACK_COOKIE_DOMAIN"),
        (&[("WEBSTACK_COOKIE_DOMAIN", "a.test; HttpOnly")], "WEBSTACK_COOKIE_DOMAIN"),
        (&[("WEBSTACK_COOKIE_SECURE", "perhaps")], "WEBSTACK_COOKIE_SECURE"),
        (&[("WEBSTACK_COOKIE_HTTP_ONLY", "perhaps")], "WEBSTACK_COOKIE_HTTP_ONLY"),
        (&[("WEBSTACK_COOKIE_SAME_SITE", "laxer")], "WEBSTACK_COOKIE_SAME_SITE"),
        (&[("WEBSTACK_COOKIE_SAME_SITE", "none"), ("WEBSTACK_COOKIE_SECURE", "false")], "WEBSTACK_COOKIE_SAME_SITE"),
        (&[("WEBSTACK_COOKIE_EXPIRES", "soon")], "WEBSTACK_COOKIE_EXPIRES"),
        (&[("WEBSTACK_COOKIE_EXPIRES", "-1")], "WEBSTACK_COOKIE_EXPIRES"),
        (&[("WEBSTACK_HEADER_NAME", "a b")], "WEBSTACK_HEADER_NAME"),
        (&[("WEBSTACK_IDLE_TIMEOUT", "1h")], "WEBSTACK_IDLE_TIMEOUT"),
        (&[("WEBSTACK_IDLE_TIMEOUT", "-5")], "WEBSTACK_IDLE_TIMEOUT"),
        (&[("WEBSTACK_ABSOLUTE_TIMEOUT", "later")], "WEBSTACK_ABSOLUTE_TIMEOUT"),
        (&[("WEBSTACK_SECRET", "short")], "WEBSTACK_SECRET"),
        (&[("WEBSTACK_SECRET_FILE", "/nonexistent/secret")], "WEBSTACK_SECRET_FILE"),
        (&[("WEBSTACK_SECRET", &*long), ("WEBSTACK_SECRET_FILE", "/nonexistent/secret")], "WEBSTACK_SECRET"),
        (&[("WEBSTACK_USER_SESSIONS", "few")], "WEBSTACK_USER_SESSIONS"),
        (&[("WEBSTACK_USER_SESSIONS", "0")], "WEBSTACK_USER_SESSIONS"),
        (&[("WEBSTACK_ON_CORRUPT", "shrug")], "WEBSTACK_ON_CORRUPT"),
        (&[("WEBSTACK_PURGE_EVERY", "often")], "WEBSTACK_PURGE_EVERY"),
        (&[("WEBSTACK_STOER", "memory:")], "WEBSTACK_STORE"),
        (&[("WEBSTACK_COOKIE_NAM", "a")], "WEBSTACK_COOKIE_NAME"),
        (&[("WEBSTACK_COOKIE_SAMESITE", "lax")], "WEBSTACK_COOKIE_SAME_SITE"),
    ] {
        let base = variables.iter().fold(settings(&scratch), |settings, (name, value)| settings.with(name, value));
        let line = refusal(environment, &base);
        assert!(line.contains(named), "{named} is named for {variables:?}: {line}");
        assert!(!line.contains(&long) && !line.contains("short\""), "a secret is not repeated: {line}");
    }
}

/// A directory where others could plant or read sessions is not used.
pub fn an_unsafe_directory_exits_2_with_one_line(environment: &dyn EnvironmentUnderTest) {
    if !environment.capabilities().stays() {
        return skip("an_unsafe_directory_exits_2_with_one_line", "each request starts a program");
    }
    let scratch = scratch();
    let base = settings(&scratch);
    let directory = scratch.path().join("sessions");
    make_open_to_others(&directory);
    let line = refusal(environment, &base);
    assert!(line.contains("sessions"), "the directory is named: {line}");
    fs::remove_dir(&directory).expect("an empty directory");
    #[cfg(unix)]
    {
        fs::create_dir(scratch.path().join("elsewhere")).expect("a directory");
        std::os::unix::fs::symlink(scratch.path().join("elsewhere"), &directory).expect("a link");
        let line = refusal(environment, &base);
        assert!(line.contains("sessions"), "the link is named: {line}");
        fs::remove_file(&directory).expect("the link");
    }
    fs::write(&directory, "").expect("a file");
    assert!(refusal(environment, &base).contains("sessions"), "a file is no directory");
}

/// Compose files and service units leave variables empty when they mean none.
pub fn empty_variables_count_as_unset(environment: &dyn EnvironmentUnderTest) {
    let empty = [
        ("WEBSTACK_PERSIST", ""),
        ("WEBSTACK_COOKIE_NAME", ""),
        ("WEBSTACK_COOKIE_PREFIX", ""),
        ("WEBSTACK_COOKIE_PATH", ""),
        ("WEBSTACK_COOKIE_DOMAIN", ""),
        ("WEBSTACK_COOKIE_SECURE", ""),
        ("WEBSTACK_COOKIE_EXPIRES", ""),
        ("WEBSTACK_IDLE_TIMEOUT", ""),
        ("WEBSTACK_ABSOLUTE_TIMEOUT", ""),
        ("WEBSTACK_USER_SESSIONS", ""),
        ("WEBSTACK_SECRET", ""),
        ("WEBSTACK_SECRET_FILE", ""),
        ("WEBSTACK_ON_CORRUPT", ""),
        ("WEBSTACK_PURGE_EVERY", ""),
    ];
    let site = Site::with(environment, &empty);
    let cookie = site.visitor().cookie_header().expect("a session");
    assert!(cookie.starts_with("__Host-webstack_session="), "{cookie}");
}

/// It may belong to a later version, so the server runs; it may be a mistake, so it is told.
pub fn an_unknown_variable_is_a_warning(environment: &dyn EnvironmentUnderTest) {
    let site = Site::with(environment, &[("WEBSTACK_FROBNICATION", "high")]);
    assert_eq!(site.visitor().get("/api/values/n").value(), json!(1));
    let (stopped, _) = site.close();
    let log = String::from_utf8_lossy(&stopped.stderr).into_owned();
    assert!(log.contains("WEBSTACK_FROBNICATION"), "{log}");
}

/// A service named webstack makes Kubernetes set these everywhere.
pub fn what_container_platforms_inject_is_ignored(environment: &dyn EnvironmentUnderTest) {
    let injected = [
        ("WEBSTACK_SERVICE_HOST", "10.0.0.1"),
        ("WEBSTACK_SERVICE_PORT", "80"),
        ("WEBSTACK_PORT", "tcp://10.0.0.1:80"),
        ("WEBSTACK_PORT_80_TCP_ADDR", "10.0.0.1"),
    ];
    let site = Site::with(environment, &injected);
    assert_eq!(site.visitor().get("/api/values/n").value(), json!(1));
    let (stopped, _) = site.close();
    let log = String::from_utf8_lossy(&stopped.stderr).into_owned();
    assert!(!log.contains("WEBSTACK_"), "{log}");
}

/// The line with which a server refuses to start.
#[track_caller]
fn refusal(environment: &dyn EnvironmentUnderTest, settings: &Settings) -> String {
    let shown: Vec<_> = settings.variables().collect();
    let Err(refused) = environment.start(settings) else { panic!("the server starts with {shown:?}") };
    assert_eq!(refused.status.code(), Some(2), "{shown:?}: {refused:?}");
    assert_eq!(refused.stderr.trim_end().lines().count(), 1, "one line for {shown:?}: {}", refused.stderr);
    refused.stderr
}

fn make_open_to_others(directory: &Path) {
    fs::create_dir(directory).expect("a directory");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(directory, fs::Permissions::from_mode(0o777)).expect("permissions");
    }
}
