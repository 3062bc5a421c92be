//! MySQL and MariaDB.
//!
//! There is no `UPDATE … RETURNING`, so a change is one statement, and a second one asks what stands there if nothing was
//! changed. A row counts as changed when it was found, whatever was written: sqlx asks the server for that
//! (`CLIENT_FOUND_ROWS`), and versions differ anyway.
//!
//! `INSERT` writes to one table only, so a place is not given back when an entry takes it. It does not count while there is an
//! entry with its id and owner, unless it is kept for one that had expired by then; and whatever ends that (a change, a removal)
//! gives the place back in the same statement.

use std::time::Duration;

use sqlx::MySql;
use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError};
use webstack_store::GRACE;

use crate::dialect::{Dialect, Migrations, wire};
use crate::fault::{Fault, Meaning};
use crate::namespace::Namespace;
use crate::statement::{Change, Parameters, Removal, Reserve, Statements, Writer};
use crate::value::Kind;

wire!(MySql, MySqlConnectOptions);

impl Dialect for MySql {
    const CALLED: &'static str = "MySQL or MariaDB";
    const TRUST: &'static str = "ssl-ca";

    fn options(place: &MySqlConnectOptions, _: Duration) -> Result<MySqlConnectOptions, Fault> {
        // Each would be a statement of its own, and concerns texts and times, of which there are none.
        Ok(place.clone().set_names(false).timezone(None).pipes_as_concat(false).no_engine_substitution(false))
    }

    /// What stands in the comments is for MariaDB alone, and for MySQL alone. Locks are waited for in whole seconds. A server
    /// may have it that nothing is committed before somebody says so, and we say so nowhere but after `reserve`.
    fn greeting(limit: Option<Duration>) -> String {
        let seconds = limit.map_or(0.0, |limit| limit.as_secs_f64().max(0.001));
        let millis = limit.map_or(0, |limit| limit.as_millis().max(1));
        let for_locks = limit.map_or(50, |limit| (limit.as_secs() / 2).max(1));
        format!(
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
             SET SESSION autocommit = 1, innodb_lock_wait_timeout = {for_locks} \
             /*M!100101 , max_statement_time = {seconds} */ /*!50708 , max_execution_time = {millis} */"
        )
    }

    /// Making tables ends a transaction, so there is none: each statement may be run again, by anybody.
    fn migrations(namespace: &Namespace) -> Migrations {
        let fill = |texts: &[&str]| texts.iter().map(|text| namespace.fill(text)).collect();
        Migrations {
            begin: fill(&["CREATE TABLE IF NOT EXISTS {schema} (version bigint PRIMARY KEY) ENGINE=InnoDB"]),
            steps: vec![fill(&[
                "CREATE TABLE IF NOT EXISTS {sessions} (id binary(16) PRIMARY KEY, version bigint NOT NULL, \
                 expires bigint, owner binary(32), record longblob NOT NULL, \
                 KEY {sessions}_expires (expires), KEY {sessions}_owner (owner, id)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC",
                // The id of no bytes is that of an owner's lock.
                "CREATE TABLE IF NOT EXISTS {places} (id varbinary(16), owner binary(32), until bigint NOT NULL, \
                 PRIMARY KEY (id, owner), KEY {places}_owner (owner, until), KEY {places}_until (until)) ENGINE=InnoDB",
            ])],
            reached: writer(namespace)
                .change("INSERT INTO {schema} (version) VALUES ($1) ON DUPLICATE KEY UPDATE version = version"),
            end: "COMMIT",
        }
    }

    fn statements(namespace: &Namespace) -> Statements {
        let write = writer(namespace);
        let grace = GRACE.as_millis();
        Statements {
            load: write.load(),
            create: write
                .change("INSERT INTO {sessions} (id, version, expires, owner, record) VALUES ($1, $2, $3, $4, $5)"),
            update: Change::Asking(
                write.change(
                    "UPDATE {sessions} AS s LEFT JOIN {places} AS p \
                     ON p.id = s.id AND (p.owner = s.owner OR p.owner = $5) \
                     SET s.version = $3, s.expires = $4, s.owner = $5, s.record = $6, p.until = 0 \
                     WHERE s.id = $1 AND s.version = $2 AND (s.expires IS NULL OR s.expires > $7)",
                ),
                write.load(),
            ),
            touch: Change::Asking(
                write.change(
                    "UPDATE {sessions} SET expires = greatest(expires, $3) \
                     WHERE id = $1 AND version = $2 AND (expires IS NULL OR expires > $4)",
                ),
                write.deadline(),
            ),
            remove: Removal::Twice(
                write.change(
                    "DELETE s, p FROM {sessions} AS s LEFT JOIN {places} AS p ON p.id = s.id \
                     WHERE s.id = $1 AND (s.expires IS NULL OR s.expires > $2)",
                ),
                write.change("DELETE s, p FROM {sessions} AS s LEFT JOIN {places} AS p ON p.id = s.id WHERE s.id = $1"),
            ),
            purge: write.change(
                "DELETE s FROM {sessions} AS s JOIN (SELECT id FROM {sessions} WHERE expires <= $1 \
                 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED) AS old ON old.id = s.id WHERE s.expires <= $1",
            ),
            purge_places: write.change("DELETE FROM {places} WHERE until <= $1 ORDER BY until LIMIT $2"),
            list: write.list(),
            owned_by: write.owned_by(),
            reserve: Reserve {
                begin: "START TRANSACTION",
                stand_in_line: Some(write.query(
                    "INSERT INTO {places} (id, owner, until) VALUES ('', $1, $2) ON DUPLICATE KEY UPDATE until = $2",
                    &[],
                )),
                count: write.query(
                    &format!(
                        "SELECT id, 1 FROM {{sessions}} WHERE owner = $1 AND (expires IS NULL OR expires > $2) \
                         UNION ALL SELECT p.id, 0 FROM {{places}} AS p WHERE p.owner = $1 AND p.until > $2 AND p.id <> '' \
                         AND NOT EXISTS (SELECT 1 FROM {{sessions}} AS s WHERE s.id = p.id AND s.owner = p.owner \
                         AND (s.expires IS NULL OR s.expires > p.until - {grace}))"
                    ),
                    &[Kind::Bytes, Kind::Int],
                ),
                keep: write.change(
                    "INSERT INTO {places} (owner, id, until) VALUES ($1, $2, $3) ON DUPLICATE KEY UPDATE until = $3",
                ),
            },
            version: write.version(),
        }
    }

    fn meaning(error: &dyn DatabaseError) -> Meaning {
        match error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number) {
            // lock wait timeout, deadlock, no waiting, changed since the snapshot
            Some(1205 | 1213 | 3572 | 1020) => Meaning::Held,
            // shutting down, aborted or killed connections; read-only, so a new connection may find who may write by now
            Some(1053 | 1077 | 1079 | 1152 | 1158..=1161 | 1184 | 1927 | 4031 | 1290 | 1792 | 1836) => Meaning::Cut,
            // too many connections, node not ready, out of time, interrupted
            Some(1040 | 1203 | 1226 | 1047 | 1969 | 3024 | 1317) => Meaning::Away,
            Some(1062) => Meaning::Taken,
            // nobody may come in without TLS, which MariaDB says of a password, too
            Some(3159 | 1045) => Meaning::Unwelcome,
            // no such table or column
            Some(1146 | 1054) => Meaning::NoTable,
            _ => Meaning::Broken,
        }
    }
}

fn writer(namespace: &Namespace) -> Writer<'_> {
    Writer { namespace, parameters: Parameters::Positional }
}
