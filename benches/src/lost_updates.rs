//! What is kept when requests of one visitor meet: each reads, thinks, and writes.

use std::fmt::Write as _;

use crate::page::Page;
use crate::site::{Answer, Ask, KEYS, Subject, visitor};

/// Lets requests meet, and counts what is left of them.
pub(crate) fn run(subjects: &[Subject], page: &Page) {
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
}

fn all_ok(answers: &[Answer]) -> bool {
    answers.iter().all(|answer| answer.status == 200)
}
