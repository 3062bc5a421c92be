//! Databases for tests: one server of each kind for all of them, tables for each.

use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use webstack_test_servers::{MariaDb, MySql, Postgres, Server, or_skip, where_there};

static POSTGRES: LazyLock<Option<Postgres>> = LazyLock::new(|| or_skip(Postgres::start()));
static MARIADB: LazyLock<Option<MariaDb>> = LazyLock::new(|| or_skip(MariaDb::start()));

static MYSQL: LazyLock<Option<MySql>> = LazyLock::new(|| where_there(MySql::start()));

/// The URL of a PostgreSQL that all tests share; `None`, said aloud, if there is none.
pub(crate) fn postgres() -> Option<String> {
    Server::Postgres.url().or_else(|| POSTGRES.as_ref().map(Postgres::url))
}

/// The same of a MariaDB.
pub(crate) fn mariadb() -> Option<String> {
    Server::MariaDb.url().or_else(|| MARIADB.as_ref().map(MariaDb::url))
}

/// The same of a MySQL, which few have; another one that runs can be named in place of MariaDB.
pub(crate) fn mysql() -> Option<String> {
    MYSQL.as_ref().map(MySql::url)
}

/// The URL of a file in a directory that is made with it.
pub(crate) fn sqlite(place: &Path) -> String {
    format!("sqlite:{}/sessions/sessions.db", place.display())
}

/// A name for tables that no other test has, nor an earlier run.
pub(crate) fn namespace() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("t{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}
