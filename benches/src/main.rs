//! What webstack costs, beside its peers: `cargo run --release --manifest-path benches/Cargo.toml`, from the project's
//! directory, measures all of it and writes `docs/performance.md`; `-- gate` is the short form for `tests/run`.

mod engine;
mod frameworks;
mod gate;
mod goals;
mod measure;
mod site;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::measure::allocations::Counting;
use crate::measure::instructions;
use crate::site::Case;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Debug, Parser)]
#[command(about = "Measures what webstack costs, beside its peers")]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Counts instructions and allocations of webstack alone; fails if there are more than there may be
    Gate,
    /// Is what valgrind runs
    #[command(hide = true)]
    Count { framework: String, name: String, case: String },
}

fn main() -> ExitCode {
    let subjects = frameworks::subjects();
    match Arguments::parse().part {
        Part::Gate => gate::run(&subjects),
        Part::Count { framework, name, case } => {
            let subject = subjects.iter().find(|subject| subject.framework == framework && subject.name == name);
            let Some((subject, case)) = subject.zip(Case::named(&case)) else { return ExitCode::from(2) };
            instructions::be_counted(subject, case);
            ExitCode::SUCCESS
        }
    }
}
