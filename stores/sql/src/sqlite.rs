//! SQLite.
//!
//! A change is one statement, and a second one asks what stands there if nothing was changed; there is no network between.
//! Places are given back by triggers, so that it happens in the same statement as what gives them back.

use std::time::Duration;

use sqlx::Sqlite;
use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::dialect::{Dialect, Migrations, wire};
use crate::fault::{Fault, Meaning};
use crate::file::{self, File};
use crate::namespace::Namespace;
use crate::statement::{Change, Parameters, Removal, Reserve, Statements, Writer};
use crate::value::Kind;

wire!(Sqlite, File);

impl Dialect for Sqlite {
    const CALLED: &'static str = "SQLite";
    const ONE_WRITER: bool = true;

    fn options(place: &File, timeout: Duration) -> Result<SqliteConnectOptions, Fault> {
        file::make(place)?;
        Ok(SqliteConnectOptions::new()
            .filename(&place.path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            // Half of the time, so that there is some left to say that the file is held.
            .busy_timeout(timeout / 2))
    }

    fn greeting(_: Option<Duration>) -> String {
        String::new()
    }

    fn migrations(namespace: &Namespace) -> Migrations {
        let fill = |texts: &[&str]| texts.iter().map(|text| namespace.fill(text)).collect();
        let give_back = "DELETE FROM {places} WHERE owner = NEW.owner AND id = NEW.id; END";
        let created = format!("CREATE TRIGGER {{sessions}}_created AFTER INSERT ON {{sessions}} BEGIN {give_back}");
        let updated =
            format!("CREATE TRIGGER {{sessions}}_updated AFTER UPDATE OF owner ON {{sessions}} BEGIN {give_back}");
        Migrations {
            begin: fill(&[
                "BEGIN IMMEDIATE",
                "CREATE TABLE IF NOT EXISTS {schema} (version INTEGER PRIMARY KEY) STRICT",
            ]),
            steps: vec![fill(&[
                "CREATE TABLE {sessions} (id BLOB PRIMARY KEY NOT NULL, version INTEGER NOT NULL, expires INTEGER, \
                 owner BLOB, record BLOB NOT NULL) STRICT",
                "CREATE INDEX {sessions}_expires ON {sessions} (expires) WHERE expires IS NOT NULL",
                "CREATE INDEX {sessions}_owner ON {sessions} (owner, id) WHERE owner IS NOT NULL",
                "CREATE TABLE {places} (owner BLOB NOT NULL, id BLOB NOT NULL, until INTEGER NOT NULL, \
                 PRIMARY KEY (owner, id)) STRICT, WITHOUT ROWID",
                "CREATE INDEX {places}_until ON {places} (until)",
                &created,
                &updated,
            ])],
            reached: writer(namespace).change("INSERT INTO {schema} (version) VALUES ($1) ON CONFLICT DO NOTHING"),
            end: "COMMIT",
        }
    }

    fn statements(namespace: &Namespace) -> Statements {
        let write = writer(namespace);
        Statements {
            load: write.load(),
            create: write.change(
                "INSERT INTO {sessions} (id, version, expires, owner, record) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT DO NOTHING",
            ),
            update: Change::Asking(
                write.change(
                    "UPDATE {sessions} SET version = $3, expires = $4, owner = $5, record = $6 \
                     WHERE id = $1 AND version = $2 AND (expires IS NULL OR expires > $7)",
                ),
                write.load(),
            ),
            touch: Change::Asking(
                write.change(
                    "UPDATE {sessions} SET expires = max(expires, $3) \
                     WHERE id = $1 AND version = $2 AND (expires IS NULL OR expires > $4)",
                ),
                write.deadline(),
            ),
            remove: Removal::Answering(
                write.query("DELETE FROM {sessions} WHERE id = $1 RETURNING expires", &[Kind::Int]),
            ),
            purge: write.change(
                "DELETE FROM {sessions} WHERE id IN \
                 (SELECT id FROM {sessions} WHERE expires <= $1 ORDER BY expires LIMIT $2)",
            ),
            purge_places: write.change(
                "DELETE FROM {places} WHERE (owner, id) IN \
                 (SELECT owner, id FROM {places} WHERE until <= $1 ORDER BY until LIMIT $2)",
            ),
            list: write.list(),
            owned_by: write.owned_by(),
            reserve: Reserve {
                begin: "BEGIN IMMEDIATE",
                stand_in_line: None,
                count: write.count(),
                keep: write.change(
                    "INSERT INTO {places} (owner, id, until) VALUES ($1, $2, $3) \
                     ON CONFLICT (owner, id) DO UPDATE SET until = excluded.until",
                ),
            },
            version: write.version(),
        }
    }

    fn meaning(error: &dyn DatabaseError) -> Meaning {
        let code = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default();
        // The lower byte says what it is, the rest says more about it.
        match code & 0xff {
            BUSY | LOCKED => Meaning::Held,
            NO_MEMORY | INTERRUPTED => Meaning::Away,
            CONSTRAINT => Meaning::Taken,
            // A statement cannot be prepared: SQLite has no code that is more exact.
            ERROR => Meaning::NoTable,
            _ => Meaning::Broken,
        }
    }
}

const ERROR: i32 = 1;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NO_MEMORY: i32 = 7;
const INTERRUPTED: i32 = 9;
const CONSTRAINT: i32 = 19;

fn writer(namespace: &Namespace) -> Writer<'_> {
    Writer { namespace, parameters: Parameters::Numbered }
}
