//! A connection through which one server tells of changes.

use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{Client, ConnectionInfo, Value};

use super::masters::View;
use super::telling::Telling;
use crate::address::Kind;
use crate::fault::Fault;
use crate::link;

pub(super) struct Line(MultiplexedConnection);

impl Line {
    /// Connects, and has the server tell of changes of all keys that begin as ours do.
    pub(super) async fn open(server: ConnectionInfo, telling: &Arc<Telling>) -> Result<Line, Fault> {
        let hears = Arc::clone(telling);
        let mut connection = link::connect(&Client::open(server)?, move |news| hears.hear(news)).await?;
        let mut track = redis::cmd("CLIENT");
        track.arg("TRACKING").arg("ON").arg("BCAST").arg("PREFIX").arg(telling.prefix());
        track.exec_async(&mut connection).await?;
        Ok(Line(connection))
    }

    /// Asks for something that only a server answers which works and still is a master; in a cluster, for how it sees the others.
    ///
    /// A server pushes the changes of a moment before it answers those who made them, so whoever was answered before this
    /// was sent has been told of when the answer is there. The one exception is a server that a slow script holds up: it
    /// answers some commands out of turn, and refuses `PING` and `CLUSTER`, which is an error here.
    pub(super) async fn sign_of_life(&mut self, kind: Kind) -> Result<Option<View>, Fault> {
        match kind {
            Kind::Single => {
                let mut both = redis::pipe();
                both.cmd("HELLO").cmd("PING");
                let answers: Vec<Value> = both.query_async(&mut self.0).await?;
                if answers.first().is_some_and(is_replica) { Err(Fault::Unsettled) } else { Ok(None) }
            }
            Kind::Cluster => View::of(&mut self.0).await.map(Some),
        }
    }
}

/// Whether that is how a replica introduces itself.
fn is_replica(hello: &Value) -> bool {
    let Value::Map(fields) = hello else { return false };
    let is = |value: &Value, text: &[u8]| match value {
        Value::BulkString(bytes) => bytes == text,
        Value::SimpleString(simple) => simple.as_bytes() == text,
        _ => false,
    };
    fields.iter().any(|(name, value)| is(name, b"role") && !is(value, b"master"))
}
