//! Servers that are named by environment variables.

use std::env;
use std::io::Write as _;
use std::process::Command;

use webstack_test_servers::{Server, named};

/// A test that wants a server, run by the others with variables of theirs.
#[test]
#[ignore = "the others run it"]
fn wants_one() {
    let url = named(Server::Redis);
    writeln!(std::io::stderr(), "was told of {url:?}").expect("somebody reads it");
}

/// Whether that test passes with these variables, and what it prints.
fn wanting(variables: &[(&str, &str)]) -> (bool, String) {
    let mut test = Command::new(env::current_exe().expect("a test is a program"));
    test.args(["--exact", "names::wants_one", "--ignored", "--nocapture"]);
    test.env_remove("WEBSTACK_TESTS").env_remove("WEBSTACK_TEST_REDIS").envs(variables.iter().copied());
    let output = test.output().expect("it ran before");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_server_that_is_named_is_used() {
    let (passed, text) = wanting(&[("WEBSTACK_TEST_REDIS", "redis://example.test")]);
    assert!(passed && text.contains(r#"was told of Some("redis://example.test")"#), "{text}");
}

#[test]
fn a_test_without_a_server_is_skipped_aloud() {
    for variables in [[].as_slice(), &[("WEBSTACK_TEST_REDIS", "")]] {
        let (passed, text) = wanting(variables);
        assert!(passed && text.contains("was told of None"), "{text}");
        assert!(
            text.contains("skipped: names::wants_one: ") && text.contains("WEBSTACK_TEST_REDIS=redis://"),
            "{text}"
        );
    }
}

#[test]
fn a_test_without_a_server_fails_if_everything_is_to_be_tested() {
    let (passed, text) = wanting(&[("WEBSTACK_TESTS", "all")]);
    assert!(!passed && text.contains("WEBSTACK_TEST_REDIS=redis://"), "{text}");
}
