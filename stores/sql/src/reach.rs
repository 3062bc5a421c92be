//! Getting a connection, or saying why there is none.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{ConnectOptions as _, Pool};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout_at};

use crate::dialect::{Dialect, Limits, fault};
use crate::fault::{Fault, Meaning};

/// A pool tries again where nobody listens, or where there is no room yet, and in the end says only that time is up. So
/// whoever has waited for half of that asks once by themselves, and has something to tell.
#[derive(Debug)]
pub(crate) struct Reach {
    /// What may be shown of where it is.
    shown: String,
    /// How many connections are at work: as long as there is one, the database is there.
    working: AtomicUsize,
    one_at_a_time: Mutex<()>,
}

impl Reach {
    pub(crate) fn new(shown: String) -> Reach {
        Reach { shown, working: AtomicUsize::new(0), one_at_a_time: Mutex::default() }
    }

    /// Notes that a connection is at work, until the answer is dropped.
    pub(crate) fn working(&self) -> impl Drop {
        self.working.fetch_add(1, Ordering::Relaxed);
        Working(&self.working)
    }

    pub(crate) async fn connection<D: Dialect>(
        &self,
        pool: &Pool<D>,
        limits: &Limits,
        deadline: Instant,
    ) -> Result<PoolConnection<D>, Fault> {
        let mut why = None;
        let acquired = timeout_at(deadline, async {
            let mut acquired = pin!(pool.acquire());
            tokio::select! {
                biased;
                acquired = &mut acquired => return acquired,
                said = self.why_not(pool, limits.timeout / 2) => why = said,
            }
            acquired.await
        });
        match (acquired.await, why) {
            (Ok(Ok(connection)), _) => Ok(connection),
            (Ok(Err(sqlx::Error::PoolTimedOut)) | Err(_), None) => {
                Err(Fault::NoConnection(self.shown.clone(), limits.timeout, pool.options().get_max_connections()))
            }
            (Ok(Err(sqlx::Error::PoolTimedOut)) | Err(_), Some(error)) | (Ok(Err(error)), _) => {
                Err(self.named(fault::<D>(error)))
            }
        }
    }

    /// What the database says to somebody who comes now, if that is no welcome.
    async fn why_not<D: Dialect>(&self, pool: &Pool<D>, patience: Duration) -> Option<sqlx::Error> {
        sleep(patience).await;
        let _one_at_a_time = self.one_at_a_time.lock().await;
        if self.working.load(Ordering::Relaxed) > 0 {
            return None;
        }
        pool.connect_options().connect().await.err()
    }

    /// With the name of who is not there.
    fn named(&self, fault: Fault) -> Fault {
        match fault {
            Fault::Database(called, meaning @ (Meaning::Away | Meaning::Cut), error) => {
                Fault::Unreached(called, self.shown.clone(), meaning, error)
            }
            other => other,
        }
    }
}

struct Working<'a>(&'a AtomicUsize);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
