//! A CGI program without a C library to load: how its processes spend their short lives.
#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `demo-cgi`, linked statically, built in a corner of the target directory where a second run finds it again.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let target = test.ancestors().nth(3).expect("tests are built three directories below it").join("static");
    let output = Command::new("rustc").arg("-vV").output().expect("there is a compiler");
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = output.lines().find_map(|line| line.strip_prefix("host: ")).expect("it names its host");
    // With a target that is named, build scripts and macros are built as ever.
    let built = Command::new(env!("CARGO"))
        .args(["build", "--locked", "-p", "demo-cgi", "--target", host])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .output()
        .expect("cargo ran this test");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    target.join(host).join("debug/demo-cgi")
}

/// What the program answers to a request, and the system calls that it makes for it.
fn traced(program: &Path, place: &Path, method: &str, path: &str, cookie: &str) -> (String, Vec<String>) {
    let calls = place.join("calls");
    let output = Command::new("strace")
        .args(["--follow-forks", "--quiet=all", "--output"])
        .args([&calls, program])
        .env_clear()
        .env("WEBSTACK_STORE", format!("file:{}", place.join("sessions").display()))
        .envs([("GATEWAY_INTERFACE", "CGI/1.1"), ("SCRIPT_NAME", "/cgi-bin/demo"), ("SERVER_PROTOCOL", "HTTP/1.1")])
        .envs([("REQUEST_METHOD", method), ("PATH_INFO", path), ("HTTP_COOKIE", cookie)])
        .output()
        .expect("strace is installed");
    let calls = std::fs::read_to_string(&calls).unwrap_or_else(|_| panic!("nothing was traced: {output:?}"));
    (String::from_utf8_lossy(&output.stdout).into_owned(), calls.lines().map(str::to_owned).collect())
}

#[test]
fn a_request_starts_no_thread_and_loads_no_library() {
    if !webstack_interop::all() {
        // a test that cannot say so is still skipped
        let _ = writeln!(std::io::stderr(), "skipped: a static program's system calls: WEBSTACK_TESTS is not `all`");
        return;
    }
    let program = program();
    let place = tempfile::tempdir().expect("a directory");
    let mut cookie = String::new();
    for (method, path, expected) in [
        ("POST", "/api/increment/n", "{\"value\":1}"),
        ("POST", "/api/increment/n", "{\"value\":2}"),
        ("GET", "/api/values/n", "{\"value\":2}"),
        ("GET", "/plain", "No session was asked for.\n"),
        ("POST", "/api/logout", ""),
    ] {
        let (answer, calls) = traced(&program, place.path(), method, path, &cookie);
        assert!(answer.starts_with("Status: 20") && answer.ends_with(expected), "{method} {path}: {answer}");
        if let Some(pair) = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next()) {
            pair.clone_into(&mut cookie);
        }
        // Lines begin with the number of the thread: there is one, and nobody who could make another.
        let started: Vec<_> =
            calls.iter().filter(|call| ["clone", "fork"].iter().any(|it| call.contains(it))).collect();
        assert!(started.is_empty(), "{method} {path}: {started:?}");
        assert!(calls.iter().any(|call| call.contains("execve(")), "{method} {path}: {calls:?}");
        assert!(!calls.iter().any(|call| call.contains(".so")), "{method} {path}: {calls:?}");
        if method == "GET" {
            // What looks makes nothing, and tries nothing out.
            let makes =
                |call: &&String| ["O_CREAT", "mkdir", "rename", "unlink", "write64"].iter().any(|it| call.contains(it));
            let made: Vec<_> = calls.iter().filter(makes).collect();
            assert!(made.is_empty(), "{method} {path}: {made:?}");
        }
    }
}
