//! Settings from the environment: every value that cannot work is refused in one line that says the mend.

use webstack_core::{Environment, Sessions};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn refused(variables: &[(&str, &str)]) -> String {
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    let built = Sessions::builder().store_url("memory:").variables(variables).and_then(|builder| builder.build());
    built.expect_err("a bad combination").to_string()
}

fn accepted(variables: &[(&str, &str)]) -> Sessions {
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    Sessions::builder().store_url("memory:").variables(variables).unwrap().build().unwrap()
}

#[test]
fn every_bad_value_is_refused_in_one_line_that_names_its_variable() {
    for (name, value) in [
        ("WEBSTACK_STORE", "file:relative"),
        ("WEBSTACK_STORE", "file://host/share"),
        ("WEBSTACK_STORE", "file:/tmp/some#where"),
        ("WEBSTACK_STORE", "file:/tmp/some\nwhere"),
        ("WEBSTACK_STORE", "file:/tmp?colour=red"),
        ("WEBSTACK_STORE", "file:/tmp/x?durability=full&durability=none"),
        ("WEBSTACK_STORE", "file:/tmp/x?durability=full&durability=full"),
        ("WEBSTACK_STORE", "file:/tmp/x?group=no-such-group-here"),
        ("WEBSTACK_STORE", "file:/no/such/parent/here"),
        ("WEBSTACK_STORE", "carrier-pigeon://u:p4ssw0rd@h"),
        ("WEBSTACK_STORE", "lmdb:relative"),
        ("WEBSTACK_STORE", "lmdb:/tmp/x?colour=red"),
        ("WEBSTACK_MOVE_FROM", "file:relative"),
        ("WEBSTACK_MOVE_FROM", "nonsense"),
        ("WEBSTACK_CACHE", "half a second"),
        ("WEBSTACK_STORE", "nonsense"),
        ("WEBSTACK_STORE", "memory:x"),
        ("WEBSTACK_PERSIST", "telepathy"),
        ("WEBSTACK_PERSIST", "query,cookie"),
        ("WEBSTACK_COOKIE_NAME", "a b"),
        ("WEBSTACK_COOKIE_NAME", "__Host-x"),
        ("WEBSTACK_COOKIE_PREFIX", "strong"),
        ("WEBSTACK_COOKIE_PATH", "shop"),
        ("WEBSTACK_COOKIE_PATH", "/a;b"),
        ("WEBSTACK_COOKIE_DOMAIN", ".example.test"),
        ("WEBSTACK_COOKIE_DOMAIN", "exa mple.test"),
        ("WEBSTACK_COOKIE_SECURE", "yes"),
        ("WEBSTACK_COOKIE_HTTP_ONLY", "1"),
        ("WEBSTACK_COOKIE_SAME_SITE", "Lax"),
        ("WEBSTACK_COOKIE_EXPIRES", "soon"),
        ("WEBSTACK_COOKIE_EXPIRES", "0"),
        ("WEBSTACK_COOKIE_EXPIRES", "-5"),
        ("WEBSTACK_COOKIE_EXPIRES", "+5"),
        ("WEBSTACK_IDLE_TIMEOUT", "0"),
        ("WEBSTACK_IDLE_TIMEOUT", "30m"),
        ("WEBSTACK_IDLE_TIMEOUT", "99999999999999999999999"),
        ("WEBSTACK_ABSOLUTE_TIMEOUT", "never"),
        ("WEBSTACK_SECRET", "0123456789abcdef0123456789abcde"),
        ("WEBSTACK_SECRET", "0123456789abcdef0123456789abcdef,short-p4ssw0rd"),
        ("WEBSTACK_SECRET_FILE", "/no/such/file"),
        ("WEBSTACK_SECRET_FILE", "/dev/null"),
        ("WEBSTACK_HEADER_NAME", "a b"),
        ("WEBSTACK_HEADER_NAME", "Cookie"),
        ("WEBSTACK_HEADER_NAME", "Transfer-Encoding"),
        ("WEBSTACK_HEADER_NAME", "location"),
        ("WEBSTACK_HEADER_NAME", "sec-fetch-site"),
        ("WEBSTACK_PERSIST", "query"),
        ("WEBSTACK_PERSIST", "cookie,cookie"),
        ("WEBSTACK_ON_SERVER_ERROR", "explode"),
        ("WEBSTACK_ON_GONE", "weep"),
        ("WEBSTACK_ON_STORE_FAILURE", "panic"),
        ("WEBSTACK_RENEW_EVERY", "0"),
        ("WEBSTACK_RENEW_EVERY", "often"),
        ("WEBSTACK_TIMEOUTS", "aal4"),
        ("WEBSTACK_LOCK_LEASE", "5"),
        ("WEBSTACK_LOCK_LEASE", "soon"),
        ("WEBSTACK_USER_SESSIONS", "0"),
        ("WEBSTACK_USER_SESSIONS", "0,refuse"),
        ("WEBSTACK_USER_SESSIONS", "-1"),
        ("WEBSTACK_USER_SESSIONS", "+3"),
        ("WEBSTACK_USER_SESSIONS", "three"),
        ("WEBSTACK_USER_SESSIONS", "3,"),
        ("WEBSTACK_USER_SESSIONS", "3,evict,refuse"),
        ("WEBSTACK_USER_SESSIONS", "none,refuse"),
        ("WEBSTACK_USER_SESSIONS", "99999999999999999999999"),
        ("WEBSTACK_ON_CORRUPT", "ignore"),
        ("WEBSTACK_PURGE_EVERY", "hourly"),
    ] {
        let message = refused(&[(name, value)]);
        assert!(message.starts_with(&format!("{name}: ")), "{name}={value}: {message}");
        assert!(!message.contains('\n') && message.contains([';', ':']), "{message}");
        assert!(!message.contains("p4ssw0rd"), "{message}");
    }
}

