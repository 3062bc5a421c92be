//! What each package depends on: no framework and no runtime where they are not wanted, and no unsafe code anywhere.

use std::process::Command;

use serde_json::Value;

/// What a package may depend on only if its row says so. (`tower-service` is a trait, and no framework.)
const FRAMEWORKS: [&str; 6] = ["actix-web", "axum", "hyper", "rocket", "tower", "warp"];
const RUNTIMES: [&str; 4] = ["async-std", "futures-executor", "smol", "tokio"];

/// A package with some features, and which frameworks and runtimes it may depend on.
struct Case {
    package: &'static str,
    features: &'static str,
    allowed: &'static [&'static str],
}

/// An adapter or a store is two lines: itself, and the facade with its feature.
const CASES: &[Case] = &[
    Case { package: "webstack-core", features: "", allowed: &[] },
    Case { package: "webstack-core", features: "tokio", allowed: &["tokio"] },
    Case { package: "webstack", features: "", allowed: &[] },
    Case { package: "webstack", features: "cli", allowed: &["tokio"] },
    Case { package: "webstack-store", features: "", allowed: &[] },
    Case { package: "webstack-store-lmdb", features: "", allowed: &[] },
    Case { package: "webstack", features: "lmdb", allowed: &[] },
    Case { package: "webstack-store-redis", features: "tls", allowed: &["tokio"] },
    Case { package: "webstack", features: "redis", allowed: &["tokio"] },
    Case {
        package: "webstack-store-sql",
        features: "postgres,mysql,sqlite,tls",
        allowed: &["futures-executor", "tokio"],
    },
    Case { package: "webstack", features: "postgres", allowed: &["tokio"] },
    Case { package: "webstack", features: "mysql", allowed: &["tokio"] },
    Case { package: "webstack", features: "sqlite", allowed: &["futures-executor", "tokio"] },
    Case { package: "webstack", features: "tls", allowed: &[] },
    Case { package: "webstack-testkit", features: "", allowed: &[] },
    Case { package: "webstack-actix-web", features: "", allowed: &["actix-web", "tokio"] },
    Case { package: "webstack", features: "actix-web", allowed: &["actix-web", "tokio"] },
    Case { package: "webstack-axum", features: "", allowed: &["axum", "tokio", "tower"] },
    Case { package: "webstack", features: "axum", allowed: &["axum", "tokio", "tower"] },
    Case { package: "webstack-rocket", features: "", allowed: &["hyper", "rocket", "tokio"] },
    Case { package: "webstack", features: "rocket", allowed: &["hyper", "rocket", "tokio"] },
    Case { package: "webstack-tower", features: "", allowed: &["tokio"] },
    Case { package: "webstack", features: "tower", allowed: &["tokio"] },
    Case { package: "webstack-cgi", features: "", allowed: &[] },
    Case { package: "webstack", features: "cgi", allowed: &[] },
    Case { package: "webstack", features: "cgi-tokio", allowed: &["tokio"] },
    Case { package: "webstack-warp", features: "", allowed: &["hyper", "tokio", "warp"] },
    Case { package: "webstack", features: "warp", allowed: &["hyper", "tokio", "warp"] },
];

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--locked", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .output()
        .expect("cargo ran this test");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes text")
}

/// The names of all packages that this one is built of.
fn dependencies(package: &str, features: &str) -> Vec<String> {
    let tree = cargo(&[
        "tree",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--no-default-features",
        "--package",
        package,
        "--features",
        features,
    ]);
    let names = tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned);
    names.collect()
}

fn metadata() -> Value {
    serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps"])).expect("JSON")
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().expect("packages").iter()
}

#[test]
fn nothing_depends_on_a_framework_or_runtime_that_it_does_not_name() {
    for &Case { package, features, allowed } in CASES {
        let all = dependencies(package, features);
        assert_eq!(all.first().map(String::as_str), Some(package), "the tree is this package's");
        assert!(all.iter().any(|name| name == "thiserror"), "{package} has dependencies that this test sees");
        let mut found: Vec<_> =
            FRAMEWORKS.into_iter().chain(RUNTIMES).filter(|name| all.iter().any(|n| n == name)).collect();
        found.sort_unstable();
        assert_eq!(found, *allowed, "{package} with features `{features}`");
    }
}

#[test]
fn every_adapter_and_every_feature_of_the_facade_is_looked_at() {
    let metadata = metadata();
    for package in packages(&metadata) {
        let name = package["name"].as_str().expect("a name");
        let is_named = |path: &str| path.contains("/adapters/") || path.contains("/stores/");
        if package["manifest_path"].as_str().is_some_and(is_named) {
            assert!(CASES.iter().any(|case| case.package == name), "{name} is not in the table");
        }
        for feature in package["features"].as_object().expect("features").keys().filter(|_| name == "webstack") {
            let row = CASES.iter().find(|case| case.package == name && case.features == feature);
            assert!(row.is_some(), "feature `{feature}` is not in the table");
        }
    }
}

#[test]
fn no_feature_is_on_that_nobody_asked_for() {
    let metadata = metadata();
    for package in packages(&metadata) {
        let default = package["features"]["default"].as_array().map_or(0, Vec::len);
        assert_eq!(default, 0, "{} has default features", package["name"]);
    }
}

/// What maps a file into memory cannot do without; its lints say so, and two places allow it with their reasons.
const WITH_UNSAFE_CODE: [&str; 1] = ["webstack-store-lmdb"];

#[test]
fn every_package_forbids_unsafe_code() {
    let root = include_str!("../../../Cargo.toml");
    assert!(section(root, "[workspace.lints.rust]").contains("unsafe_code = \"forbid\""));
    let metadata = metadata();
    for package in packages(&metadata) {
        let path = package["manifest_path"].as_str().expect("a path");
        let manifest = std::fs::read_to_string(path).expect("a manifest");
        if WITH_UNSAFE_CODE.iter().any(|name| package["name"] == *name) {
            assert!(section(&manifest, "[lints.rust]").contains("unsafe_code = \"deny\""), "{path}");
            continue;
        }
        assert!(section(&manifest, "[lints]").contains("workspace = true"), "{path} does not inherit the lints");
    }
}

/// The lines under a heading of a manifest.
fn section<'a>(manifest: &'a str, heading: &str) -> &'a str {
    let body = manifest.split_once(&format!("{heading}\n")).map_or("", |(_, body)| body);
    body.split("\n[").next().unwrap_or_default()
}
