//! What the tests between programs need: the programs, and a real browser to drive.

#[cfg(unix)]
pub mod busy;
mod chromium;
#[cfg(unix)]
pub mod cpu;
#[cfg(unix)]
mod curl;
#[cfg(unix)]
mod documented;
#[cfg(unix)]
mod launch;
#[cfg(unix)]
mod nginx;
#[cfg(unix)]
pub mod purging;
#[cfg(unix)]
pub mod round_trips;
#[cfg(unix)]
mod shared_site;
#[cfg(unix)]
mod visitor;
#[cfg(unix)]
mod web_server;

use std::path::PathBuf;
use std::process::Command;

pub use chromium::Chromium;
#[cfg(unix)]
pub use curl::Curl;
#[cfg(unix)]
pub use documented::Documented;
#[cfg(unix)]
pub use shared_site::SharedSite;
#[cfg(unix)]
pub use visitor::Visitor;
#[cfg(unix)]
pub use web_server::WebServer;
use webstack_testkit::environment::{Server, Settings};

/// A program of this workspace, built beside the test that asks.
///
/// # Panics
///
/// If it was not built, with the command that does.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let directory = test.ancestors().nth(2).expect("tests are built two directories below the programs");
    let path = directory.join(name);
    assert!(path.exists(), "{} is missing: build it with `cargo build --workspace --bins`", path.display());
    path
}

/// `demo`, all environments side by side over one store; its URL is that of the environment named.
///
/// # Panics
///
/// If it does not start, or has no such environment.
pub fn demo(settings: &Settings, environment: &str) -> Server {
    let mut command = Command::new(program("demo"));
    command.args(["--port", "0"]);
    settings.apply(&mut command);
    let environment = environment.to_owned();
    let ready = move |line: &str| {
        let mut columns = line.split_whitespace();
        (columns.next()? == environment).then(|| columns.next().map(|url| url.trim_end_matches('/').to_owned()))?
    };
    Server::spawn(&mut command, ready).expect("the demo starts")
}

/// The page with the table of round trips, and what marks it there.
pub const ROUND_TRIPS: (&str, &str) = ("docs/stores.md", "round trips");

/// A page in which a table stands between `<!-- NAME: … -->` and `<!-- end of NAME -->`, with another table.
///
/// # Panics
///
/// If it is not marked.
pub fn replace_marked(page: &str, name: &str, table: &str) -> String {
    let (before, after) = around(page, name);
    format!("{before}{table}{after}")
}

/// The table that stands between the marks.
///
/// # Panics
///
/// If it is not marked.
pub fn marked<'a>(page: &'a str, name: &str) -> &'a str {
    let (before, after) = around(page, name);
    &page[before.len()..page.len() - after.len()]
}

fn around<'a>(page: &'a str, name: &str) -> (&'a str, &'a str) {
    let begin = page.find(&format!("<!-- {name}:")).expect("the table is marked");
    let begin = begin + page[begin..].find("-->\n").expect("the mark ends") + "-->\n".len();
    let end = begin + page[begin..].find(&format!("<!-- end of {name} -->")).expect("the table's end is marked");
    (&page[..begin], &page[end..])
}

/// True if everything is to be tested, and what is missing is a failure.
pub fn all() -> bool {
    std::env::var_os("WEBSTACK_TESTS").is_some_and(|wanted| wanted == "all")
}

/// The tests of applications in the documentation compile and pass.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/testing.md")]
mod testing {}

/// The adapter in the documentation compiles and works.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/write-an-adapter.md")]
mod write_an_adapter {}

/// What users of other systems write now compiles and works.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/migrating.md")]
mod migrating {}
