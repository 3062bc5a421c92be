//! What happens to a session that many machines change at the same time: the engine, run over a store that is a millisecond away.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;
use webstack_core::runtime::Tokio;
use webstack_core::store::{
    Capabilities, Created, Entry, Listed, MemoryStore, OwnerKey, PurgeStep, Purged, Removed, Reserved, Store,
    StoreAnswer, Stored, Touched, Updated, Version,
};
use webstack_core::{Outcome, SessionId, Sessions, Timestamp, TokenNotice};

/// The way to the store and back.
const ROUND_TRIP: Duration = Duration::from_millis(1);
const FOR: Duration = Duration::from_secs(2);

/// A store behind a network, which counts how often it is asked to change something.
#[derive(Debug)]
struct Away {
    store: MemoryStore,
    updates: AtomicU64,
}

macro_rules! away {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {$(
        fn $name<'a>(&'a self, $($argument: $type),*) -> StoreAnswer<'a, $answer> {
            StoreAnswer::later(async move {
                sleep(ROUND_TRIP).await;
                if stringify!($name) == "update" {
                    self.updates.fetch_add(1, Ordering::Relaxed);
                }
                self.store.$name($($argument),*).await
            })
        }
    )*};
}

impl Store for Away {
    away! {
        load(id: &'a SessionId) -> Option<Stored>;
        create(id: &'a SessionId, entry: Entry) -> Created;
        update(id: &'a SessionId, seen: Version, entry: Entry) -> Updated;
        touch(id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> Touched;
        remove(id: &'a SessionId) -> Removed;
        purge(step: PurgeStep) -> Purged;
        list(after: Option<&'a SessionId>, limit: usize) -> Vec<Listed>;
        owned_by(owner: &'a OwnerKey, after: Option<&'a SessionId>, limit: usize) -> Vec<Listed>;
        reserve(owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> Reserved;
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }
}

/// The table for people, in Markdown.
pub fn table() -> String {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut table = String::from(
        "| machines that change one session without a pause | changes a second, together | updates sent for each | slowest, ms | refused |\n\
         |---:|---:|---:|---:|---:|\n",
    );
    for machines in [1, 2, 4, 8, 16, 32] {
        let Busy { changes, updates, slowest, refused } = runtime.block_on(busy(machines));
        let rate = changes as f64 / FOR.as_secs_f64();
        let each = updates as f64 / changes.max(1) as f64;
        let _ = writeln!(table, "| {machines} | {rate:.0} | {each:.1} | {} | {refused} |", slowest.as_millis());
    }
    table
}

struct Busy {
    changes: u64,
    updates: u64,
    slowest: Duration,
    refused: u64,
}

/// Each machine is an engine of its own, so nobody queues: only the store sees that they meet.
async fn busy(machines: usize) -> Busy {
    let away = Arc::new(Away { store: MemoryStore::new(), updates: AtomicU64::new(0) });
    let engine = || {
        let store = Arc::clone(&away) as Arc<dyn Store>;
        Sessions::builder().shared_store(store).runtime(Tokio).build().expect("good settings")
    };
    let first = engine().open_by_token(None);
    first.session().load().await.expect("memory");
    first.session().insert("n", &0).expect("open");
    let reply = first.finish(Outcome::Keep).await.expect("memory");
    let Some(TokenNotice::Issued(token)) = reply.notice() else { panic!("there is a session now") };
    let token: Arc<str> = token.expose().into();
    away.updates.store(0, Ordering::Relaxed);

    let begun = Instant::now();
    let tasks: Vec<_> = (0..machines)
        .map(|_| {
            let (sessions, token) = (engine(), Arc::clone(&token));
            tokio::spawn(async move {
                let (mut changes, mut refused, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
                while begun.elapsed() < FOR {
                    let asked = Instant::now();
                    let exchange = sessions.open_by_token(Some(&token));
                    exchange.session().load().await.expect("memory");
                    let counted = |n: Option<u64>| n.unwrap_or(0) + 1;
                    exchange.session().update("n", counted).expect("open");
                    match exchange.finish(Outcome::Keep).await {
                        Ok(_) => changes += 1,
                        Err(_) => refused += 1,
                    }
                    slowest = slowest.max(asked.elapsed());
                }
                (changes, refused, slowest)
            })
        })
        .collect();
    let mut sum = Busy { changes: 0, updates: 0, slowest: Duration::ZERO, refused: 0 };
    for task in tasks {
        let (changes, refused, slowest) = task.await.expect("no panic");
        sum.changes += changes;
        sum.refused += refused;
        sum.slowest = sum.slowest.max(slowest);
    }
    sum.updates = away.updates.load(Ordering::Relaxed);
    sum
}
