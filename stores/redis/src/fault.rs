//! What goes wrong with a server, and what that means to the engine.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};
use webstack_store::StoreError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("no answer from Redis within {0:?}")]
    Timeout(Duration),
    #[error("no tokio runtime here: the Redis store needs one with I/O and time enabled")]
    NoRuntime,
    #[error("not an entry of this store")]
    Malformed,
    #[error("the server belongs to a Redis Cluster: say redis+cluster:// in the URL")]
    PartOfCluster,
    #[error("others changed the session's owner again and again")]
    Contended,
    #[error("an answer that no script of this store gives")]
    Unexpected,
    #[error("the connection was lost")]
    Disconnected,
    #[error("not all servers are there and of one mind who the masters are")]
    Unsettled,
    #[error("no random numbers")]
    Random(#[source] getrandom::Error),
    #[error(
        "the server's certificate is not trusted: have the system trust who vouches for it, or name that file in SSL_CERT_FILE"
    )]
    Untrusted(#[source] RedisError),
    #[error("Redis cannot do it")]
    Redis(#[source] RedisError),
}

impl From<RedisError> for Fault {
    fn from(error: RedisError) -> Self {
        if is_untrusted(&error) { Fault::Untrusted(error) } else { Fault::Redis(error) }
    }
}

impl Fault {
    /// Whether something else than a string stands where an entry should.
    pub(crate) fn is_other_type(&self) -> bool {
        matches!(self, Fault::Redis(error) if error.kind() == ErrorKind::Extension && error.code() == Some("WRONGTYPE"))
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Contended => StoreError::Busy,
            Fault::Malformed => StoreError::corrupt(fault),
            Fault::Timeout(_) | Fault::Disconnected | Fault::Unsettled => StoreError::unavailable(fault),
            Fault::Redis(error) if passes(error) => StoreError::unavailable(fault),
            Fault::NoRuntime
            | Fault::PartOfCluster
            | Fault::Unexpected
            | Fault::Random(_)
            | Fault::Untrusted(_)
            | Fault::Redis(_) => StoreError::broken(fault),
        }
    }
}

/// Whether it may be better by itself: nobody there, still loading, in the middle of a failover, full.
pub(crate) fn passes(error: &RedisError) -> bool {
    use ServerErrorKind as Server;
    match error.kind() {
        ErrorKind::Io => !is_untrusted(error),
        ErrorKind::ClusterConnectionNotFound => true,
        ErrorKind::Server(kind) => matches!(
            kind,
            Server::BusyLoading
                | Server::TryAgain
                | Server::ClusterDown
                | Server::MasterDown
                | Server::ReadOnly
                | Server::Moved
                | Server::Ask
                | Server::NoScript
        ),
        ErrorKind::Extension => matches!(error.code(), Some("OOM" | "BUSY" | "NOREPLICAS")),
        _ => false,
    }
}

/// A certificate that is not trusted is an error of the stream's content.
fn is_untrusted(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Io && io_kind(error) == Some(io::ErrorKind::InvalidData)
}

fn io_kind(error: &RedisError) -> Option<io::ErrorKind> {
    let cause = error.source()?.downcast_ref::<Arc<dyn Error + Send + Sync>>()?;
    Some(cause.downcast_ref::<io::Error>()?.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> StoreError {
        let value = redis::parse_redis_value(line.as_bytes()).expect("a reply");
        Fault::from(value.extract_error().expect_err("an error")).into()
    }

    #[test]
    fn what_passes_is_unavailable_and_what_does_not_is_broken() {
        let passing = [
            "-LOADING Redis is loading the dataset in memory\r\n",
            "-CLUSTERDOWN The cluster is down\r\n",
            "-READONLY You can't write against a read only replica.\r\n",
            "-MASTERDOWN Link with MASTER is down\r\n",
            "-TRYAGAIN Multiple keys request during rehashing of slot\r\n",
            "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
            "-BUSY Redis is busy running a script.\r\n",
            "-NOREPLICAS Not enough good replicas to write.\r\n",
        ];
        for line in passing {
            assert!(matches!(said(line), StoreError::Unavailable(_)), "{line}");
        }
        let lasting = [
            "-NOAUTH Authentication required.\r\n",
            "-WRONGPASS invalid username-password pair\r\n",
            "-NOPERM this user has no permissions to run the 'get' command\r\n",
            "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
            "-MISCONF Redis is configured to save RDB snapshots\r\n",
            "-ERR unknown command\r\n",
        ];
        for line in lasting {
            assert!(matches!(said(line), StoreError::Broken(_)), "{line}");
        }
    }

    #[test]
    fn what_the_network_does_is_unavailable() {
        let io = RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
        assert!(matches!(StoreError::from(Fault::from(io)), StoreError::Unavailable(_)));
        let untrusted = RedisError::from(std::io::Error::from(std::io::ErrorKind::InvalidData));
        assert!(matches!(StoreError::from(Fault::from(untrusted)), StoreError::Broken(_)));
        assert!(matches!(StoreError::from(Fault::Timeout(Duration::ZERO)), StoreError::Unavailable(_)));
        assert!(matches!(StoreError::from(Fault::Malformed), StoreError::Corrupt(_)));
    }
}
