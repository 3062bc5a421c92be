//! A test that is killed leaves no server behind.

use std::env;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use webstack_test_servers::{MariaDb, Postgres, Redis};

use crate::promises::Subject;
use crate::traces;

/// The test that is killed, by the others: started by nobody else.
#[test]
#[ignore = "it never ends"]
fn stays() {
    match env::var("STAYS").as_deref() {
        Ok("redis") => stay::<Redis>(),
        Ok("postgres") => stay::<Postgres>(),
        Ok("mariadb") => stay::<MariaDb>(),
        _ => (),
    }
}

fn stay<S: Subject>() {
    let server = S::started().expect("it starts");
    if env::var_os("PAUSED").is_some() {
        server.pause();
    }
    std::fs::write(env::temp_dir().join("started"), "").expect("it is ours");
    std::thread::sleep(Duration::from_secs(3600));
}

/// This test program again, as a process of its own with its own directory for temporary directories.
fn staying(server: &str, paused: bool, scope: &Path) -> Child {
    let mut test = Command::new(env::current_exe().expect("a test is a program"));
    test.args(["--exact", "killed::stays", "--ignored"]).env("TMPDIR", scope).env("STAYS", server);
    if paused {
        test.env("PAUSED", "1");
    }
    test.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it ran before")
}

/// Kills the test once this is so.
fn kill_once(mut test: Child, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(test.try_wait().expect("a child can be waited for").is_none(), "it ended before");
        assert!(begun.elapsed() < Duration::from_secs(60), "it is not so");
        std::thread::sleep(Duration::from_millis(1));
    }
    test.kill().expect("it runs");
    test.wait().expect("a child can be waited for");
}

fn leaves_no_server<S: Subject>(server: &str) {
    // it says so if it is not installed
    if S::started().is_none() {
        return;
    }
    for paused in [false, true] {
        let scope = traces::scope();
        kill_once(staying(server, paused, scope.path()), || scope.path().join("started").exists());
        std::fs::remove_file(scope.path().join("started")).expect("it is there");
        traces::assert_soon_empty(scope.path());
    }
    // while it starts: the sooner, the less there is to be stopped, and the less is known of it
    for patience in [0, 1, 5, 20, 100, 300, 600] {
        let scope = traces::scope();
        let is_begun = || scope.path().read_dir().expect("it is ours").next().is_some();
        kill_once(staying(server, false, scope.path()), || {
            is_begun() && {
                std::thread::sleep(Duration::from_millis(patience));
                true
            }
        });
        // it may have been ready by then
        drop(std::fs::remove_file(scope.path().join("started")));
        traces::assert_soon_empty(scope.path());
    }
}

#[test]
fn redis() {
    leaves_no_server::<Redis>("redis");
}

#[test]
fn postgres() {
    leaves_no_server::<Postgres>("postgres");
}

#[test]
fn mariadb() {
    leaves_no_server::<MariaDb>("mariadb");
}
