//! The program by itself, as a web server starts it: what servers do badly or not at all.
#![cfg(unix)]

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The response and the log of one request.
struct Answer {
    head: String,
    body: String,
    log: String,
}

impl Answer {
    fn status(&self) -> &str {
        self.head.strip_prefix("Status: ").and_then(|rest| rest.get(..3)).expect("the status comes first")
    }

    /// The session cookie, as `name=value`.
    fn cookie(&self) -> String {
        let line = self.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
        line.split(';').next().expect("a pair").to_owned()
    }
}

fn command(store: &Path, variables: &[(&str, &OsStr)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo-cgi"));
    command.env_clear().env("WEBSTACK_STORE", format!("file:{}", store.join("sessions").display()));
    command.env("GATEWAY_INTERFACE", "CGI/1.1").env("SCRIPT_NAME", "/cgi-bin/demo").env("CONTENT_LENGTH", "");
    command.envs(variables.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ask(store: &Path, method: &str, path: &str, variables: &[(&str, &str)], body: &[u8]) -> Answer {
    let given = variables.iter().map(|(name, value)| (*name, OsStr::new(*value)));
    let all: Vec<_> =
        [("REQUEST_METHOD", OsStr::new(method)), ("PATH_INFO", OsStr::new(path))].into_iter().chain(given).collect();
    run(command(store, &all), body)
}

fn run(mut command: Command, body: &[u8]) -> Answer {
    let mut child = command.spawn().expect("it was built");
    let mut input = child.stdin.take().expect("it is piped");
    // it may end without reading what was not announced
    let _ = input.write_all(body);
    let output = child.wait_with_output().expect("it ends though its input is open");
    drop(input);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    Answer { head: head.to_owned(), body: body.to_owned(), log }
}

fn store() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

#[test]
fn no_more_is_read_than_was_announced_though_the_input_stays_open() {
    let store = store();
    let length = [("CONTENT_LENGTH", "3"), ("CONTENT_TYPE", "application/json")];
    assert_eq!(ask(store.path(), "PUT", "/api/values/n", &length, b"123456").status(), "204");
    let answer = ask(store.path(), "POST", "/api/increment/n", &[], b"");
    assert_eq!(answer.body, r#"{"value":1}"#, "another visitor");
}

#[test]
fn a_length_that_makes_no_sense_is_refused() {
    let store = store();
    for (length, status) in [("+3", "400"), ("-1", "400"), ("99999999999", "413")] {
        let mut command =
            command(store.path(), &[("REQUEST_METHOD", "PUT".as_ref()), ("CONTENT_LENGTH", length.as_ref())]);
        command.env("PATH_INFO", "/api/values/n").stdin(Stdio::null());
        let output = command.output().expect("it runs");
        assert!(output.stdout.starts_with(format!("Status: {status} ").as_bytes()), "{length}");
    }
}

#[test]
fn a_cookie_behind_a_comma_is_found_and_hides_none() {
    let store = store();
    let count = |cookie: &str| ask(store.path(), "POST", "/api/increment/n", &[("HTTP_COOKIE", cookie)], b"");
    let ours = ask(store.path(), "POST", "/api/increment/n", &[], b"").cookie();
    assert_eq!(count(&format!("a=b, {ours}")).body, r#"{"value":2}"#);
    assert_eq!(count(&format!("{ours}, a=b")).body, r#"{"value":3}"#);
    let planted = ask(store.path(), "POST", "/api/increment/n", &[], b"").cookie();
    assert_eq!(count(&format!("x=1, {planted}; {ours}")).body, r#"{"value":4}"#, "ours stands where it should");
}

#[test]
fn variables_that_are_no_text_are_no_reason_to_break() {
    let store = store();
    let bytes = OsString::from_vec(b"/api/values/\xff\xfe".to_vec());
    let cookie = OsString::from_vec(b"a=\xff; b".to_vec());
    let variables = [
        ("REQUEST_METHOD", "GET".as_ref()),
        ("PATH_INFO", bytes.as_os_str()),
        ("REQUEST_URI", &bytes),
        ("QUERY_STRING", &bytes),
        ("HTTP_COOKIE", &cookie),
        ("SERVER_PROTOCOL", "INCLUDED".as_ref()),
    ];
    assert_eq!(run(command(store.path(), &variables), b"").status(), "400", "the demo's paths are text");
    assert_eq!(ask(store.path(), "GET", "/api/session", &[("SERVER_PROTOCOL", "\u{e9}")], b"").status(), "200");
}

#[test]
fn a_client_that_is_gone_is_no_error() {
    let store = store();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = command(store.path(), &[("REQUEST_METHOD", "POST".as_ref())]);
    let output =
        command.env("PATH_INFO", "/api/increment/n").stdout(writer).stdin(Stdio::null()).output().expect("it runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let records = walk(store.path()).into_iter().filter(|name| name.len() == 32).count();
    assert_eq!(records, 1, "it was stored before the first byte");
}

#[test]
fn a_program_inside_the_document_root_wants_another_directory() {
    let store = store();
    let root = Path::new(env!("CARGO_BIN_EXE_demo-cgi")).parent().expect("a directory");
    let mut command = command(store.path(), &[("REQUEST_METHOD", "GET".as_ref()), ("DOCUMENT_ROOT", root.as_os_str())]);
    command.env_remove("WEBSTACK_STORE");
    let answer = run(command, b"");
    assert_eq!((answer.status(), answer.body.as_str()), ("500", "Internal Server Error"));
    assert!(answer.log.starts_with("demo-cgi: WEBSTACK_STORE: ") && answer.log.lines().count() == 1, "{}", answer.log);
}

#[test]
fn started_by_hand_it_says_what_it_is() {
    let store = store();
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo-cgi"));
    command.env_clear().env("WEBSTACK_STORE", format!("file:{}", store.path().join("s").display()));
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("started by a web server"));
}

fn walk(directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        names.push(entry.file_name().to_string_lossy().into_owned());
        names.extend(walk(&entry.path()));
    }
    names
}
