//! What ran where: a line for each case of each environment, for whoever wants to see them side by side.

use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::Write as _;

/// The file to which lines are appended: the environment, the case, and `ok` or what it lacked, parted by tabs.
pub const VARIABLE: &str = "WEBSTACK_MATRIX";

thread_local! {
    static LACKED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Says aloud that a case is not run here, or not all of it, and notes why. (Tests' own output is hidden where they pass;
/// this is not.)
pub fn skip(case: &str, because: &str) {
    // a test that cannot say so is still skipped
    let _ = writeln!(std::io::stderr(), "skipped: {case}: {because}");
    LACKED.with_borrow_mut(|lacked| lacked.push(because.to_owned()));
}

/// Runs a case and notes its end. One that panics is not noted.
///
/// # Panics
///
/// If the case does, or the file cannot be written.
pub fn noted(module: &str, case: &str, run: impl FnOnce()) {
    LACKED.take();
    run();
    let Some(file) = std::env::var_os(VARIABLE) else { return };
    let lacked = LACKED.take();
    let end = if lacked.is_empty() { "ok".to_owned() } else { lacked.join(", ") };
    let environment = module.rsplit("::").next().unwrap_or(module);
    // one write: several processes append to the file
    let line = format!("{environment}\t{case}\t{end}\n");
    let file = OpenOptions::new().append(true).create(true).open(file);
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the matrix can be written");
}
