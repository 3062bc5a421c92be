//! The gate: what webstack costs, in what can be counted exactly, against goals and ceilings. No times: machines differ.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::goals::{GOALS, Goal, Quantity};
use crate::measure::allocations;
use crate::measure::instructions::{Counter, Instructions};
use crate::site::{CONTROL, Subject};

/// Prints every goal with what was measured; fails if a ceiling is passed.
pub(crate) fn run(subjects: &[Subject]) -> ExitCode {
    let Some(counter) = Counter::new() else { return ExitCode::from(2) };
    let mut table = String::from(
        "| over the control | goal | ceiling | measured | beside it, SHA-256 by hand | |\n|---|---:|---:|---:|---:|---|\n",
    );
    let mut passes = true;
    for goal in &GOALS {
        let measured = match measure(subjects, &counter, goal) {
            Ok(measured) => measured,
            Err(error) => {
                eprintln!("{}: {error}", goal.what());
                return ExitCode::from(2);
            }
        };
        let value = measured.without_sha256();
        let verdict = match value {
            value if value > goal.ceiling => "**FAILS: above the ceiling**",
            value if value > goal.goal => "not yet",
            _ => "reached",
        };
        passes &= value <= goal.ceiling;
        let (unit, digits) = match goal.quantity {
            Quantity::Instructions => ("instructions", 0),
            Quantity::Allocations => ("allocations", 1),
        };
        let _ = writeln!(
            table,
            "| {}: {unit} | {:.0} | {:.digits$} | {value:.digits$} | {:.0} | {verdict} |",
            goal.what(),
            goal.goal,
            goal.ceiling,
            measured.sha256,
        );
    }
    println!("{table}");
    println!("Where instructions went: callgrind_annotate {}/axum-webstack-read", counter.profiles().display());
    if passes { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn measure(subjects: &[Subject], counter: &Counter, goal: &Goal) -> Result<Instructions, String> {
    let named = |name| subjects.iter().find(|subject| subject.framework == goal.framework && subject.name == name);
    let (control, webstack) = named(CONTROL).zip(named(goal.name)).ok_or("there is no such subject")?;
    webstack.verify(&*(webstack.open)(), goal.case)?;
    match goal.quantity {
        Quantity::Instructions => Ok(counter.count(webstack, goal.case)?.over(counter.count(control, goal.case)?)),
        Quantity::Allocations => {
            let all = allocations::of(webstack, goal.case) - allocations::of(control, goal.case);
            Ok(Instructions { all, ..Instructions::default() })
        }
    }
}
