//! Telling of changes: a trigger notifies whoever listens, whoever made the change.

use std::ops::ControlFlow;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{ConnectOptions as _, Executor as _, PgPool, Postgres};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};
use webstack_store::{BoxFuture, Changes, SessionId};

use crate::Setup;
use crate::engine::{Engine, Source};
use crate::namespace::Namespace;

/// How long it waits before it connects again: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Nobody needs signs of life more often.
const SHORTEST_EVERY: Duration = Duration::from_millis(1);

pub(crate) fn watch(engine: &Arc<Engine<Postgres>>, changes: Weak<dyn Changes>) -> BoxFuture<'static, ()> {
    let engine = Arc::clone(engine);
    Box::pin(async move {
        // Without a runtime nothing can be heard.
        if Handle::try_current().is_err() {
            return;
        }
        let mut pause = FIRST_PAUSE;
        while changes.strong_count() > 0 {
            let begun = Instant::now();
            let told = Told(&changes);
            let ended = follow(&engine, &changes).await;
            drop(told);
            if matches!(ended, Ok(ControlFlow::Break(()))) {
                return;
            }
            if begun.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    })
}

/// However it ends, and also if nobody waits for it any more: changes may be missed from then on.
struct Told<'a>(&'a Weak<dyn Changes>);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if let Some(changes) = self.0.upgrade() {
            changes.lost();
        }
    }
}

/// Listens on one connection and asks for signs of life on another one, until something is lost or nobody listens.
async fn follow(engine: &Engine<Postgres>, changes: &Weak<dyn Changes>) -> Result<ControlFlow<()>, sqlx::Error> {
    let limit = engine.settings().limits.timeout;
    let namespace = &engine.settings().namespace;
    let pool = match engine.source() {
        Source::Pool(pool) => pool.clone(),
        Source::Place(place) => {
            let options = place.clone().disable_statement_logging();
            // Two: that which listens, and that which asks.
            PgPoolOptions::new().max_connections(2).acquire_timeout(limit).connect_with(options).await?
        }
    };
    if engine.settings().setup == Setup::Automatic {
        in_time(limit, pool.execute(sqlx::AssertSqlSafe(trigger(namespace)))).await?;
    }
    let mut listener = in_time(limit, PgListener::connect_with(&pool)).await?;
    listener.eager_reconnect(false);
    let channel = namespace.table("sessions");
    in_time(limit, listener.listen(&channel)).await?;
    if !is_told(&pool, &channel).await? {
        tracing::warn!(table = channel, "there is no trigger that tells of changes: a cache keeps less");
        return Ok(ControlFlow::Continue(()));
    }
    let Some(listening) = changes.upgrade() else { return Ok(ControlFlow::Break(())) };
    listening.begun();
    drop(listening);
    let asked = Mutex::new(None);
    tokio::select! {
        ended = hear(&mut listener, changes, &asked) => ended,
        ended = ask(&pool, &channel, changes, &asked, limit) => ended,
    }
}

/// The last sign of life that was asked for, and when.
type Asked = Mutex<Option<(String, Instant)>>;

/// Tells what comes, in the order in which it was committed.
async fn hear(
    listener: &mut PgListener,
    changes: &Weak<dyn Changes>,
    asked: &Asked,
) -> Result<ControlFlow<()>, sqlx::Error> {
    // `None`: the connection was lost, and what came meanwhile with it.
    while let Some(notification) = listener.try_recv().await? {
        let Some(changes) = changes.upgrade() else { return Ok(ControlFlow::Break(())) };
        let payload = notification.payload();
        if let Ok(id) = payload.parse::<SessionId>() {
            changes.changed(&id);
        } else if let Some((_, moment)) = asked.lock().await.take_if(|(mark, _)| mark == payload) {
            changes.complete_until(moment);
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Sends a notification of its own, again and again: when it comes, all that was committed before it has come.
async fn ask(
    pool: &PgPool,
    channel: &str,
    changes: &Weak<dyn Changes>,
    asked: &Asked,
    limit: Duration,
) -> Result<ControlFlow<()>, sqlx::Error> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
    let us = u64::from_ne_bytes(random);
    for number in 0_u64.. {
        let Some(every) = changes.upgrade().map(|changes| changes.every().max(SHORTEST_EVERY)) else {
            return Ok(ControlFlow::Break(()));
        };
        let (mark, begun) = (format!("alive {us:x} {number}"), Instant::now());
        *asked.lock().await = Some((mark.clone(), begun));
        let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(channel).bind(mark);
        in_time(limit, notify.execute(pool)).await?;
        sleep(every.saturating_sub(begun.elapsed())).await;
        if asked.lock().await.as_ref().is_some_and(|(_, moment)| moment.elapsed() > limit) {
            // It was sent, and did not come.
            return Ok(ControlFlow::Continue(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

async fn is_told(pool: &PgPool, table: &str) -> Result<bool, sqlx::Error> {
    let there = "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname = $1 AND tgrelid = to_regclass($2) AND tgenabled IN ('O', 'A'))";
    sqlx::query_scalar(there).bind(format!("{table}_tell")).bind(table).fetch_one(pool).await
}

/// Makes the trigger, unless it is there; one process at a time. Statements that are sent together are one transaction, which
/// ends with them whatever comes of it: the connection may be the application's.
fn trigger(namespace: &Namespace) -> String {
    let text = "SELECT pg_advisory_xact_lock(NUMBER); \
        DO $do$ BEGIN \
        IF to_regclass('{sessions}') IS NOT NULL AND NOT EXISTS \
        (SELECT FROM pg_trigger WHERE tgname = '{sessions}_tell' AND tgrelid = to_regclass('{sessions}')) THEN \
        CREATE OR REPLACE FUNCTION {sessions}_tell() RETURNS trigger LANGUAGE plpgsql AS \
        $tell$ BEGIN PERFORM pg_notify('{sessions}', encode(OLD.id, 'hex')); RETURN NULL; END $tell$; \
        CREATE TRIGGER {sessions}_tell AFTER UPDATE OR DELETE ON {sessions} \
        FOR EACH ROW EXECUTE FUNCTION {sessions}_tell(); \
        END IF; END $do$";
    namespace.fill(text).replace("NUMBER", &namespace.number().cast_signed().to_string())
}

async fn in_time<T>(limit: Duration, what: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    timeout(limit, what).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}
