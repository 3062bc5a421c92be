//! Shows which promise was kept where, from the lines that the suites noted: `matrix FILE`.
//!
//! It fails if an environment ran more or fewer cases than it should, or left out others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

/// An environment, how many cases it runs, and how many of them only in part or not at all, for lack of a capability.
const EXPECTED: [(&str, usize, usize); 20] = [
    ("actix_web", 100, 0),
    ("actix_web_portable", 100, 0),
    ("axum", 100, 0),
    ("axum_portable", 100, 0),
    ("rocket", 100, 0),
    ("rocket_portable", 100, 0),
    ("warp", 100, 0),
    ("warp_portable", 100, 0),
    ("apache_cgid", 100, 5),
    ("apache_cgi", 100, 5),
    ("lighttpd", 100, 5),
    ("nginx_fcgiwrap", 100, 5),
    ("busybox", 49, 0),
    ("axum_over_lmdb", 100, 1),
    ("axum_over_sqlite", 100, 1),
    ("axum_over_postgres", 100, 1),
    ("axum_over_mariadb", 100, 1),
    ("axum_over_redis", 100, 1),
    ("actix_web_over_redis", 100, 1),
    ("actix_web_over_postgres", 100, 1),
];

/// What an environment noted of its cases.
#[derive(Default)]
struct Noted<'a>(BTreeMap<&'a str, &'a str>);

impl Noted<'_> {
    fn lacking(&self) -> usize {
        self.0.values().filter(|end| **end != "ok").count()
    }
}

fn main() -> ExitCode {
    let Some(lines) = std::env::args_os().nth(1).and_then(|file| std::fs::read_to_string(file).ok()) else {
        let _ = writeln!(
            std::io::stderr(),
            "usage: matrix FILE, where WEBSTACK_MATRIX=FILE told the suites to note what ran"
        );
        return ExitCode::from(2);
    };
    let noted = read(&lines);
    let wrong = wrong(&noted);
    // nobody is left to tell if there is no output
    let _ = write!(std::io::stdout(), "{}{wrong}", table(&noted));
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read(lines: &str) -> BTreeMap<&str, Noted<'_>> {
    let mut all: BTreeMap<&str, Noted<'_>> = BTreeMap::new();
    for line in lines.lines() {
        let mut cells = line.splitn(3, '\t');
        if let (Some(environment), Some(case), Some(end)) = (cells.next(), cells.next(), cells.next()) {
            all.entry(environment).or_default().0.insert(case, end);
        }
    }
    all
}

/// A line per promise, a column per environment, and what the letters mean.
fn table(noted: &BTreeMap<&str, Noted<'_>>) -> String {
    let mut text = String::new();
    let columns: Vec<&str> = EXPECTED.iter().map(|(environment, ..)| *environment).collect();
    for (number, environment) in columns.iter().enumerate() {
        let _ = writeln!(text, "{}└ {environment}", "│ ".repeat(number));
    }
    let cases: BTreeSet<&str> = noted.values().flat_map(|noted| noted.0.keys().copied()).collect();
    let mut reasons: Vec<&str> = Vec::new();
    for case in cases {
        for environment in &columns {
            let end = noted.get(environment).and_then(|noted| noted.0.get(case)).copied();
            let mark = match end {
                Some("ok") => '✓',
                Some(reason) => letter(&mut reasons, reason),
                None => '·',
            };
            let _ = write!(text, "{mark} ");
        }
        let _ = writeln!(text, " {case}");
    }
    if EXPECTED.iter().any(|(_, cases, _)| *cases < EXPECTED[0].1) {
        let _ =
            writeln!(text, "·: busybox cannot: bodies but of POST, directories behind a program, long headers, crowds");
    }
    for reason in reasons.clone() {
        let _ = writeln!(text, "{}: {reason}", letter(&mut reasons, reason));
    }
    text
}

/// The letter of a reason: the first reason is `a`.
fn letter<'a>(reasons: &mut Vec<&'a str>, reason: &'a str) -> char {
    let index = reasons.iter().position(|known| *known == reason).unwrap_or_else(|| {
        reasons.push(reason);
        reasons.len() - 1
    });
    u8::try_from(index).map_or('?', |index| char::from(b'a' + index % 26))
}

/// A line for each environment that did not run what it should.
fn wrong(noted: &BTreeMap<&str, Noted<'_>>) -> String {
    let mut text = String::new();
    for (environment, cases, lacking) in EXPECTED {
        let found = noted.get(environment).map_or((0, 0), |noted| (noted.0.len(), noted.lacking()));
        if found != (cases, lacking) {
            let _ = writeln!(
                text,
                "{environment}: {} cases, {} of them lacking something, instead of {cases} and {lacking}",
                found.0, found.1
            );
        }
    }
    text
}
