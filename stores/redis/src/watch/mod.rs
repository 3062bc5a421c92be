//! Telling of changes: the server pushes them through a connection of its own.

mod line;
mod masters;
mod telling;

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tokio::runtime::Handle;
use tokio::time::{sleep, sleep_until, timeout};
use webstack_store::{BoxFuture, Changes, Watch};

use crate::address::Address;
use crate::fault::Fault;
use crate::keys::Keys;
use crate::store::RedisStore;
use line::Line;
use masters::Known;
use telling::Telling;

/// How long it waits before it connects again: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Nobody needs signs of life more often.
const SHORTEST_EVERY: Duration = Duration::from_millis(1);

impl Watch for RedisStore {
    fn watch(&self, changes: Weak<dyn Changes>) -> BoxFuture<'static, ()> {
        let (address, keys) = (self.address.clone(), self.keys.clone());
        let watcher = Watcher { address, keys, timeout: self.timeout, known: Known::default() };
        Box::pin(watcher.run(changes))
    }
}

struct Watcher {
    address: Address,
    keys: Keys,
    /// How long anything may take before the connection counts as lost.
    timeout: Duration,
    /// The masters that were followed last.
    known: Known,
}

impl Watcher {
    async fn run(mut self, changes: Weak<dyn Changes>) {
        // Without a runtime nothing can be heard.
        if Handle::try_current().is_err() {
            return;
        }
        let mut pause = FIRST_PAUSE;
        while changes.strong_count() > 0 {
            let telling = Telling::new(&changes, &self.keys);
            // Also if this future is dropped.
            let end = Ending(&telling);
            if self.follow(&telling).await.is_ok() {
                return;
            }
            pause = if telling.has_begun() { FIRST_PAUSE } else { pause };
            drop(end);
            sleep(scattered(pause)).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Tells until nobody listens any more, which is fine, or something goes wrong.
    async fn follow(&mut self, telling: &Arc<Telling>) -> Result<(), Fault> {
        let mut lines =
            timeout(self.timeout, self.attach(telling)).await.map_err(|_| Fault::Timeout(self.timeout))??;
        telling.begin();
        while let Some(every) = telling.every() {
            let asked = Instant::now();
            tokio::select! {
                alive = timeout(self.timeout, self.check(&mut lines)) => {
                    alive.map_err(|_| Fault::Timeout(self.timeout))??;
                }
                () = telling.ended() => return Err(Fault::Disconnected),
            }
            telling.complete_until(asked);
            tokio::select! {
                () = sleep_until((asked + every.max(SHORTEST_EVERY)).into()) => {}
                () = telling.ended() => return Err(Fault::Disconnected),
            }
        }
        Ok(())
    }

    /// Has every server push its changes, and makes sure that these are all servers.
    async fn attach(&mut self, telling: &Arc<Telling>) -> Result<Vec<Line>, Fault> {
        let servers = self.known.find(&self.address).await?;
        let mut lines = try_join_all(servers.into_iter().map(|server| Line::open(server, telling))).await?;
        self.check(&mut lines).await?;
        Ok(lines)
    }

    /// A sign of life of every server. Answers and pushes come in order, so what was changed before this was
    /// called has been told of when it is over.
    async fn check(&self, lines: &mut [Line]) -> Result<(), Fault> {
        let kind = self.address.kind;
        let views = try_join_all(lines.iter_mut().map(|line| line.sign_of_life(kind))).await?;
        if masters::agree(views.iter().flatten()) { Ok(()) } else { Err(Fault::Unsettled) }
    }
}

/// Changes may be missed from here on.
struct Ending<'a>(&'a Telling);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Half of it or more, so that those who lost a server together do not come back together.
fn scattered(pause: Duration) -> Duration {
    let half = pause / 2;
    let share = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    half + half.mul_f64(share)
}
