//! Requests in process: what sessions cost on top of the same framework without them, in time, allocations, instructions.

use std::fmt::Write as _;

use crate::measure::allocations;
use crate::measure::instructions::Counter;
use crate::measure::time::{Timed, compare};
use crate::page::Page;
use crate::plot::{Plot, Series, Shape};
use crate::site::{Case, Subject};

/// How thorough this is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// The cases whose instructions are counted: each takes a second of valgrind's.
    pub(crate) counted: &'static [Case],
    /// Rounds of what takes a second.
    pub(crate) rounds_of_a_second: usize,
    /// How many sessions there are at most.
    pub(crate) sessions: u64,
}

impl Effort {
    pub(crate) const FULL: Effort =
        Effort { rounds: 300, counted: &Case::ALL, rounds_of_a_second: 7, sessions: 1_000_000 };
    pub(crate) const QUICK: Effort =
        Effort { rounds: 20, counted: &[Case::Read], rounds_of_a_second: 1, sessions: 10_000 };
}

/// Measures all subjects, after having seen that they do what they are measured for.
pub(crate) fn run(subjects: &[Subject], effort: Effort, page: &Page) {
    for subject in subjects {
        let site = (subject.open)();
        for case in cases_of(subject) {
            if let Err(wrong) = subject.verify(&*site, case) {
                panic!("not measured, because it is wrong: {} on {}: {wrong}", subject.name, subject.framework);
            }
        }
    }
    time(subjects, effort, page);
    count_allocations(subjects, page);
    count_instructions(subjects, effort, page);
}

fn cases_of(subject: &Subject) -> impl Iterator<Item = Case> + use<> {
    let lacks = subject.lacks;
    Case::ALL.into_iter().filter(move |case| !lacks.contains(case))
}

/// The subjects of each framework, in the order in which they are named.
fn frameworks(subjects: &[Subject]) -> Vec<&[Subject]> {
    subjects.chunk_by(|one, next| one.framework == next.framework).collect()
}

fn time(subjects: &[Subject], effort: Effort, page: &Page) {
    let mut table = heading("ns over the same request without sessions (quartiles)");
    let mut ratios = heading("webstack's time, of the peer's");
    for framework in frameworks(subjects) {
        eprintln!("timing {} …", framework[0].framework);
        let timed = compare(framework, effort.rounds);
        for subject in framework {
            let cell = |case| {
                let found = timed.iter().find(|timed| timed.subject.name == subject.name && timed.case == case);
                let sign = if subject.is_control() { "" } else { "+" };
                found.map_or_else(absent, |found| {
                    let spread = found.nanoseconds;
                    format!("{sign}{:.0} ({:.0} – {:.0})", spread.median, spread.lower, spread.upper)
                })
            };
            row(&mut table, subject, cell);
        }
        let name = framework[0].framework;
        compare_with_peers(&mut ratios, framework, &timed);
        let value = |subject: &Subject, case| {
            let found: Option<&Timed> =
                timed.iter().find(|timed| timed.subject.name == subject.name && timed.case == case);
            found.map(|found| found.nanoseconds).map(|spread| (spread.lower, spread.median, spread.upper))
        };
        page.plot(&format!("time-{name}"), &plot(name, "nanoseconds over no sessions", framework, value).svg());
    }
    page.table("time", &table);
    page.table("ratios", &ratios);
}

/// How many times what a peer adds to a request webstack adds; what is more is set in bold, so nobody overlooks it.
fn compare_with_peers(table: &mut String, framework: &[Subject], timed: &[Timed]) {
    let added = |name: &str, case| {
        let found = timed.iter().find(|timed| timed.subject.name == name && timed.case == case)?;
        Some(found.nanoseconds.median)
    };
    for peer in framework.iter().filter(|subject| subject.has_sessions() && subject.name != "webstack") {
        row(table, peer, |case| match added("webstack", case).zip(added(peer.name, case)) {
            // Next to nothing is no measure.
            Some((ours, theirs)) if theirs > 20.0 && ours > theirs => format!("**{:.2}**", ours / theirs),
            Some((ours, theirs)) if theirs > 20.0 => format!("{:.2}", ours / theirs),
            _ => absent(),
        });
    }
}

