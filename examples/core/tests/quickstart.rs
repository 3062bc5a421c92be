//! The example does what its first line says.

use std::path::Path;
use std::process::Command;

fn run(place: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quickstart-core"));
    command.current_dir(place).env_remove("STATE_DIRECTORY").env_remove("WEBSTACK_STORE");
    let output = command.output().expect("it was built with this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_program_without_a_framework_counts_on_when_it_is_run_again() {
    let place = tempfile::tempdir().expect("a temporary directory");
    for visit in 1..=3 {
        assert_eq!(run(place.path()), format!("visit {visit}\n"));
    }
    assert!(place.path().join("WebStack-sessions").is_dir());
    std::fs::remove_dir_all(place.path().join("WebStack-sessions")).expect("the sessions");
    assert_eq!(run(place.path()), "visit 1\n", "the session was there and nowhere else");
}
