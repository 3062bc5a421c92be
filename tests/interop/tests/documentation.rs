//! What the documentation says of the suites, of features and of calls is what there is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const README: &str = include_str!("../../../README.md");
const ACTIX_WEB: &str = include_str!("../../../adapters/actix-web/src/lib.rs");
const DIRECTORIES: &str = include_str!("../../../docs/session-directories.md");
const FEATURES: &str = include_str!("../../../docs/features.md");
const MIGRATING: &str = include_str!("../../../docs/migrating.md");
const STORE_SUITE: &str = include_str!("../../testkit/src/store_suite/mod.rs");
const GUIDE: &str = include_str!("../../../docs/write-an-adapter.md");
const SUITE: &str = include_str!("../../testkit/src/environment/suite.rs");
const ROUTES: &str = include_str!("../../../examples/demo-actix-web/src/routes.rs");

/// The part of a text behind one mark and before another.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).expect(begin);
    rest.split(end).next().unwrap_or(rest)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The cases that a suite makes tests of.
fn cases<'a>(suite: &'a str, begin: &str) -> BTreeSet<&'a str> {
    between(suite, begin, "}").split_whitespace().filter(|word| word.len() > 1 && !word.ends_with(':')).collect()
}

fn environment_cases() -> BTreeSet<&'static str> {
    cases(SUITE, "__environment_tests! { $environment;")
}

/// The rows of all tables of a page, or of a part of one.
fn rows(page: &str) -> impl Iterator<Item = &str> {
    let below = page.lines().skip(1).chain([""]);
    page.lines()
        .zip(below)
        .filter(|(line, below)| line.starts_with("| ") && !below.starts_with("|--"))
        .map(|pair| pair.0)
}

/// The adapter's is compiled; the facade's name is all that is different.
#[test]
fn the_quick_start_of_the_readme_is_that_of_the_adapter() {
    let compiled: String = between(ACTIX_WEB, "//! ```no_run\n", "//! ```\n")
        .lines()
        .map(|line| format!("{}\n", line.trim_start_matches("//!").strip_prefix(' ').unwrap_or_default()))
        .collect();
    let shown = between(README, "```rust,ignore\n", "```");
    assert_eq!(shown, compiled.replace("webstack_actix_web", "webstack::actix_web"));
}

/// rocket does so by itself.
#[test]
fn a_quick_start_prints_where_to_look() {
    let of_adapters = ["adapters/actix-web/src/lib.rs", "adapters/axum/src/lib.rs", "adapters/warp/src/lib.rs"];
    let examples = ["examples/actix-web/src/main.rs", "examples/axum/src/main.rs", "examples/warp/src/main.rs"];
    for path in of_adapters.iter().chain(&examples) {
        let source = fs::read_to_string(root().join(path)).expect(path);
        let address = between(&source, "bind(\"", "\"");
        assert!(source.contains(&format!("println!(\"http://{address}/\");")), "{path} listens at {address}");
    }
}

#[test]
fn every_case_is_in_the_guide_under_a_promise_and_no_other() {
    let listed = environment_cases();
    let written = between(GUIDE, "## The promises", "##");
    let named: BTreeSet<_> = written.split('`').skip(1).step_by(2).filter(|name| name.contains('_')).collect();
    assert!(listed.len() > 50);
    assert_eq!(listed, named);
}

#[test]
fn every_route_is_in_the_guide_and_no_other() {
    let table =
        between(GUIDE, "## The routes", "##").lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let documented: BTreeSet<_> =
        table.filter_map(|route| route.split(' ').nth(1)?.split('?').next()).map(str::to_owned).collect();
    let path = |rest: &str| rest.split('"').next().unwrap_or_default().to_owned();
    let (pages, api) = ROUTES.split_once("scope(\"/api\")").expect("the scope of the application's interface");
    let pages = pages.split("resource(\"").skip(1).map(path);
    let served: BTreeSet<_> =
        pages.chain(api.split("resource(\"").skip(1).map(|rest| format!("/api{}", path(rest)))).collect();
    assert!(served.len() > 15);
    assert_eq!(documented, served);
}

#[test]
fn every_feature_names_tests_that_there_are() {
    let mut named = 0;
    for row in rows(FEATURES) {
        let proofs: Vec<_> = row.split("[`").skip(1).collect();
        assert!(!proofs.is_empty(), "nothing proves this: {row}");
        for proof in &proofs {
            let (name, rest) = proof.split_once("`](../").expect("a test's name is a link to its file");
            assert_is_test(name, between(rest, "", ")"));
        }
        named += proofs.len();
    }
    assert!(named > 100);
}

/// A file has this test, and once.
fn assert_is_test(name: &str, path: &str) {
    let source = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let parts: Vec<_> = source.split(&format!("fn {name}(")).collect();
    assert_eq!(parts.len(), 2, "{path} has one {name}");
    let (above, _) = parts[0].rsplit_once('\n').expect("attributes");
    let mut attributes = above.lines().rev().map(str::trim).take_while(|line| line.starts_with("#["));
    let suite = if path.contains("/environment/cases/") {
        environment_cases()
    } else if path.contains("/store_suite/") {
        cases(STORE_SUITE, "__store_suite_cases! { $factory;")
    } else {
        BTreeSet::new()
    };
    let is_test = attributes.any(|attribute| attribute.contains("test")) || suite.contains(name);
    assert!(is_test, "{path}: {name} is a test");
}

#[test]
fn every_environment_says_where_its_directory_is_and_what_its_issues_are() {
    let locations = between(DIRECTORIES, "# Where the session directory lives", "The first rule");
    let (_, issues) = DIRECTORIES.split_once("## Unsupported environments").expect("the list");
    for adapter in fs::read_dir(root().join("adapters")).expect("adapters") {
        let adapter = adapter.expect("an adapter").file_name().into_string().expect("text");
        for (table, what) in [(locations, "directory"), (issues, "issues")] {
            let mut environments = rows(table).map(|row| row.split('|').nth(1).unwrap_or_default().to_lowercase());
            let is_named = environments.any(|names| names.split([',', ' ']).any(|name| name == adapter));
            assert!(is_named, "{adapter} has no row that tells its {what}");
        }
    }
}

#[test]
fn every_call_in_the_tables_for_users_exists() {
    let mut sources = String::new();
    for place in ["core/src", "adapters", "store/src", "stores"] {
        read_all(&root().join(place), &mut sources);
    }
    let is_no_letter = |c: char| !c.is_alphanumeric() && c != '_';
    let words: BTreeSet<_> = sources.split(is_no_letter).collect();
    let mut called = BTreeSet::new();
    for span in rows(MIGRATING).chain(rows(FEATURES)).flat_map(|row| row.split('`').skip(1).step_by(2)) {
        let behind = span.split("::").skip(1).chain(span.split('.').skip(1));
        let before = span.split('(').rev().skip(1);
        called.extend(behind.filter_map(|text| text.split(is_no_letter).next()));
        called.extend(before.filter_map(|text| text.rsplit(is_no_letter).next()));
    }
    assert!(called.len() > 50);
    // what is no call, or one of the standard library
    for other in ["", "Some", "await", "from_secs", "into", "test"] {
        called.remove(other);
    }
    let is_function = |name: &str| sources.contains(&format!("fn {name}(")) || sources.contains(&format!("fn {name}<"));
    let is_type = |name: &str| name.starts_with(char::is_uppercase) && words.contains(name);
    called.retain(|name| !is_function(name) && !is_type(name));
    assert!(called.is_empty(), "there is no {called:?}");
}

fn read_all(directory: &Path, text: &mut String) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_all(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}