fn count_allocations(subjects: &[Subject], page: &Page) {
    let mut table = heading("allocations over the same request without sessions");
    for framework in frameworks(subjects) {
        let of = |subject: &Subject, case| (!subject.lacks.contains(&case)).then(|| allocations::of(subject, case));
        let control = Case::ALL.map(|case| (case, allocations::of(&framework[0], case)));
        for subject in framework {
            let over = |case| if subject.is_control() { 0.0 } else { of_case(&control, case) };
            row(&mut table, subject, |case| of(subject, case).map_or_else(absent, |all| tenths(all - over(case))));
        }
    }
    page.table("allocations", &table);
}

fn count_instructions(subjects: &[Subject], effort: Effort, page: &Page) {
    let Some(counter) = Counter::new().map(Counter::with_atomics) else { return };
    let mut atomics = heading("atomic operations over the same request without sessions");
    let mut table = heading("instructions over the same request without sessions (of these, SHA-256 by hand)");
    for framework in frameworks(subjects) {
        eprintln!("counting instructions of {} …", framework[0].framework);
        let count = |subject: &Subject, case| {
            let wanted = effort.counted.contains(&case) && !subject.lacks.contains(&case);
            wanted.then(|| counter.count(subject, case).unwrap_or_else(|error| panic!("{}: {error}", subject.name)))
        };
        let control = Case::ALL.map(|case| (case, count(&framework[0], case)));
        let mut counted = Vec::new();
        for subject in framework {
            let over = Case::ALL.map(|case| {
                let before = of_case(&control, case);
                let all = if subject.is_control() {
                    before
                } else {
                    count(subject, case).map(|all| all.over(before.unwrap_or_default()))
                };
                (case, all)
            });
            row(&mut table, subject, |case| match of_case(&over, case) {
                Some(count) if count.sha256 >= 1.0 => format!("{:.0} ({:.0})", count.all, count.sha256),
                Some(count) => format!("{:.0}", count.all),
                None => absent(),
            });
            row(&mut atomics, subject, |case| of_case(&over, case).map_or_else(absent, |count| tenths(count.atomic)));
            counted.push((subject.name, over));
        }
        let value = |subject: &Subject, case| {
            let (_, over) = counted.iter().find(|(name, _)| *name == subject.name)?;
            of_case(over, case).map(|count| (count.all, count.all, count.all))
        };
        let name = framework[0].framework;
        page.plot(
            &format!("instructions-{name}"),
            &plot(name, "instructions over no sessions", framework, value).svg(),
        );
    }
    page.table("instructions", &table);
    if counter.counts_atomics() {
        page.table("atomics", &atomics);
    }
}

fn of_case<T: Copy>(values: &[(Case, T)], case: Case) -> T {
    values.iter().find(|(of, _)| *of == case).expect("there is one of each case").1
}

fn heading(of: &str) -> String {
    let names: Vec<_> = Case::ALL.iter().map(|case| case.name()).collect();
    format!("| {of} | {} |\n|---|{}\n", names.join(" | "), "---:|".repeat(names.len()))
}

fn row(table: &mut String, subject: &Subject, cell: impl Fn(Case) -> String) {
    let cells: Vec<_> = Case::ALL.iter().map(|case| cell(*case)).collect();
    let name = if subject.is_control() {
        format!("*{}: the whole request, without sessions*", subject.framework)
    } else {
        format!("{}: {}", subject.framework, subject.name)
    };
    let _ = writeln!(table, "| {name} | {} |", cells.join(" | "));
}

fn absent() -> String {
    "–".to_owned()
}

fn tenths(number: f64) -> String {
    // Not "-0".
    let number = (number * 10.0).round() / 10.0 + 0.0;
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.1}") }
}

type Bar = Option<(f64, f64, f64)>;

fn plot(framework: &str, of: &str, subjects: &[Subject], value: impl Fn(&Subject, Case) -> Bar) -> Plot {
    let measured = subjects.iter().filter(|subject| !subject.is_control());
    let series = measured.map(|subject| Series {
        name: subject.name.to_owned(),
        values: Case::ALL.iter().map(|case| value(subject, *case)).collect(),
    });
    Plot {
        title: format!("{framework}: {of}"),
        x: "what the visitor does".to_owned(),
        y: format!("{of} (log)"),
        logarithmic: true,
        places: Case::ALL.iter().map(|case| case.name().to_owned()).collect(),
        series: series.collect(),
        shape: Shape::Bars,
    }
}
