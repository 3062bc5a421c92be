//! Sessions in files: what a request takes, beside libraries that keep them so, too.

use std::fmt::Write as _;

use super::beside::micros;
use crate::frameworks::files;
use crate::measure::time::{Spread, one_round};
use crate::page::Page;
use crate::site::Case;

/// Times all of them in turn, each in a directory of its own.
pub(crate) fn run(rounds: usize, page: &Page) {
    let place = tempfile::tempdir().expect("a directory");
    let opened = |(at, (subject, open)): (usize, (_, files::Open))| (subject, open(place.path().join(at.to_string())));
    let sites: Vec<_> = files::subjects().into_iter().enumerate().map(opened).collect();
    let mut samples = vec![vec![Vec::with_capacity(rounds); Case::ALL.len()]; sites.len()];
    for (subject, site) in &sites {
        for case in Case::ALL {
            subject.verify(&**site, case).unwrap_or_else(|wrong| panic!("it is wrong: {wrong}"));
        }
    }
    for round in 0..rounds {
        for turn in 0..sites.len() {
            let at = (turn + round) % sites.len();
            let (subject, site) = &sites[at];
            for (case, samples) in Case::ALL.into_iter().zip(&mut samples[at]) {
                samples.push(one_round(subject, &**site, case) / 1e3);
            }
        }
    }
    let names: Vec<_> = Case::ALL.iter().map(|case| case.name()).collect();
    let mut table =
        format!("| µs of a request (quartiles) | {} |\n|---|{}\n", names.join(" | "), "---:|".repeat(names.len()));
    let spreads: Vec<Vec<_>> =
        samples.into_iter().map(|samples| samples.into_iter().map(Spread::of).collect()).collect();
    for ((subject, _), spreads) in sites.iter().zip(&spreads) {
        let cells: Vec<_> = spreads.iter().copied().map(micros).collect();
        let _ = writeln!(table, "| {} | {} |", subject.name, cells.join(" | "));
    }
    let [control, webstack, peers @ ..] = &spreads[..] else { unreachable!("they are always the same") };
    let times = (0..Case::ALL.len()).map(|case| {
        let over = |spreads: &[Spread]| spreads[case].median - control[case].median;
        let better = peers.iter().map(|peer| over(peer)).fold(f64::INFINITY, f64::min);
        format!("{:.1}", better / over(webstack))
    });
    let times: Vec<_> = times.collect();
    let _ = writeln!(
        table,
        "| the better peer, times webstack; the control taken away from both | {} |",
        times.join(" | ")
    );
    page.table("files", &table);
}
