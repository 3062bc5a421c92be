//! Somebody who has nothing but the published crates tests a store and a server of their own with the suites.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// Cases of the suite for environments; the suite for stores runs whole.
const ENVIRONMENT: [&str; 4] = [
    "server::a_5xx_logout_still_ends",
    "server::a_panic_rolls_back",
    "server::changes_are_kept_below_500",
    "server::logout_wins_over_a_slow_set",
];

/// Cases of the suite for stores that have to be among what ran.
const STORE: [&str; 3] = [
    "shelf::an_entry_comes_back_exactly",
    "shelf::parallel_updates_lose_nothing",
    "shelf::removal_beats_updates_in_flight",
];

#[test]
fn both_suites_work_outside_of_this_workspace() {
    if !webstack_interop::all() {
        // a test that cannot say so is still skipped
        let _ =
            writeln!(std::io::stderr(), "skipped: the suites outside of this workspace: WEBSTACK_TESTS is not `all`");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("this workspace");
    let place = tempfile::tempdir().expect("a directory");
    write_package(place.path(), &root);

    // What is built already is not built again, and cargo holds no lock while tests run.
    let test = std::env::current_exe().expect("a test is a program");
    let target = test.ancestors().nth(3).expect("tests are built three directories below the target directory");
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--test", "suites", "--", "--test-threads=2", "shelf::"])
        .args(ENVIRONMENT)
        .current_dir(place.path())
        .env("CARGO_TARGET_DIR", target)
        .env("STRANGER_SERVER", webstack_interop::program("demo-actix-web"))
        .output()
        .expect("cargo ran this test");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for case in STORE.iter().chain(&ENVIRONMENT) {
        assert!(said.lines().any(|line| line == format!("test {case} ... ok")), "{case}: {said}");
    }
    let passed = said.lines().filter(|line| line.starts_with("test ") && line.ends_with(" ... ok")).count();
    assert!(passed > 30 + ENVIRONMENT.len(), "the suite for stores ran whole: {said}");
}

/// A package that knows this workspace by nothing but the paths of two crates.
fn write_package(place: &Path, root: &Path) {
    let mut manifest =
        String::from("[workspace]\n[package]\nname = \"stranger\"\nversion = \"0.0.0\"\nedition = \"2024\"\n");
    let dependency = |name: &str, path: &str, rest: &str| {
        let path = root.join(path);
        format!("{name} = {{ path = {:?}{rest} }}\n", path.to_str().expect("a path that is text"))
    };
    let core = dependency("webstack-core", "core", "");
    let testkit = dependency("webstack-testkit", "tests/testkit", ", features = [\"environment\"]");
    write!(manifest, "[dependencies]\n{core}[dev-dependencies]\n{testkit}").expect("writing to memory does not fail");

    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("stranger");
    for file in ["src/lib.rs", "tests/suites.rs"] {
        let copy = place.join(file);
        fs::create_dir(copy.parent().expect("it is in a directory")).expect("a new directory");
        fs::copy(source.join(file), copy).expect("a copy");
    }
    // the versions that are here already
    fs::copy(root.join("Cargo.lock"), place.join("Cargo.lock")).expect("a copy");
    fs::write(place.join("Cargo.toml"), manifest).expect("a manifest");
}
