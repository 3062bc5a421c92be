//! What is different from database to database; everything else is written once.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::{Connection, Database, Pool};

use crate::fault::{Fault, Meaning};
use crate::namespace::Namespace;
use crate::statement::{Statement, Statements};
use crate::trouble::Trouble;
use crate::value::{Row, Value};

/// A database, as the store uses it.
pub(crate) trait Dialect: Wire {
    /// What it is called in messages.
    const CALLED: &'static str;

    /// The option in a URL that names whose certificates are trusted.
    const TRUST: &'static str = "";

    /// Whether writers get into each other's way, so that those of one process had better stand in line.
    const ONE_WRITER: bool = false;

    /// How migrations begin, so that one process at a time does them, and how they end.
    fn migrations(namespace: &Namespace) -> Migrations;

    fn statements(namespace: &Namespace) -> Statements;

    /// What a connection is told first: that nothing takes longer than this. `None`: as long as it takes.
    fn greeting(limit: Option<Duration>) -> String;

    /// What the code of an error means.
    fn meaning(error: &dyn DatabaseError) -> Meaning;

    /// Options of connections, made when the first one is needed.
    fn options(place: &Place<Self>, timeout: Duration) -> Result<Options<Self>, Fault>;
}

/// What an error of a database means to the store.
pub(crate) fn fault<D: Dialect>(error: sqlx::Error) -> Fault {
    Fault::of(D::CALLED, D::TRUST, D::meaning, error)
}

/// Where a database is. For SQLite that is a file.
pub(crate) type Place<D> = <D as Wire>::Place;
pub(crate) type Options<D> = <<D as Database>::Connection as Connection>::Options;

/// How the tables are made.
#[derive(Debug)]
pub(crate) struct Migrations {
    pub(crate) begin: Vec<String>,
    /// The steps, each with its statements; the first one leads to version 1. A step may be begun again.
    pub(crate) steps: Vec<Vec<String>>,
    /// Writes down the version `$1` that was reached; it may be there already.
    pub(crate) reached: Statement,
    pub(crate) end: &'static str,
}

/// Sends statements to a database and reads its answers.
pub(crate) trait Wire: Database + Sized {
    type Place: Send + Sync + 'static;

    fn rows<'c>(
        connection: &'c mut Self::Connection,
        statement: &'c Statement,
        values: &'c [Value<'c>],
    ) -> impl Future<Output = Result<Vec<Row>, sqlx::Error>> + Send + 'c;

    /// How many rows it changed, or found as they should be.
    fn run<'c>(
        connection: &'c mut Self::Connection,
        statement: &'c Statement,
        values: &'c [Value<'c>],
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send + 'c;

    /// Statements without parameters or answers.
    fn order<'c>(
        connection: &'c mut Self::Connection,
        text: &'c str,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send + 'c;

    fn pool(options: Options<Self>, limits: &Limits, greeting: Arc<str>, trouble: Arc<Trouble>) -> Pool<Self>;
}

/// How much of a server a store takes.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) connections: u32,
    pub(crate) timeout: Duration,
}

/// The same text for every database: sqlx has a type for each of them, and no common one that keeps bytes and numbers apart.
macro_rules! wire {
    ($database:ty, $place:ty) => {
        impl $crate::dialect::Wire for $database {
            type Place = $place;

            async fn rows<'c>(
                connection: &'c mut <$database as sqlx::Database>::Connection,
                statement: &'c $crate::statement::Statement,
                values: &'c [$crate::value::Value<'c>],
            ) -> Result<Vec<$crate::value::Row>, sqlx::Error> {
                use sqlx::Row as _;
                use $crate::value::{Cell, Kind};

                let rows = prepared(statement, values).fetch_all(connection).await?;
                let cell = |row: &<$database as sqlx::Database>::Row, (number, kind): (usize, &Kind)| match kind {
                    Kind::Int => row.try_get(number).map(Cell::Int),
                    Kind::Bytes => row.try_get(number).map(Cell::Bytes),
                };
                let read = |row: &_| {
                    statement.columns.iter().enumerate().map(|at| cell(row, at).unwrap_or(Cell::Malformed)).collect()
                };
                Ok(rows.iter().map(read).collect())
            }

            async fn run<'c>(
                connection: &'c mut <$database as sqlx::Database>::Connection,
                statement: &'c $crate::statement::Statement,
                values: &'c [$crate::value::Value<'c>],
            ) -> Result<u64, sqlx::Error> {
                Ok(prepared(statement, values).execute(connection).await?.rows_affected())
            }

            async fn order<'c>(
                connection: &'c mut <$database as sqlx::Database>::Connection,
                text: &'c str,
            ) -> Result<(), sqlx::Error> {
                sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(connection).await.map(drop)
            }

            fn pool(
                options: $crate::dialect::Options<Self>,
                limits: &$crate::dialect::Limits,
                greeting: std::sync::Arc<str>,
                trouble: std::sync::Arc<$crate::trouble::Trouble>,
            ) -> sqlx::Pool<Self> {
                sqlx::pool::PoolOptions::new()
                    .max_connections(limits.connections)
                    .acquire_timeout(limits.timeout)
                    // It would cost every operation a round trip; see `Trouble` for when it is worth one.
                    .test_before_acquire(false)
                    .before_acquire(move |connection, meta| {
                        let doubtful = trouble.casts_doubt_on(meta.age, meta.idle_for);
                        Box::pin(async move {
                            if doubtful {
                                sqlx::Connection::ping(connection).await?;
                            }
                            Ok(true)
                        })
                    })
                    .after_connect(move |connection, _| {
                        let greeting = std::sync::Arc::clone(&greeting);
                        Box::pin(async move {
                            if greeting.is_empty() {
                                return Ok(());
                            }
                            sqlx::raw_sql(sqlx::AssertSqlSafe(greeting)).execute(connection).await.map(drop)
                        })
                    })
                    .connect_lazy_with(options)
            }
        }

        fn prepared<'a>(
            statement: &$crate::statement::Statement,
            values: &'a [$crate::value::Value<'a>],
        ) -> sqlx::query::Query<'a, $database, <$database as sqlx::Database>::Arguments> {
            use $crate::value::Value;
            // Nothing of it comes from outside but the namespace, which is checked.
            let query = sqlx::query(sqlx::AssertSqlSafe(std::sync::Arc::clone(&statement.text)));
            statement.order.iter().fold(query, |query, number| match values[*number] {
                Value::Int(number) => query.bind(number),
                Value::Bytes(bytes) => query.bind(bytes),
            })
        }
    };
}

pub(crate) use wire;
