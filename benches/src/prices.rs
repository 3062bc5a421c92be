//! What single steps take on this machine, so that it can be said what a request pays for.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use sha2::{Digest as _, Sha256};
use webstack_core::{Clock as _, SystemClock};

use crate::measure::time::Spread;
use crate::page::Page;

/// How often each is done in a round.
const TIMES: u32 = 10_000;

/// Measures each step, in turn, in as many rounds.
pub(crate) fn run(rounds: usize, page: &Page) {
    let (number, shared) = (AtomicU64::new(0), Arc::new(0_u64));
    let steps: [(&str, &dyn Fn()); 6] = [
        ("an atomic operation", &|| done(black_box(&number).fetch_add(1, Ordering::AcqRel))),
        ("a shared handle, copied and dropped", &|| done(Arc::clone(black_box(&shared)))),
        ("64 bytes of memory, asked for and given back", &|| done(Vec::<u8>::with_capacity(black_box(64)))),
        ("the clock", &|| done(SystemClock.now())),
        ("SHA-256 of a token's secret", &|| done(Sha256::digest(black_box([7_u8; 32])))),
        ("48 random bytes", &|| getrandom::fill(&mut black_box([0_u8; 48])).expect("a generator")),
    ];
    let mut samples = steps.map(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for ((_, step), samples) in steps.iter().zip(&mut samples) {
            let begun = Instant::now();
            (0..TIMES).for_each(|_| step());
            samples.push(begun.elapsed().as_nanos() as f64 / f64::from(TIMES));
        }
    }
    let mut table = String::from("| | ns (quartiles) |\n|---|---:|\n");
    for ((what, _), samples) in steps.iter().zip(samples) {
        let Spread { lower, median, upper } = Spread::of(samples);
        let _ = writeln!(table, "| {what} | {median:.1} ({lower:.1} – {upper:.1}) |");
    }
    page.table("prices", &table);
}

/// Keeps the compiler from leaving out what nobody uses.
fn done<T>(value: T) {
    black_box(value);
}
