//! What is kept when requests of one visitor meet: each reads, thinks, and writes.

use std::fmt::Write as _;
use std::time::Instant;

use crate::frameworks::files;
use crate::measure::time::Spread;
use crate::page::Page;
use crate::site::{Answer, Ask, KEYS, Subject, visitor};

/// Lets requests meet, and counts what is left of them.
pub(crate) fn run(subjects: &[Subject], rounds: usize, page: &Page) {
    let mut table =
        format!("| | {KEYS} requests, a key each: kept | {KEYS} that count one up: counted |\n|---|---:|---:|\n");
    for subject in subjects.iter().filter(|subject| subject.has_sessions() && subject.framework != "engine") {
        let site = (subject.open)();
        let cookie = visitor(&*site);
        let ask = |path: &str| Ask::new(path, Some(&cookie));
        let keys: Vec<_> = (0..KEYS).map(|key| ask(&format!("/keep/k{key}"))).collect();
        assert!(all_ok(&site.together(&keys)), "{}: requests fail", subject.name);
        let kept = site.ask(&ask("/kept")).body;
        let number = || site.ask(&ask("/read")).body.parse::<u64>().unwrap_or(0);
        let before = number();
        assert!(all_ok(&site.together(&vec![ask("/increment"); KEYS])), "{}: requests fail", subject.name);
        let counted = number().saturating_sub(before);
        let _ = writeln!(table, "| {}: {} | {kept} | {counted} |", subject.framework, subject.name);
    }
    page.table("lost updates", &table);
    page.table("slow increments", &slow_increments(rounds));
}

/// The same in files, where handlers think for long.
fn slow_increments(rounds: usize) -> String {
    let mut table = format!("| {KEYS} that count one up, in files | counted | ms (quartiles) |\n|---|---:|---:|\n");
    for (subject, open) in files::subjects().into_iter().filter(|(subject, _)| subject.has_sessions()) {
        let mut counts = Vec::new();
        let mut times = Vec::new();
        for _ in 0..rounds {
            let place = tempfile::tempdir().expect("a directory");
            let site = open(place.path().to_owned());
            let cookie = visitor(&*site);
            let number = || site.ask(&Ask::new("/read", Some(&cookie))).body.parse::<u64>().unwrap_or(0);
            let (before, begun) = (number(), Instant::now());
            let answers = site.together(&vec![Ask::new("/slow-increment", Some(&cookie)); KEYS]);
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            assert!(all_ok(&answers), "{}: requests fail", subject.name);
            counts.push(number().saturating_sub(before));
        }
        let Spread { lower, median, upper } = Spread::of(times);
        // The worst: what is lost once is lost.
        let counted = counts.into_iter().min().unwrap_or(0);
        let _ = writeln!(table, "| axum: {} | {counted} | {median:.0} ({lower:.0} – {upper:.0}) |", subject.name);
    }
    table
}

fn all_ok(answers: &[Answer]) -> bool {
    answers.iter().all(|answer| answer.status == 200)
}
