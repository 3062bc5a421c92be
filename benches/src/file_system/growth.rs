//! What it costs that many others have sessions, too.

use std::fmt::Write as _;

use webstack_core::store::Durability;

use super::beside::micros;
use super::operations::{ByHand, ByStore, Operation};
use super::purge::{self, Purging};
use super::tree::Tree;
use super::turns::{Samples, Turns};
use crate::measure::time::Spread;
use crate::page::{Page, thousands};
use crate::plot::{Plot, Series, Shape};

/// How many sessions there are.
const LEVELS: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Those that somebody works on.
const EACH: usize = 400;

const OPERATIONS: [Operation; 4] = [Operation::Read, Operation::Update, Operation::Create, Operation::Remove];

/// What was measured with so many sessions.
struct Level {
    sessions: u64,
    store: Samples,
    bare: Samples,
    purging: Purging,
}

/// Makes more and more sessions, and works on some of them and through all.
pub(crate) fn run(most: u64, rounds: usize, page: &Page) {
    let tree = Tree::on_disk();
    let (mut levels, mut planted) = (Vec::new(), 0);
    for sessions in LEVELS.into_iter().filter(|sessions| *sessions <= most) {
        eprintln!("working among {sessions} sessions …");
        tree.plant(planted..sessions);
        // Some of those that nobody has worked on yet.
        let step = usize::try_from((sessions - planted) / (2 * EACH as u64)).expect("not so many");
        let some = |skip: u64| (planted + skip..sessions).step_by(step).step_by(2).take(EACH);
        let mut store = ByStore::new(&tree, Durability::None, some(0));
        let mut bare = ByHand::new(&tree, Durability::None, some(step as u64));
        let turns = Turns { rounds: rounds.div_ceil(5), timed: 20, warming: 5, settled: EACH };
        let [store, bare] = turns.compare([&mut store, &mut bare], &OPERATIONS);
        let purging = purge::measure(&tree, sessions);
        levels.push(Level { sessions, store, bare, purging });
        planted = sessions;
    }
    page.table("file growth", &table(&levels));
    page.table("file purge", &purge::table(levels.iter().map(|level| (level.sessions, &level.purging))));
    page.plot("files-growth", &plot(&tree.kind, &levels).svg());
}

fn table(levels: &[Level]) -> String {
    let names: Vec<_> = OPERATIONS.iter().map(|operation| format!("{0} | {0}, bare", operation.name())).collect();
    let mut table = format!(
        "| sessions; µs (quartiles) | {} |\n|---:|{}\n",
        names.join(" | "),
        "---:|".repeat(2 * OPERATIONS.len())
    );
    let cells = |level: &Level| {
        OPERATIONS.map(|operation| [level.store.spread(operation), level.bare.spread(operation)]).concat()
    };
    for level in levels {
        let texts: Vec<_> = cells(level).into_iter().map(micros).collect();
        let _ = writeln!(table, "| {} | {} |", thousands(level.sessions), texts.join(" | "));
    }
    if let [first, .., last] = levels {
        let both = cells(first).into_iter().zip(cells(last));
        let ratios: Vec<_> = both.map(|(few, many)| format!("{:.2}", many.median / few.median)).collect();
        let over = format!("{} over {}", thousands(last.sessions), thousands(first.sessions));
        let _ = writeln!(table, "| {over} | {} |", ratios.join(" | "));
    }
    table
}

fn plot(kind: &str, levels: &[Level]) -> Plot {
    let series = |name: &str, of: &dyn Fn(&Level) -> Spread| Series {
        name: name.to_owned(),
        values: levels.iter().map(of).map(|spread| Some((spread.lower, spread.median, spread.upper))).collect(),
    };
    Plot {
        title: format!("session files on {kind}: what it costs that there are many"),
        x: "sessions (log)".to_owned(),
        y: "microseconds (log)".to_owned(),
        logarithmic: true,
        places: levels.iter().map(|level| thousands(level.sessions)).collect(),
        series: vec![
            series("read", &|level| level.store.spread(Operation::Read)),
            series("update", &|level| level.store.spread(Operation::Update)),
            series("create", &|level| level.store.spread(Operation::Create)),
            series("purge, each file", &|level| level.purging.by_thousands.each),
        ],
        shape: Shape::Lines,
    }
}
