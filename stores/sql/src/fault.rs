//! What goes wrong with a database, and what that means to the engine.

use std::io;
use std::time::Duration;

use webstack_store::StoreError;

/// What an error of a database means, told from its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Somebody holds a lock that is needed.
    Held,
    /// It can be no server's fault, or it passes: starting, stopping, full of connections, read-only, out of time.
    Away,
    /// As `Away`, and the connection is of no use any more.
    Cut,
    /// A row with this key is there already.
    Taken,
    /// The tables are not there, or not as they should be.
    NoTable,
    /// Whoever comes like this is not let in; often that is without TLS.
    Unwelcome,
    /// Anything else: somebody has to look after it.
    Broken,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{0} failed")]
    Database(&'static str, Meaning, #[source] sqlx::Error),
    #[error("the certificate of {0} is not trusted: name who vouches for it in the URL, as `{1}=/file.pem`")]
    Untrusted(&'static str, &'static str, #[source] sqlx::Error),
    #[error("{0} does not let this program in; if it demands TLS, build the program with the feature `tls`")]
    NoTls(&'static str, #[source] sqlx::Error),
    #[error("the tables of the sessions are missing or not as they should be: run `webstack setup`")]
    NoTable(#[source] Option<sqlx::Error>),
    #[error("the tables of the sessions were made by a newer version of this program: bring this one up to date")]
    Newer,
    #[error("{0} at {1} cannot be reached")]
    Unreached(&'static str, String, Meaning, #[source] sqlx::Error),
    #[error("no connection to {0} within {1:?}: it does not answer, or all {2} connections are at work")]
    NoConnection(String, Duration, u32),
    #[error("no answer within {0:?}")]
    TooSlow(Duration),
    #[error("somebody else was faster")]
    Overtaken,
    #[error("not an entry of this store: {0}")]
    Malformed(&'static str),
    #[error("a pool of the application needs a runtime of tokio: await the store's operations inside one")]
    NoRuntime,
    #[error("the thread that talks to the database ended")]
    Ended,
    #[error("no random number: {0}")]
    Random(getrandom::Error),
    #[error("cannot start the thread that talks to the database")]
    NoThread(#[source] std::io::Error),
    #[cfg(all(unix, feature = "sqlite"))]
    #[error(transparent)]
    Directory(#[from] webstack_store::directory::OpenError),
    #[cfg(feature = "sqlite")]
    #[error("cannot make the file of the sessions: give the user of this process the right to, or name another one")]
    File(#[source] std::io::Error),
}

impl Fault {
    /// What an error of sqlx means; `told` reads the codes of one database, `trust` is its option for certificates.
    pub(crate) fn of(
        database: &'static str,
        trust: &'static str,
        told: fn(&dyn sqlx::error::DatabaseError) -> Meaning,
        error: sqlx::Error,
    ) -> Self {
        let meaning = match &error {
            // What TLS makes of a certificate comes as an error of the stream's content.
            sqlx::Error::Io(stream) if stream.kind() == io::ErrorKind::InvalidData => {
                return Fault::Untrusted(database, trust, error);
            }
            sqlx::Error::Database(answer) => told(&**answer),
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => Meaning::Cut,
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Meaning::Away,
            _ => Meaning::Broken,
        };
        match meaning {
            Meaning::NoTable => Fault::NoTable(Some(error)),
            Meaning::Unwelcome if !cfg!(feature = "tls") => Fault::NoTls(database, error),
            meaning => Fault::Database(database, meaning, error),
        }
    }

    pub(crate) fn means(&self, meaning: Meaning) -> bool {
        matches!(self, Fault::Database(_, is, _) | Fault::Unreached(_, _, is, _) if *is == meaning)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Overtaken | Fault::Database(_, Meaning::Held, _) => StoreError::Busy,
            Fault::TooSlow(_)
            | Fault::Ended
            | Fault::Unreached(..)
            | Fault::NoConnection(..)
            | Fault::Database(_, Meaning::Away | Meaning::Cut, _) => StoreError::unavailable(fault),
            Fault::Malformed(_) => StoreError::corrupt(fault),
            _ => StoreError::broken(fault),
        }
    }
}
