//! A process with a cache that listens. It does what it is told.

use std::io::BufRead as _;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use webstack_store::{Cached, Created, Entry, Removed, SessionId, Store, Watch};

use super::process::{answer, monotonic};
use super::through::Through;
use super::{MILLIS, STORE, WATCH};

/// Longer than any round takes that ends at all.
const GIVE_UP: Duration = Duration::from_secs(20);

/// What the test `worker` does: nothing, unless a test has started it to be one of a [`Pair`](super::Pair). It needs a runtime
/// with everything enabled, and somebody who opens a store by its URL.
///
/// # Panics
///
/// If the store does not do as it is told.
pub fn worker<S: Store + Watch>(runtime: &Runtime, open: impl Fn(&str) -> S) {
    let variable = |name| std::env::var(name).ok();
    let (Some(url), Some(watch), Some(millis)) = (variable(STORE), variable(WATCH), variable(MILLIS)) else { return };
    let staleness = Duration::from_millis(millis.parse().expect("a number"));
    let store = Cached::new(Through { store: open(&url), watch: open(&watch) }).with_staleness(staleness);
    runtime.spawn(store.listen());
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (what, number) = line.split_once(' ').expect("what, and which session");
        let id = id(number.parse().expect("a number"));
        match what {
            "create" => {
                let entry = Entry { bytes: "text".into(), expires: None, owner: None };
                assert!(matches!(runtime.block_on(store.create(&id, entry)), Ok(Created::New(_))));
                answer(&[]);
            }
            "load" => {
                assert!(runtime.block_on(store.load(&id)).expect("an answer").is_some());
                answer(&[]);
            }
            "remove" => {
                assert!(matches!(runtime.block_on(store.remove(&id)), Ok(Removed::Removed)));
                answer(&[monotonic()]);
            }
            "load-until-gone" => {
                let (mut last_found, asked) = (monotonic(), Instant::now());
                assert!(runtime.block_on(store.load(&id)).expect("an answer").is_some());
                answer(&[]);
                loop {
                    let began = monotonic();
                    if runtime.block_on(store.load(&id)).expect("an answer").is_none() {
                        break answer(&[last_found, monotonic()]);
                    }
                    last_found = began;
                    assert!(asked.elapsed() < GIVE_UP, "it is still answered");
                    std::thread::sleep(Duration::from_micros(20));
                }
            }
            other => panic!("{other}"),
        }
    }
}

/// Ids all over a store that has parts.
fn id(number: u64) -> SessionId {
    let mixed = u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(number);
    SessionId::from_bytes(mixed.to_be_bytes())
}
