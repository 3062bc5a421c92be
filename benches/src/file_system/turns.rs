//! Who works on files does so in turn, in many short rounds, so that what else the machine does meets all alike.

use std::time::Instant;

use super::operations::{Files, Operation};
use crate::measure::time::Spread;

/// How thorough a comparison is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turns {
    pub(crate) rounds: usize,
    /// Files of a round that are timed, after some that warm up.
    pub(crate) timed: usize,
    pub(crate) warming: usize,
    /// How many sessions are there all the while.
    pub(crate) settled: usize,
}

/// Microseconds of each operation, in each round: of one who worked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<(Operation, Vec<f64>)>);

impl Samples {
    fn of(&self, operation: Operation) -> &[f64] {
        let found = self.0.iter().find(|(of, _)| *of == operation);
        &found.expect("it was asked for").1
    }

    /// Adds what was measured besides; of an operation that is there already the first counts.
    pub(crate) fn add(&mut self, more: Samples) {
        self.0.extend(more.0);
    }

    /// What an operation takes.
    pub(crate) fn spread(&self, operation: Operation) -> Spread {
        Spread::of(self.of(operation).to_vec())
    }

    /// What it takes, of what another operation of somebody else takes in the same rounds: as many as there are workers, so that
    /// each was the first in one of them. Whoever creates first after a removal finds another file system than the second.
    pub(crate) fn ratio(&self, operation: Operation, other: &Samples, of: Operation) -> Spread {
        let turns = |samples: &[f64]| samples.chunks(WORKERS).map(|turn| turn.iter().sum::<f64>()).collect::<Vec<_>>();
        let both = turns(self.of(operation)).into_iter().zip(turns(other.of(of)));
        Spread::of(both.map(|(ours, theirs)| ours / theirs).collect())
    }
}

/// How many are compared.
const WORKERS: usize = 2;

impl Turns {
    /// Lets both do the operations, each in its turn first.
    pub(crate) fn compare(
        self,
        mut workers: [&mut dyn Files; WORKERS],
        operations: &[Operation],
    ) -> [Samples; WORKERS] {
        for worker in &mut workers {
            let warm = if worker.does(Operation::Read) { Operation::Read } else { Operation::Replace };
            (0..self.settled).for_each(|at| worker.act(warm, at));
        }
        let mut samples = [(); WORKERS].map(|()| Samples(operations.iter().map(|of| (*of, Vec::new())).collect()));
        let mut random = 1;
        // Far from all that is planted.
        let mut newcomer = 1 << 40;
        for round in 0..self.rounds {
            let each = self.warming + self.timed;
            let picked: Vec<_> = (0..each).map(|_| next(&mut random) % self.settled).collect();
            for (at, operation) in operations.iter().enumerate() {
                for turn in 0..WORKERS {
                    let whose = (turn + round) % WORKERS;
                    let worker = &mut *workers[whose];
                    if !worker.does(*operation) {
                        continue;
                    }
                    if *operation == Operation::Create {
                        worker.expect(&(newcomer..newcomer + each as u64).collect::<Vec<_>>());
                        newcomer += each as u64;
                    }
                    let taken = self.one_round(worker, *operation, &picked);
                    samples[whose].0[at].1.push(taken);
                }
            }
        }
        samples
    }

    fn one_round(self, worker: &mut dyn Files, operation: Operation, picked: &[usize]) -> f64 {
        let which = |at: usize| if operation.is_of_newcomers() { at } else { picked[at] };
        for at in 0..self.warming {
            worker.act(operation, which(at));
        }
        let begun = Instant::now();
        for at in self.warming..self.warming + self.timed {
            worker.act(operation, which(at));
        }
        begun.elapsed().as_nanos() as f64 / 1e3 / self.timed as f64
    }
}

/// Another random number (Knuth's MMIX).
fn next(random: &mut u64) -> usize {
    *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*random >> 33) as usize
}
