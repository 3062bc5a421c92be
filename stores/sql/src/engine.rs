//! Runs operations on connections: bounded, to their end, and once more where that is safe.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::Pool;
use sqlx::pool::PoolConnection;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use webstack_store::{Clock, StoreAnswer, Timestamp};

use crate::Setup;
use crate::dialect::{Dialect, Limits, Migrations, Place, fault};
use crate::fault::{Fault, Meaning};
use crate::host::Host;
use crate::namespace::Namespace;
use crate::reach::Reach;
use crate::statement::Statements;
use crate::trouble::Trouble;

/// Something that is done on one connection.
pub(crate) trait Operation<D: Dialect>: Send + Sync + 'static {
    type Answer: Send + 'static;

    const WRITES: bool;

    /// Whether it may be done again when nobody knows whether it was done: the connection broke before the answer came.
    const REPEATABLE: bool;

    fn perform(&self, on: &mut On<'_, D>)
    -> impl Future<Output = Result<<Self as Operation<D>>::Answer, Fault>> + Send;
}

/// What an operation works with.
pub(crate) struct On<'a, D: Dialect> {
    pub(crate) connection: &'a mut D::Connection,
    pub(crate) statements: &'a Statements,
    pub(crate) namespace: &'a Namespace,
    pub(crate) now: Timestamp,
    /// Set when a transaction may still be open: whoever gets the connection next would be inside it.
    pub(crate) is_spoilt: bool,
}

/// Where connections come from.
pub(crate) enum Source<D: Dialect> {
    /// Opened when they are needed.
    Place(Place<D>),
    /// The application's.
    Pool(Pool<D>),
}

/// What was said about the store before it was built.
pub(crate) struct Settings {
    pub(crate) namespace: Namespace,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) setup: Setup,
}

pub(crate) struct Engine<D: Dialect> {
    /// What may be shown of where it is.
    shown: String,
    settings: Settings,
    statements: Statements,
    migrations: Migrations,
    source: Source<D>,
    pool: OnceLock<Pool<D>>,
    writer: Semaphore,
    /// The tables were seen to be there; whoever looks for them, or makes them, holds the lock.
    is_set_up: AtomicBool,
    setting_up: Mutex<()>,
    trouble: Arc<Trouble>,
    reach: Reach,
    host: Host,
}

/// Long enough for tables of any size to be changed.
const SETUP_TIMEOUT: Duration = Duration::from_secs(3600);

impl<D: Dialect> Engine<D> {
    pub(crate) fn new(source: Source<D>, shown: String, settings: Settings) -> Self {
        Engine {
            reach: Reach::new(shown.clone()),
            shown,
            statements: D::statements(&settings.namespace),
            migrations: D::migrations(&settings.namespace),
            settings,
            host: if matches!(source, Source::Pool(_)) { Host::Callers } else { Host::own() },
            source,
            pool: OnceLock::new(),
            writer: Semaphore::new(1),
            is_set_up: AtomicBool::new(false),
            setting_up: Mutex::default(),
            trouble: Arc::default(),
        }
    }

    pub(crate) fn has_own_runtime(&self) -> bool {
        matches!(self.host, Host::Own(_))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn source(&self) -> &Source<D> {
        &self.source
    }

    pub(crate) fn migrations(&self) -> &Migrations {
        &self.migrations
    }

    pub(crate) fn run<O: Operation<D>>(self: &Arc<Self>, operation: O) -> StoreAnswer<'static, O::Answer> {
        let engine = Arc::clone(self);
        self.host(async move { engine.perform(&operation).await })
    }

