//! What the documentation says of the suite for environments is what the suite does.

use std::collections::BTreeSet;

const GUIDE: &str = include_str!("../../../docs/write-an-adapter.md");
const SUITE: &str = include_str!("../../testkit/src/environment/suite.rs");
const ROUTES: &str = include_str!("../../../examples/demo-actix-web/src/routes.rs");

/// The part of a text behind one mark and before another.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).expect(begin);
    rest.split(end).next().unwrap_or(rest)
}

#[test]
fn every_case_is_in_the_guide_under_a_promise_and_no_other() {
    let words = between(SUITE, "__environment_tests! { $environment;", "}").split_whitespace();
    let listed: BTreeSet<_> = words.filter(|word| word.len() > 1 && !word.ends_with(':')).collect();
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