#[test]
fn a_cache_is_named_in_seconds_and_their_decimals() {
    for text in ["1", "0.2", "2.50", "0.000000001", "3600", "0"] {
        accepted(&[("WEBSTACK_CACHE", text)]);
    }
    for text in [
        "-1",
        "-0.2",
        "+1",
        "0.0",
        "00",
        "inf",
        "infinity",
        "NaN",
        "1e3",
        ".5",
        "1.",
        ".",
        "0,2",
        "1.2.3",
        "0.-2",
        "1s",
        " 1",
        "0.0000000001",
        "99999999999999999999999",
        "\u{661}",
    ] {
        let message = refused(&[("WEBSTACK_CACHE", text)]);
        let wrong = format!("`{}` is not a positive number of seconds", text.escape_debug());
        assert!(message.contains(&wrong) && message.contains("`0.2`, or `0` for none"), "{message}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for (variables, says) in [
        ([("WEBSTACK_COOKIE_PREFIX", "host"), ("WEBSTACK_COOKIE_SECURE", "false")], "WEBSTACK_COOKIE_SECURE=true"),
        ([("WEBSTACK_COOKIE_PREFIX", "secure"), ("WEBSTACK_COOKIE_SECURE", "false")], "WEBSTACK_COOKIE_SECURE=true"),
        ([("WEBSTACK_COOKIE_PREFIX", "host"), ("WEBSTACK_COOKIE_DOMAIN", "example.test")], "WEBSTACK_COOKIE_DOMAIN"),
        ([("WEBSTACK_COOKIE_PREFIX", "host"), ("WEBSTACK_COOKIE_PATH", "/shop")], "WEBSTACK_COOKIE_PATH"),
        ([("WEBSTACK_COOKIE_PREFIX", "host"), ("WEBSTACK_COOKIE_PATH", "mount")], "WEBSTACK_COOKIE_PATH"),
        ([("WEBSTACK_PERSIST", "query"), ("WEBSTACK_COOKIE_NAME", "a&b")], "WEBSTACK_COOKIE_NAME"),
        ([("WEBSTACK_COOKIE_SAME_SITE", "none"), ("WEBSTACK_COOKIE_SECURE", "false")], "WEBSTACK_COOKIE_SECURE"),
    ] {
        let message = refused(&variables);
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn a_slip_in_a_name_is_refused_and_a_foreign_name_is_not() {
    assert!(refused(&[("WEBSTACK_COOKIE_SECUR", "true")]).contains("did you mean WEBSTACK_COOKIE_SECURE?"));
    assert!(refused(&[("WEBSTACK_IDEL_TIMEOUT", "60")]).contains("did you mean WEBSTACK_IDLE_TIMEOUT?"));
    accepted(&[
        ("WEBSTACK_SERVICE_HOST", "10.0.0.1"),
        ("WEBSTACK_PORT_8000_TCP", "tcp://10.0.0.1:8000"),
        ("WEBSTACK_SOMETHING_ELSE", "x"),
        ("WEBSTACK_COOKIE_DOMAIN", ""),
        ("PATH", "/usr/bin"),
    ]);
}

#[test]
fn every_good_value_is_accepted() {
    for (name, value) in [
        ("WEBSTACK_PERSIST", "cookie"),
        ("WEBSTACK_PERSIST", "header"),
        ("WEBSTACK_PERSIST", "cookie,header"),
        ("WEBSTACK_PERSIST", "header, cookie"),
        ("WEBSTACK_SECRET", "0123456789abcdef0123456789abcdef,fedcba9876543210fedcba9876543210"),
        ("WEBSTACK_HEADER_NAME", "x-shop-token"),
        ("WEBSTACK_COOKIE_NAME", "shop"),
        ("WEBSTACK_COOKIE_PREFIX", "none"),
        ("WEBSTACK_COOKIE_PATH", "mount"),
        ("WEBSTACK_COOKIE_DOMAIN", "example.test"),
        ("WEBSTACK_COOKIE_SECURE", "false"),
        ("WEBSTACK_COOKIE_HTTP_ONLY", "false"),
        ("WEBSTACK_COOKIE_SAME_SITE", "none"),
        ("WEBSTACK_COOKIE_EXPIRES", "never"),
        ("WEBSTACK_COOKIE_EXPIRES", "86400"),
        ("WEBSTACK_IDLE_TIMEOUT", "none"),
        ("WEBSTACK_ABSOLUTE_TIMEOUT", "28800"),
        ("WEBSTACK_ON_SERVER_ERROR", "keep"),
        ("WEBSTACK_ON_GONE", "respond"),
        ("WEBSTACK_ON_STORE_FAILURE", "anonymous"),
        ("WEBSTACK_RENEW_EVERY", "900"),
        ("WEBSTACK_TIMEOUTS", "aal1"),
        ("WEBSTACK_LOCK_LEASE", "3"),
        ("WEBSTACK_USER_SESSIONS", "none"),
        ("WEBSTACK_USER_SESSIONS", "3"),
        ("WEBSTACK_USER_SESSIONS", "3,refuse"),
        ("WEBSTACK_ON_CORRUPT", "fail"),
        ("WEBSTACK_PURGE_EVERY", "0"),
    ] {
        accepted(&[(name, value)]);
    }
}

#[test]
fn a_cgi_program_refuses_a_store_that_forgets() {
    let built = Sessions::builder().environment(Environment::Cgi).store_url("memory:").build();
    assert!(built.expect_err("it forgets").to_string().contains("CGI"));
}

#[test]
fn a_store_says_what_it_can_do_so_that_a_program_may_refuse_it() {
    let place = tempfile::tempdir().unwrap();
    let files = Sessions::builder().directory(place.path().join("sessions")).build().unwrap();
    for (sessions, expected) in [(accepted(&[]), (false, false)), (files, (true, true))] {
        let found = sessions.store().capabilities();
        assert_eq!((found.multi_process, found.persistent), expected);
    }
}

#[test]
fn file_urls_name_directories() {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("my sessions");
    let url = format!("file:{}", directory.display()).replace(' ', "%20");
    let sessions = accepted(&[("WEBSTACK_STORE", &url)]);
    assert_eq!(sessions.directory(), Some(&*directory));
    let sessions = Sessions::builder().directory(&directory).build().unwrap();
    assert_eq!(sessions.directory(), Some(&*directory));
    assert!(Sessions::builder().directory("relative").build().is_err());
    for durability in ["none", "data", "full"] {
        let sessions = accepted(&[("WEBSTACK_STORE", &format!("{url}?durability={durability}"))]);
        assert_eq!(sessions.directory(), Some(&*directory), "{durability}");
    }
    assert!(refused(&[("WEBSTACK_STORE", &format!("{url}?durability=some"))]).contains("durability=none"));
}

#[test]
fn an_option_that_is_said_twice_is_refused_by_its_name() {
    let place = tempfile::tempdir().unwrap();
    for (scheme, options) in [
        ("file", "durability=full&durability=none"),
        ("file", "insecure_allow_network_fs=true&insecure%5Fallow_network_fs=true"),
        #[cfg(feature = "lmdb")]
        ("lmdb", "durability=synced&durability=consistent"),
        #[cfg(feature = "sqlite")]
        ("sqlite", "setup=by-hand&setup=automatic"),
    ] {
        let message =
            refused(&[("WEBSTACK_STORE", &format!("{scheme}:{}/sessions?{options}", place.path().display()))]);
        let name = options.split('=').next().unwrap();
        assert!(message.contains(&format!("`{name}` is said twice")), "{message}");
        assert!(!place.path().join("sessions").exists(), "nothing is made");
    }
}

#[test]
fn an_error_is_read_by_people_however_it_is_printed() {
    let error = Sessions::builder().directory("relative").build().unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
    assert!(error.to_string().starts_with("WEBSTACK_STORE: `relative` is not an absolute path"), "{error}");
}

#[test]
fn options_of_memory_are_named() {
    let message = refused(&[("WEBSTACK_STORE", "memory:?size=3")]);
    assert!(message.contains("`?size=3`") && message.contains("`memory:` has no options"), "{message}");
}

#[test]
fn keys_come_from_a_file_a_line_each() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("keys");
    std::fs::write(&file, format!("{KEY}\n\n  fedcba9876543210fedcba9876543210  \n")).unwrap();
    let file = file.to_str().unwrap();
    accepted(&[("WEBSTACK_SECRET_FILE", file), ("WEBSTACK_PERSIST", "query")]);
    assert!(refused(&[("WEBSTACK_SECRET", KEY), ("WEBSTACK_SECRET_FILE", file)]).contains("set one of them"));
}

#[test]
fn sessions_tell_the_name_that_they_travel_under() {
    assert_eq!(accepted(&[("WEBSTACK_COOKIE_NAME", "shop")]).cookie_name(), "shop");
    assert_eq!(accepted(&[]).cookie_name(), "webstack_session");
}