    /// Makes or changes the tables, however long it takes.
    pub(crate) fn set_up(self: &Arc<Self>) -> StoreAnswer<'static, ()> {
        let engine = Arc::clone(self);
        self.host(async move {
            let mut connection = engine.acquire(Instant::now() + engine.settings.limits.timeout).await?.detach();
            let limit = timeout_at(Instant::now() + SETUP_TIMEOUT, async {
                let greeting = D::greeting(None);
                if !greeting.is_empty() {
                    D::order(&mut connection, &greeting).await.map_err(fault::<D>)?;
                }
                crate::migrate::migrate::<D>(&mut connection, &engine.migrations, &engine.statements.version).await
            });
            limit.await.map_err(|_| Fault::TooSlow(SETUP_TIMEOUT))??;
            engine.is_set_up.store(true, Ordering::Release);
            Ok(())
        })
    }

    fn host<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> StoreAnswer<'static, T> {
        let engine = Arc::clone(self);
        StoreAnswer::later(async move {
            let task = engine.host.spawn(work)?;
            Ok(task.await.map_err(|_| Fault::Ended)??)
        })
    }

    async fn perform<O: Operation<D>>(&self, operation: &O) -> Result<O::Answer, Fault> {
        let deadline = Instant::now() + self.settings.limits.timeout;
        match self.attempt(operation, deadline).await {
            Err(fault) if O::REPEATABLE && fault.means(Meaning::Cut) && Instant::now() < deadline => {
                self.attempt(operation, deadline).await
            }
            outcome => outcome,
        }
    }

    async fn attempt<O: Operation<D>>(&self, operation: &O, deadline: Instant) -> Result<O::Answer, Fault> {
        let too_slow = |_| Fault::TooSlow(self.settings.limits.timeout);
        let _turn = self.turn(O::WRITES, deadline).await?;
        let mut connection = self.acquire(deadline).await?;
        let _working = self.reach.working();
        let mut on = On {
            connection: &mut *connection,
            statements: &self.statements,
            namespace: &self.settings.namespace,
            now: self.settings.clock.now(),
            is_spoilt: false,
        };
        let outcome = timeout_at(deadline, async {
            self.look_for_tables(&mut on).await?;
            on.now = self.settings.clock.now();
            operation.perform(&mut on).await
        });
        let outcome = outcome.await.map_err(too_slow).flatten();
        let is_spoilt = on.is_spoilt;
        if let Err(fault) = &outcome {
            self.learn_from(fault, is_spoilt, connection);
        }
        outcome
    }

    /// Writers of one process stand in line where only one can write, rather than keep each other out.
    async fn turn(&self, writes: bool, deadline: Instant) -> Result<Option<SemaphorePermit<'_>>, Fault> {
        if !(D::ONE_WRITER && writes) {
            return Ok(None);
        }
        let turn = timeout_at(deadline, self.writer.acquire()).await;
        turn.map_err(|_| Fault::TooSlow(self.settings.limits.timeout))?.map(Some).map_err(|_| Fault::Ended)
    }

    async fn acquire(&self, deadline: Instant) -> Result<PoolConnection<D>, Fault> {
        self.reach.connection(self.pool()?, &self.settings.limits, deadline).await
    }

    fn pool(&self) -> Result<&Pool<D>, Fault> {
        let place = match &self.source {
            Source::Pool(pool) => return Ok(pool),
            Source::Place(place) => place,
        };
        if let Some(pool) = self.pool.get() {
            return Ok(pool);
        }
        let limits = &self.settings.limits;
        let options = D::options(place, limits.timeout)?;
        let greeting = D::greeting(Some(limits.timeout)).into();
        Ok(self.pool.get_or_init(|| D::pool(options, limits, greeting, Arc::clone(&self.trouble))))
    }

    async fn look_for_tables(&self, on: &mut On<'_, D>) -> Result<(), Fault> {
        if self.is_set_up.load(Ordering::Acquire) {
            return Ok(());
        }
        let _one_at_a_time = self.setting_up.lock().await;
        if self.is_set_up.load(Ordering::Acquire) {
            return Ok(());
        }
        let reached = crate::migrate::version::<D>(on.connection, &self.statements.version).await?;
        if reached != self.migrations.steps.len() {
            match self.settings.setup {
                _ if reached > self.migrations.steps.len() => return Err(Fault::Newer),
                Setup::ByHand => return Err(Fault::NoTable(None)),
                Setup::Automatic => {
                    let migrated =
                        crate::migrate::migrate::<D>(on.connection, &self.migrations, &self.statements.version).await;
                    on.is_spoilt = migrated.is_err();
                    migrated?;
                }
            }
        }
        self.is_set_up.store(true, Ordering::Release);
        Ok(())
    }

    /// A connection is kept only if it is known to have nothing left to say.
    fn learn_from(&self, fault: &Fault, is_spoilt: bool, connection: PoolConnection<D>) {
        let is_cut = fault.means(Meaning::Cut) || matches!(fault, Fault::TooSlow(_) | Fault::Untrusted(..));
        if is_cut {
            self.trouble.found();
        }
        if is_cut || is_spoilt {
            drop(connection.detach());
        }
        if matches!(fault, Fault::NoTable(_)) {
            self.is_set_up.store(false, Ordering::Release);
        }
    }
}

impl<D: Dialect> fmt::Debug for Engine<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore")
            .field("database", &D::CALLED)
            .field("place", &self.shown)
            .field("namespace", &self.settings.namespace)
            .finish_non_exhaustive()
    }
}
