//! Writes the table of `docs/stores.md` that says how often a server is asked: `round_trips`, from the project's directory.

use std::process::ExitCode;

use webstack_interop::{ROUND_TRIPS, replace_marked, round_trips};

fn main() -> ExitCode {
    let Some(table) = round_trips::table() else { return ExitCode::FAILURE };
    let page = std::fs::read_to_string(ROUND_TRIPS.0).expect("the page, from the project's directory");
    std::fs::write(ROUND_TRIPS.0, replace_marked(&page, ROUND_TRIPS.1, &table)).expect("it can be written");
    ExitCode::SUCCESS
}
