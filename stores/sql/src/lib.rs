//! Sessions in PostgreSQL, MySQL, MariaDB or SQLite: where the application's data is already, for any number of processes on
//! any number of machines, or for those of one machine that share a file.
//!
//! ```
//! # #[cfg(feature = "sqlite")] {
//! use webstack_store::{Created, Entry, Store};
//! use webstack_store_sql::SqlStore;
//!
//! # webstack_core::runtime::block_on(async {
//! # let place = tempfile::tempdir()?;
//! # let url = format!("sqlite:{}/sessions/sessions.db", place.path().display());
//! // url: sqlite:/var/lib/shop/sessions/sessions.db
//! let store = SqlStore::builder(url).namespace("shop").build()?;
//! let id = "00112233445566778899aabbccddeeff".parse()?;
//! let entry = Entry { bytes: "{}".into(), expires: None, owner: None };
//! assert!(matches!(store.create(&id, entry).await?, Created::New(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! # }
//! ```
//!
//! On a server, with a pool of the application's if it has one:
//!
//! ```no_run
//! # #[cfg(feature = "postgres")]
//! # fn opened(pool: sqlx::PgPool) -> Result<(), webstack_store_sql::InvalidUrl> {
//! use std::time::Duration;
//! use webstack_store_sql::{Setup, SqlStore};
//!
//! let url = "postgres://shop:password@db.example/shop?sslmode=verify-full&namespace=shop";
//! let store = SqlStore::builder(url).timeout(Duration::from_secs(1)).max_connections(20).build()?;
//! let another = SqlStore::from_pool(pool).setup(Setup::ByHand).build()?;
//! # Ok(()) }
//! ```
//!
//! | URL | cargo feature | demands |
//! |---|---|---|
//! | `postgres://` `postgresql://` | `postgres` | PostgreSQL 12 or later; a pooler in between has to keep a session's settings |
//! | `mysql://` `mariadb://` | `mysql` | MariaDB 10.6 or MySQL 8.0, or later: `SKIP LOCKED` |
//! | `sqlite:/absolute/file` | `sqlite` | a local file system; SQLite is compiled in |
//!
//! `?namespace=shop` says what the names of the tables begin with, `?setup=by-hand` that the store makes none. `sslmode=` for
//! PostgreSQL, `ssl-mode=` for MySQL and MariaDB, say whether TLS is demanded, which takes the feature `tls`; MySQL 8 lets nobody
//! in by password without it.
//!
//! # What an operation costs
//!
//! Round trips, counted by the servers in the tests of this crate; SQLite has no network, and counts in statements.
//!
//! | | PostgreSQL | MySQL, MariaDB | SQLite |
//! |---|---|---|---|
//! | load, create, update, touch, remove | 1 | 1 | 1 |
//! | the same, if another one was faster or nothing was there | 1 | load, create: 1; others: 2 | update, touch: 2 |
//! | a page of a listing | 1 | 1 | 1 |
//! | a step of a purge | 1, and 1 more for places when the step was not full | the same | the same |
//! | reserve; refused, or granted again to a living session | 5; 4 | 5; 4 | 4; 3 |
//!
//! On a new connection each statement is prepared once, which is one round trip more, and limits are set. A connection that
//! rested for more than a second, or that is older than the last one that broke, is asked first whether it still lives. When an
//! operation is over its connection is asked the same, which nobody waits for.
//!
//! A record of 300 bytes with a deadline, where every other session has an owner, takes about 550 bytes in PostgreSQL with all
//! indexes, about 450 in SQLite, and up to 1800 in MariaDB, which keeps room for more in its pages. PostgreSQL needs more where
//! sessions change faster than autovacuum tidies up.
//!
//! # What is promised
//!
//! * **One statement decides.** Versions are compared and entries replaced in one statement, so no transaction waits for a
//!   client, and nothing is left held when one vanishes. A version is a random number of 64 bits, so none stands for two states,
//!   though an id be removed and created again, or a failover undo a write.
//! * **Bounded.** An operation, getting a connection included, ends within [`SqlStoreBuilder::timeout`]. The server is told as
//!   well: it gives up a statement after the same time, and waiting for a lock after half of it (MySQL and MariaDB count that in
//!   whole seconds), which is answered as [`Busy`](webstack_store::StoreError::Busy).
//! * **Nothing is done twice in silence.** If a connection breaks before the answer came, what changes nothing by being done
//!   again is done again, once: load, touch, remove, purge, listings, reserve. Create and update answer
//!   [`Unavailable`](webstack_store::StoreError::Unavailable): nobody knows whether they were done.
//! * **It recovers by itself** when a server was stopped, killed or replaced.
//! * **No runtime is needed.** Connections belong to the runtime that opened them, so those of a URL have one of their own, two
//!   threads that are started with the first operation and end with the store. It works in CGI programs, command lines and any
//!   number of runtimes. Dropping a future does not interrupt what it asked for. A pool of the application's is used in the
//!   application's runtime.
//! * **Purges share the work.** An index says what has expired, so nothing else is read. Several that purge at once pass over
//!   what another one is at.
//! * **Deadlines are the application's.** No statement asks the server for the time.
//!
//! # Tables
//!
//! | table | column | PostgreSQL | MySQL, MariaDB | SQLite |
//! |---|---|---|---|---|
//! | `webstack_sessions` | `id`, primary key | `bytea` | `binary(16)` | `BLOB` |
//! | | `version` | `bigint` | `bigint` | `INTEGER` |
//! | | `expires`, milliseconds since 1970, with an index | `bigint` | `bigint` | `INTEGER` |
//! | | `owner`, a digest; with an index, with `id` | `bytea` | `binary(32)` | `BLOB` |
//! | | `record` | `bytea` | `longblob` | `BLOB` |
//! | `webstack_places` | `owner` and `id`, primary key; `until` | | | |
//! | `webstack_schema` | `version`, of the tables | | | |
//!
//! The first operation makes them, one process at a time, in a transaction where the database can. [`Setup::ByHand`] leaves it
//! to [`SqlStore::setup`] or to whoever runs the text of [`SqlStore::schema`]; the store itself needs no more than to select in
//! all of them, and to insert, update and delete in the first two.
//!
//! # Changes
//!
//! A [cache](webstack_store::Cached) over PostgreSQL is told of changes ([`Watch`](webstack_store::Watch)): a trigger, which the
//! first listener makes, notifies for every row that is updated or deleted, whichever program does that; and the cache's own
//! notifications, which come in the order in which transactions committed, are the signs of life. It takes two connections. While there is the
//! trigger, PostgreSQL commits writes of all programs one after the other, for a moment each. `DROP FUNCTION
//! webstack_sessions_tell CASCADE` ends it, with all caches stopped. With [`Setup::ByHand`] the trigger is yours to make: `AFTER UPDATE OR DELETE … FOR EACH
//! ROW`, called `webstack_sessions_tell`, with `pg_notify('webstack_sessions', encode(OLD.id, 'hex'))`. What is removed by
//! `TRUNCATE` is not told.
//!
//! # SQLite
//!
//! The file is in WAL mode with `synchronous = NORMAL`: readers wait for nobody, a killed process loses nothing, a power failure
//! may take the last writes and never damages the file. Writers of one process stand in line; those of several wait for each
//! other for half of the timeout. A directory that is not there is made, for this user alone, and one that others can write to,
//! or that is on a network file system, is refused.
//!
//! # Security
//!
//! Without `sslmode=verify-full` (`ssl-mode=VERIFY_IDENTITY` for MySQL and MariaDB) whoever is on the way to the server can read
//! and change sessions, and without the feature `tls` nothing is encrypted.
//!
//! No password is in an error, in `Debug` or in a log. Statements have parameters, and the namespace in them is checked. Records
//! hold people's data: whoever can read the tables can read it, but not use the sessions.

#![cfg_attr(
    not(all(feature = "postgres", feature = "mysql", feature = "sqlite")),
    allow(dead_code, unused_variables, unused_imports, unused_macros, reason = "not every database needs everything")
)]

mod address;
mod builder;
mod dialect;
mod engine;
mod fault;
#[cfg(feature = "sqlite")]
mod file;
mod host;
mod invalid_url;
mod migrate;
#[cfg(feature = "mysql")]
mod mysql;
mod namespace;
mod operations;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
mod reach;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
mod store;
mod tell;
mod trouble;
mod value;
#[cfg(feature = "postgres")]
mod watch;

pub use builder::{Setup, SqlStoreBuilder};
pub use invalid_url::InvalidUrl;
pub use pool::AnyPool;
pub use store::SqlStore;
