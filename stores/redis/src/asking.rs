//! Asking the server, until it is clear whether it did what it was asked.

use std::time::Duration;

use futures_util::future::join_all;
use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use crate::address::Kind;
use crate::fault::Fault;
use crate::link::Link;
use crate::script::{Ask, Knowledge};

/// How often a request goes out again after a server said that it did nothing.
const ATTEMPTS: u32 = 6;

/// How many requests are under way at once for one operation.
const AT_ONCE: usize = 256;

impl Link {
    /// Asks once, and again only where nothing can be done twice by that.
    pub(crate) async fn ask(&self, ask: &Ask) -> Result<Value, Fault> {
        let mut knowledge = Knowledge::Presumed;
        let mut pointed_to: Option<String> = None;
        let mut repeated = false;
        for attempt in 0..ATTEMPTS {
            let mut live = self.live().await?;
            let command = ask.command(knowledge);
            let answer = match pointed_to.take() {
                None => live.send(&command).await,
                Some(node) => live.send_to(&node, command).await,
            };
            let error = match answer {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            match refusal(&error) {
                // The script is unknown where it was sent to: a restart, a flush, a failover.
                Some(ServerErrorKind::NoScript) => knowledge = Knowledge::Lacking,
                Some(ServerErrorKind::Moved | ServerErrorKind::Ask) if self.kind() == Kind::Single => {
                    return Err(Fault::PartOfCluster);
                }
                Some(ServerErrorKind::Ask) => {
                    pointed_to = error.redirect_node().map(|(node, _)| node.to_owned());
                }
                Some(ServerErrorKind::ReadOnly) if attempt + 1 < ATTEMPTS => {
                    live.give_up();
                    pause(attempt).await;
                }
                Some(ServerErrorKind::Moved | ServerErrorKind::TryAgain) if attempt + 1 < ATTEMPTS => {
                    pause(attempt).await;
                }
                _ if error.kind() == ErrorKind::ClusterConnectionNotFound && !repeated => {
                    // Nobody was asked.
                    repeated = true;
                    live.give_up();
                }
                _ if error.is_io_error() || error.is_unrecoverable_error() => {
                    live.doubt();
                    if repeated || !ask.is_repeatable() {
                        return Err(error.into());
                    }
                    repeated = true;
                }
                _ => return Err(error.into()),
            }
        }
        Err(RedisError::from((ErrorKind::ClusterConnectionNotFound, "sent from one server to the other")).into())
    }

    /// Asks many things, many at a time; answers in the same order.
    pub(crate) async fn ask_all(&self, asks: &[Ask]) -> Result<Vec<Value>, Fault> {
        let mut answers = Vec::with_capacity(asks.len());
        for part in asks.chunks(AT_ONCE) {
            for answer in join_all(part.iter().map(|ask| self.ask(ask))).await {
                answers.push(answer?);
            }
        }
        Ok(answers)
    }
}

/// Why a server did nothing at all.
fn refusal(error: &RedisError) -> Option<ServerErrorKind> {
    match error.kind() {
        ErrorKind::Server(kind) => Some(kind),
        _ => None,
    }
}

async fn pause(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
}
