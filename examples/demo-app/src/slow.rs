//! The same with a pause in the middle, so that requests overlap when somebody wants them to.
//!
//! The session is loaded before the pause, as it is in any handler that awaits something else. How to wait is the
//! server's business, since this crate knows no runtime: `sleep` is its timer, `tokio::time::sleep` for instance.

use std::time::Duration;

use webstack_core::{Error, Session};

use crate::reply::no_content;
use crate::{Answer, input, lifecycle, values};

/// `GET /api/slow-read/{key}?ms=N`: waits, then reads.
///
/// # Errors
///
/// 400 if the query makes no sense, and if the session fails.
pub async fn read<F>(session: &Session, key: &str, query: &str, sleep: impl FnOnce(Duration) -> F) -> Answer
where
    F: Future<Output = ()>,
{
    pause(session, query, sleep).await?;
    values::get(session, key)
}

/// `POST /api/slow-set/{key}?ms=N`: sets the key to false, waits, then sets it to true; so half of it can be told.
///
/// # Errors
///
/// 400 if the query makes no sense, and if the session fails.
pub async fn set<F>(session: &Session, key: &str, query: &str, sleep: impl FnOnce(Duration) -> F) -> Answer
where
    F: Future<Output = ()>,
{
    let length = input::pause(query)?;
    session.load().await?;
    session.insert(key, &false)?;
    sleep(length).await;
    session.insert(key, &true)?;
    Ok(no_content())
}

/// `POST /api/slow-increment/{key}?ms=N`: waits, then adds 1 as [`values::increment`] does.
///
/// # Errors
///
/// As [`values::increment`], and 400 if the query makes no sense.
pub async fn increment<F>(session: &Session, key: &str, query: &str, sleep: impl FnOnce(Duration) -> F) -> Answer
where
    F: Future<Output = ()>,
{
    pause(session, query, sleep).await?;
    values::increment(session, key).await
}

/// `POST /api/exclusive-increment/{key}?ms=N`: takes the session's lock, reads, waits, and writes one more.
///
/// # Errors
///
/// As [`values::increment`], and 400 if the query makes no sense.
pub async fn exclusive_increment<F>(
    session: &Session,
    key: &str,
    query: &str,
    sleep: impl FnOnce(Duration) -> F,
) -> Answer
where
    F: Future<Output = ()>,
{
    let length = input::pause(query)?;
    session.load().await?;
    values::whole_number(add_one_alone(session, key, || sleep(length)).await)
}

/// The pause begins when the lock is held: timers count from when they are made.
async fn add_one_alone<F>(session: &Session, key: &str, pause: impl FnOnce() -> F) -> Result<i64, Error>
where
    F: Future<Output = ()>,
{
    let lock = session.lock().await?;
    let read: i64 = session.get(key)?.unwrap_or(0);
    pause().await;
    let written = read.saturating_add(1);
    session.insert(key, &written)?;
    lock.release().await?;
    Ok(written)
}

/// `POST /api/slow-renew?ms=N`: waits, then renews the token.
///
/// # Errors
///
/// 400 if the query makes no sense, and if the session fails.
pub async fn renew<F>(session: &Session, query: &str, sleep: impl FnOnce(Duration) -> F) -> Answer
where
    F: Future<Output = ()>,
{
    pause(session, query, sleep).await?;
    lifecycle::renew(session)
}

/// `POST /api/slow-logout?ms=N`: waits, then ends the session.
///
/// # Errors
///
/// 400 if the query makes no sense, and if the session fails.
pub async fn logout<F>(session: &Session, query: &str, sleep: impl FnOnce(Duration) -> F) -> Answer
where
    F: Future<Output = ()>,
{
    pause(session, query, sleep).await?;
    lifecycle::logout(session)
}

async fn pause<F>(session: &Session, query: &str, sleep: impl FnOnce(Duration) -> F) -> Result<(), crate::Failure>
where
    F: Future<Output = ()>,
{
    let pause = input::pause(query)?;
    session.load().await?;
    sleep(pause).await;
    Ok(())
}
