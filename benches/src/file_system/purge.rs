//! Going through all files for what has expired, beside reading all names and looking at all files.

use std::fmt::Write as _;
use std::time::Instant;

use futures_util::FutureExt as _;
use webstack_core::store::{Durability, FileStore, PurgeStep, Purged, Store as _};

use super::bare::Bare;
use super::beside::{micros, times};
use super::tree::Tree;
use crate::measure::time::Spread;
use crate::page::thousands;

/// How many sessions have expired among those that have not.
const EXPIRED: u64 = 1_000;

/// Steps of a purge: all at once, as on demand, as in the background.
const STEPS: [usize; 3] = [usize::MAX, 1_000, 100];

/// What one way through all files takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// Microseconds for each file.
    pub(crate) each: Spread,
    /// Of what names and looks take in the same round.
    ratio: Spread,
}

/// What a purge takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purging {
    /// Reading all names and looking at all files.
    walk: Spread,
    at_once: Way,
    pub(crate) by_thousands: Way,
    by_hundreds: Way,
    /// Milliseconds when some have expired, and of names and looks just before.
    expired: (f64, f64),
}

/// Goes through sessions of which none has expired, and then through some that have.
pub(crate) fn measure(tree: &Tree, sessions: u64) -> Purging {
    let (store, bare) = (tree.store(Durability::None), Bare::open(&tree.directory(), Durability::None));
    let rounds = (1_000_000 / sessions).clamp(3, 15);
    let (mut walks, mut purges) = (Vec::new(), STEPS.map(|_| Vec::new()));
    let walk = || {
        let begun = Instant::now();
        let walked = bare.walk().expect("directories can be read");
        assert!(walked >= sessions, "{walked} files of {sessions}");
        begun.elapsed().as_nanos() as f64 / 1e3
    };
    let purge = |step, removed| {
        let begun = Instant::now();
        let purged = all_steps(&store, step);
        let taken = begun.elapsed().as_nanos() as f64 / 1e3;
        assert_eq!((purged.removed, purged.remaining), (removed, sessions));
        taken
    };
    walk();
    for _ in 0..rounds {
        walks.push(walk() / sessions as f64);
        for (samples, step) in purges.iter_mut().zip(STEPS) {
            samples.push(purge(step, 0) / sessions as f64);
        }
    }
    let [at_once, by_thousands, by_hundreds] = purges.map(|samples| Way {
        ratio: Spread::of(samples.iter().zip(&walks).map(|(purge, walk)| purge / walk).collect()),
        each: Spread::of(samples),
    });
    // Far from the sessions of other measurements.
    let from = (1 << 45) + sessions * EXPIRED;
    tree.plant_expired(from..from + EXPIRED);
    let walked = walk();
    let expired = (purge(STEPS[0], EXPIRED) / 1e3, walked / 1e3);
    Purging { walk: Spread::of(walks), at_once, by_thousands, by_hundreds, expired }
}

fn all_steps(store: &FileStore, entries: usize) -> Purged {
    let mut total = Purged::default();
    loop {
        let step = store.purge(PurgeStep::new(entries).after(total.next)).now_or_never();
        let step = step.expect("inline").expect("files that can be read");
        total.removed += step.removed;
        total.remaining += step.remaining;
        total.next = step.next;
        if total.next.is_none() {
            return total;
        }
    }
}

/// All of it.
pub(crate) fn table<'a>(measured: impl Iterator<Item = (u64, &'a Purging)>) -> String {
    let mut table = format!(
        "| sessions; µs for each file (quartiles) | names and looks, bare | at once | times as long | in steps of 1,000 | by 1,000 \
         | in steps of 100 | by 100 | {} expired among them, ms | names and looks then, ms |\n|---:|{}\n",
        thousands(EXPIRED),
        "---:|".repeat(9)
    );
    for (sessions, of) in measured {
        let ways = [of.at_once, of.by_thousands, of.by_hundreds];
        let ways = ways.map(|way| format!("{} | {}", micros(way.each), times(way.ratio))).join(" | ");
        let (purged, walked) = of.expired;
        let _ =
            writeln!(table, "| {} | {} | {ways} | {purged:.1} | {walked:.1} |", thousands(sessions), micros(of.walk));
    }
    table
}
