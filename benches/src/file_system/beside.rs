//! The store beside the same system calls bare, and beside what others do for an update.

use std::fmt::Write as _;

use webstack_core::store::Durability;

use super::operations::{ByHand, ByStore, Files, Operation};
use super::tree::Tree;
use super::turns::{Samples, Turns};
use crate::measure::time::Spread;
use crate::page::Page;
use crate::plot::{Plot, Series, Shape};

const EACH: usize = 1_000;

/// On each file system: every operation, and then some of them for each durability.
pub(crate) fn run(trees: &[Tree], rounds: usize, page: &Page) {
    let heading = "| µs (quartiles) | the store | the same calls, bare | times as long |\n|---|---:|---:|---:|\n";
    let (mut table, mut durable) = (heading.to_owned(), heading.to_owned());
    let mut renaming = String::from(
        "| an update, µs (quartiles) | the store | a temporary file renamed over it, bare | times as fast |\n|---|---:|---:|---:|\n",
    );
    for tree in trees {
        eprintln!("working on files on {} …", tree.kind);
        tree.plant(0..3 * EACH as u64);
        let turns = Turns { rounds, timed: 40, warming: 10, settled: EACH };
        let [store, bare, updates, renamed] = operations(tree, turns);
        for operation in Operation::ALL {
            row(&mut table, &format!("{}: {}", tree.kind, operation.name()), operation, &store, &bare);
        }
        let faster = renamed.ratio(Operation::Replace, &updates, Operation::Update);
        let (ours, theirs) = (updates.spread(Operation::Update), renamed.spread(Operation::Replace));
        let _ = writeln!(renaming, "| {} | {} | {} | {} |", tree.kind, micros(ours), micros(theirs), times(faster));
        page.plot(&format!("files-{}", tree.kind), &plot(&tree.kind, &store, &bare, &renamed).svg());

        for (nth, durability) in [Durability::None, Durability::Data, Durability::Full].into_iter().enumerate() {
            let from = ((3 + 2 * nth) * EACH) as u64;
            let turns = Turns { rounds: rounds.div_ceil(10), timed: 10, warming: 2, settled: EACH };
            let (store, bare) = durably(tree, from, durability, turns);
            for operation in [Operation::Update, Operation::Create] {
                let name = format!("{}: {durability:?}, {}", tree.kind, operation.name());
                row(&mut durable, &name, operation, &store, &bare);
            }
        }
    }
    page.table("file operations", &table);
    page.table("file renaming", &renaming);
    page.table("file durability", &durable);
}

/// The store and bare calls, and then the store's updates and renaming. What makes a disk write comes after what does not.
fn operations(tree: &Tree, turns: Turns) -> [Samples; 4] {
    let each = EACH as u64;
    let mut store = ByStore::new(tree, Durability::None, 0..each);
    let mut bare = ByHand::new(tree, Durability::None, each..2 * each);
    let parts: [&[Operation]; 3] = [
        &[Operation::Read, Operation::Update, Operation::Touch, Operation::Conflict],
        &[Operation::Create, Operation::Remove],
        &[Operation::Create, Operation::Growth, Operation::Remove],
    ];
    let mut samples = [Samples::default(), Samples::default()];
    for operations in parts {
        let both = turns.compare([&mut store as &mut dyn Files, &mut bare], operations);
        samples.iter_mut().zip(both).for_each(|(samples, more)| samples.add(more));
        tree.sync();
    }
    let mut renaming = ByHand::renaming(tree, 2 * each..3 * each);
    let operations = [Operation::Update, Operation::Replace];
    let [updates, renamed] = turns.compare([&mut store as &mut dyn Files, &mut renaming], &operations);
    tree.sync();
    let [store, bare] = samples;
    [store, bare, updates, renamed]
}

fn durably(tree: &Tree, from: u64, durability: Durability, turns: Turns) -> (Samples, Samples) {
    let each = EACH as u64;
    tree.plant(from..from + 2 * each);
    let mut store = ByStore::new(tree, durability, from..from + each);
    let mut bare = ByHand::new(tree, durability, from + each..from + 2 * each);
    let operations = [Operation::Update, Operation::Create, Operation::Remove];
    let [store, bare] = turns.compare([&mut store as &mut dyn Files, &mut bare], &operations);
    (store, bare)
}

fn row(table: &mut String, name: &str, operation: Operation, store: &Samples, bare: &Samples) {
    let (ours, theirs) = (store.spread(operation), bare.spread(operation));
    let ratio = times(store.ratio(operation, bare, operation));
    let _ = writeln!(table, "| {name} | {} | {} | {ratio} |", micros(ours), micros(theirs));
}

/// Microseconds, with the quartiles around.
pub(crate) fn micros(Spread { lower, median, upper }: Spread) -> String {
    format!("{median:.1} ({lower:.1} – {upper:.1})")
}

/// A ratio, with the quartiles around.
pub(crate) fn times(Spread { lower, median, upper }: Spread) -> String {
    format!("{median:.2} ({lower:.2} – {upper:.2})")
}

fn plot(kind: &str, store: &Samples, bare: &Samples, renaming: &Samples) -> Plot {
    let value = |spread: Spread| Some((spread.lower, spread.median, spread.upper));
    let series = |name: &str, samples: &Samples| Series {
        name: name.to_owned(),
        values: Operation::ALL.map(|operation| value(samples.spread(operation))).into(),
    };
    let renamed = Operation::ALL.map(|operation| {
        (operation == Operation::Update).then(|| value(renaming.spread(Operation::Replace))).flatten()
    });
    Plot {
        title: format!("session files on {kind}: the store beside bare system calls"),
        x: "what is done to a file".to_owned(),
        y: "microseconds (log)".to_owned(),
        logarithmic: true,
        places: Operation::ALL.map(|operation| operation.name().to_owned()).into(),
        series: vec![
            series("the store", store),
            series("the same calls, bare", bare),
            Series { name: "temporary file and rename, bare".to_owned(), values: renamed.into() },
        ],
        shape: Shape::Bars,
    }
}
