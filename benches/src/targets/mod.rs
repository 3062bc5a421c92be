//! What is wanted, beside what was measured. Everything is read from the tables on the page, so a part that is not run again
//! keeps what stood there.

mod cells;
mod wanted;

use std::fmt::Write as _;

use crate::page::Page;
use cells::Cells;

/// What is wanted of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
    Exactly(f64),
}

impl Bound {
    fn is_met(self, measured: f64) -> bool {
        match self {
            Bound::AtMost(most) => measured <= most,
            Bound::AtLeast(least) => measured >= least,
            Bound::Exactly(number) => measured == number,
        }
    }

    fn text(self) -> String {
        match self {
            Bound::AtMost(most) => format!("≤ {}", digits(most)),
            Bound::AtLeast(least) => format!("≥ {}", digits(least)),
            Bound::Exactly(number) => digits(number),
        }
    }
}

/// One thing that is wanted, and where it stands how it is.
#[derive(Clone, Debug)]
struct Target {
    what: String,
    bound: Bound,
    /// Nothing if it is on no table.
    measured: Option<f64>,
    /// The table on which it stands, or would.
    table: &'static str,
    /// What else was measured, and says how far one could get.
    limits: Vec<Limit>,
    /// Why it is missed, if that is meant.
    because: Option<&'static str>,
}

/// What says how far one could get.
#[derive(Clone, Copy, Debug)]
struct Limit {
    measured: f64,
    /// Whose it is.
    of: &'static str,
}

impl Target {
    fn verdict(&self) -> String {
        let Some(measured) = self.measured else { return "not measured".to_owned() };
        if self.bound.is_met(measured) {
            return "met".to_owned();
        }
        match (self.because, self.limits.iter().find(|limit| !self.bound.is_met(limit.measured))) {
            (Some(because), _) => format!("**not met**, on purpose: {because}"),
            (None, Some(limit)) => format!("**not met**, nor {}", limit.of),
            (None, None) => "**not met**".to_owned(),
        }
    }
}

/// Writes what is wanted, what is, and whether the one is the other.
pub(crate) fn run(page: &Page) {
    let text = page.text();
    let cells = Cells(&text);
    let mut table = String::from("| | goal | measured | beside it | | table |\n|---|---:|---:|---|---|---|\n");
    for target in wanted::all(cells) {
        let measured = target.measured.map_or_else(|| "–".to_owned(), digits);
        let verdict = target.verdict();
        let limits: Vec<_> =
            target.limits.iter().map(|limit| format!("{}, {}", digits(limit.measured), limit.of)).collect();
        let limits = limits.join("; ");
        let link = cells.heading(target.table).map_or_else(|| "–".to_owned(), link);
        let (what, bound) = (target.what, target.bound.text());
        let _ = writeln!(table, "| {what} | {bound} | {measured} | {limits} | {verdict} | {link} |");
    }
    page.table("goals", &table);
}

fn link(heading: &str) -> String {
    format!("[{heading}](#{})", heading.to_lowercase().replace(' ', "-"))
}

/// A number with two digits behind the point, or none.
fn digits(number: f64) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.2}") }
}

#[cfg(test)]
mod tests {
    use super::{Bound, Limit, Target, digits};

    #[test]
    fn what_nobody_could_reach_is_said_to_be_out_of_reach() {
        let target = |measured, limit: Option<f64>| Target {
            what: "a read".to_owned(),
            bound: Bound::AtMost(3.0),
            measured,
            table: "time",
            limits: limit.map(|measured| Limit { measured, of: "by hand" }).into_iter().collect(),
            because: None,
        };
        assert_eq!(target(Some(3.0), Some(4.0)).verdict(), "met");
        assert_eq!(target(Some(5.0), Some(4.0)).verdict(), "**not met**, nor by hand");
        assert_eq!(target(Some(5.0), Some(2.0)).verdict(), "**not met**");
        assert_eq!(target(Some(5.0), None).verdict(), "**not met**");
        assert_eq!(target(None, None).verdict(), "not measured");
    }

    #[test]
    fn what_is_wanted_may_just_be_met() {
        assert!(Bound::AtMost(3.0).is_met(3.0) && !Bound::AtMost(3.0).is_met(3.01));
        assert!(Bound::AtLeast(6.0).is_met(6.0) && !Bound::AtLeast(6.0).is_met(5.99));
        assert!(Bound::Exactly(50.0).is_met(50.0) && !Bound::Exactly(50.0).is_met(51.0));
        assert_eq!([17_004.0, 1.25].map(digits), ["17004", "1.25"]);
    }
}
