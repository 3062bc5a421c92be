//! What webstack costs, beside its peers: `cargo run --release --manifest-path benches/Cargo.toml` measures all of it and
//! writes `docs/performance.md`. The short form for `tests/run` is
//! `cargo run --release --no-default-features --manifest-path benches/Cargo.toml -- gate`: it builds without peers.

#[cfg(feature = "peers")]
mod by_hand;
#[cfg(feature = "peers")]
mod cgi;
#[cfg(feature = "peers")]
mod comparison;
mod engine;
#[cfg(feature = "peers")]
mod file_system;
mod frameworks;
mod gate;
mod goals;
#[cfg(feature = "peers")]
mod http;
#[cfg(feature = "peers")]
mod lost_updates;
#[cfg(feature = "peers")]
mod machine;
mod measure;
#[cfg(feature = "peers")]
mod page;
#[cfg(feature = "peers")]
mod plot;
#[cfg(feature = "peers")]
mod prices;
#[cfg(feature = "peers")]
mod redis;
mod site;
#[cfg(feature = "peers")]
mod targets;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::measure::allocations::Counting;
use crate::measure::instructions;
use crate::site::Case;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Debug, Parser)]
#[command(about = "Measures what webstack costs, beside its peers", long_about = None)]
struct Arguments {
    /// Measures briefly: tables are printed, and nothing is written
    #[cfg(feature = "peers")]
    #[arg(long, global = true)]
    quick: bool,
    /// What to measure; everything if it is not said
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Clone, Debug, Subcommand)]
enum Part {
    /// Counts instructions and allocations of webstack alone; fails if there are more than there may be
    Gate,
    /// Requests in process: time, allocations, instructions
    #[cfg(feature = "peers")]
    Requests,
    /// What is kept when requests of one visitor meet
    #[cfg(feature = "peers")]
    LostUpdates,
    /// Requests over a socket, by wrk
    #[cfg(feature = "peers")]
    Http,
    /// Processes of a CGI program
    #[cfg(feature = "peers")]
    Cgi,
    /// Sessions in files: beside bare system calls, among many others, and beside libraries that keep them so, too
    #[cfg(feature = "peers")]
    FileSystem,
    /// Sessions in Redis, by a server of this program's own
    #[cfg(feature = "peers")]
    Redis,
    /// Says of what stands on the page whether it is what was wanted
    #[cfg(feature = "peers")]
    Goals,
    /// Is what wrk asks
    #[cfg(feature = "peers")]
    #[command(hide = true)]
    Serve { framework: String, name: String, port: u16 },
    /// Is what strace runs
    #[cfg(feature = "peers")]
    #[command(hide = true)]
    FileCalls {
        operation: String,
        #[arg(long)]
        synced: bool,
    },
    /// Is what valgrind runs
    #[command(hide = true)]
    Count { framework: String, name: String, case: String },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut subjects = engine::subjects();
    subjects.extend(frameworks::subjects());
    let named = |framework: &str, name: &str| {
        subjects.iter().find(|subject| subject.framework == framework && subject.name == name)
    };
    match &arguments.part {
        // Peers ask for more features of axum, and requests then take more instructions than the ceilings were pinned to.
        Some(Part::Gate) if cfg!(feature = "peers") => {
            eprintln!("the gate counts without peers: cargo run --release --no-default-features … -- gate");
            ExitCode::from(2)
        }
        Some(Part::Gate) => gate::run(&subjects),
        #[cfg(not(feature = "peers"))]
        None => gate::run(&subjects),
        Some(Part::Count { framework, name, case }) => {
            let Some((subject, case)) = named(framework, name).zip(Case::named(case)) else { return ExitCode::from(2) };
            instructions::be_counted(subject, case);
            ExitCode::SUCCESS
        }
        #[cfg(feature = "peers")]
        Some(Part::Serve { framework, name, port }) => {
            let Some(serve) = named(framework, name).and_then(|subject| subject.serve) else {
                return ExitCode::from(2);
            };
            serve(*port);
            ExitCode::SUCCESS
        }
        #[cfg(feature = "peers")]
        Some(Part::FileCalls { operation, synced }) => {
            if file_system::be_traced(operation, *synced) {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(2)
            }
        }
        #[cfg(feature = "peers")]
        part => {
            measure(&arguments, part.as_ref(), &subjects);
            ExitCode::SUCCESS
        }
    }
}

/// Measures one part, or all.
#[cfg(feature = "peers")]
fn measure(arguments: &Arguments, part: Option<&Part>, subjects: &[site::Subject]) {
    use comparison::Effort;
    use page::Page;

    let (page, effort) = if arguments.quick { (Page::printed(), Effort::QUICK) } else { (Page::Written, Effort::FULL) };
    let page = &page;
    page.table("machine", &machine::machine());
    page.table("versions", &machine::versions());
    if matches!(part, None | Some(Part::Requests)) {
        comparison::run(subjects, effort, page);
        prices::run(effort.rounds, page);
    }
    if matches!(part, None | Some(Part::LostUpdates)) {
        lost_updates::run(subjects, effort.rounds_of_a_second, page);
    }
    if matches!(part, None | Some(Part::Http)) {
        http::run(subjects, effort.rounds_of_a_second, page);
    }
    if matches!(part, None | Some(Part::FileSystem)) {
        file_system::run(effort, page);
    }
    if matches!(part, None | Some(Part::Redis)) {
        redis::run(effort.rounds / 10, page);
    }
    if matches!(part, None | Some(Part::Cgi)) {
        cgi::run(effort.rounds, page);
    }
    targets::run(page);
}
