//! The program `test-servers`.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use webstack_test_servers::Server;

use crate::traces;

/// The program, to run a line of a shell; of the servers only this one is to be started, or all of them.
fn program(scope: &Path, only: Option<Server>, line: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_test-servers"));
    program.args(["--", "sh", "-c", line]).env("TMPDIR", scope).env_remove("WEBSTACK_TESTS");
    for server in Server::ALL {
        let is_named = only.is_some_and(|only| only != server);
        program.env(server.variable(), if is_named { "named" } else { "" });
    }
    program
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_server_is_started_named_and_stopped() {
    let scope = traces::scope();
    let Output { status, stdout, stderr } =
        program(scope.path(), None, "env | grep ^WEBSTACK_TEST_; exit 7").output().expect("it was built");
    let (stdout, stderr) = (text(&stdout), text(&stderr));
    assert_eq!(status.code(), Some(7), "{stderr}");
    for server in Server::ALL {
        let (name, start) = (server.name(), format!("{}=", server.variable()));
        let url = stdout.lines().find_map(|line| line.strip_prefix(&start)).filter(|url| !url.is_empty());
        match url {
            Some(url) => assert!(stderr.contains(&format!("test-servers: {name}: {url}\n")), "{stderr}"),
            None => assert!(stderr.contains(&format!("NO {name}: command ")), "{stderr}"),
        }
    }
    traces::assert_soon_empty(scope.path());
}

#[test]
fn a_server_that_is_named_is_not_started() {
    let scope = traces::scope();
    let line = format!("echo $WEBSTACK_TEST_POSTGRES; ls {}", scope.path().display());
    let output = program(scope.path(), Some(Server::Redis), &line).output().expect("it was built");
    let stdout = text(&output.stdout);
    assert!(stdout.starts_with("named\n") && !stdout.contains("postgres"), "{stdout}");
    assert!(text(&output.stderr).contains("PostgreSQL: named (named by WEBSTACK_TEST_POSTGRES)"));
}

#[test]
fn signals_are_passed_on_and_end_the_servers_after_the_command() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let scope = traces::scope();
        let started = scope.path().join("started");
        let mut child = program(scope.path(), Some(Server::Redis), ">$TMPDIR/started; exec sleep 60")
            .spawn()
            .expect("it was built");
        wait_for(&started);
        kill_process(Pid::from_child(&child), signal).expect("it runs");
        assert_eq!(child.wait().expect("a child can be waited for").code(), Some(status));
        std::fs::remove_file(started).expect("it is there");
        traces::assert_soon_empty(scope.path());
    }
}

#[test]
fn the_program_can_be_killed() {
    let scope = traces::scope();
    let started = scope.path().join("started");
    // the command ends when this test closes its standard input
    let mut program = program(scope.path(), Some(Server::Redis), ">$TMPDIR/started; read _");
    let mut child = program.stdin(Stdio::piped()).spawn().expect("it was built");
    wait_for(&started);
    let input = child.stdin.take();
    child.kill().expect("it runs");
    child.wait().expect("a child can be waited for");
    drop(input);
    std::fs::remove_file(started).expect("it is there");
    traces::assert_soon_empty(scope.path());
}

#[test]
fn what_is_not_a_command_is_told() {
    let scope = traces::scope();
    let mut program = Command::new(env!("CARGO_BIN_EXE_test-servers"));
    assert_eq!(program.output().expect("it was built").status.code(), Some(2));
    for server in Server::ALL {
        program.env(server.variable(), "named");
    }
    let output = program.args(["--", "/no/such/command"]).env("TMPDIR", scope.path()).output().expect("it was built");
    assert_eq!(output.status.code(), Some(127));
    assert!(text(&output.stderr).contains("/no/such/command"));
}

fn wait_for(file: &Path) {
    let begun = Instant::now();
    while !file.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} does not come", file.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}
