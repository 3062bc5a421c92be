//! PostgreSQL.
//!
//! All statements are thought for READ COMMITTED, where a row that is locked is looked at again as it is by then. `FOR UPDATE`
//! in the first part of a statement is what makes it so: without it the part would answer the row as it was when the statement
//! began, and a conflict would bring an entry that is out of date, or one that was removed meanwhile.

use std::time::Duration;

use sqlx::Postgres;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnectOptions;

use crate::dialect::{Dialect, Migrations, wire};
use crate::fault::{Fault, Meaning};
use crate::namespace::Namespace;
use crate::statement::{Change, Parameters, Removal, Reserve, Statements, Writer};
use crate::value::Kind;

wire!(Postgres, PgConnectOptions);

impl Dialect for Postgres {
    const CALLED: &'static str = "PostgreSQL";
    const TRUST: &'static str = "sslrootcert";

    fn options(place: &PgConnectOptions, _: Duration) -> Result<PgConnectOptions, Fault> {
        Ok(place.clone())
    }

    /// The server gives up no later than the store does, and waits for locks half as long, so that there is time to say so.
    fn greeting(limit: Option<Duration>) -> String {
        let (whole, half) = limit.map_or((0, 0), |limit| (limit.as_millis().max(2), limit.as_millis().max(2) / 2));
        format!(
            "SET statement_timeout = {whole}; SET lock_timeout = {half}; \
             SET default_transaction_isolation = 'read committed'"
        )
    }

    fn migrations(namespace: &Namespace) -> Migrations {
        let fill = |texts: &[&str]| texts.iter().map(|text| namespace.fill(text)).collect();
        let mut begin = vec!["BEGIN".to_owned()];
        begin.push(format!("SELECT pg_advisory_xact_lock({})", namespace.number().cast_signed()));
        begin.push(namespace.fill("CREATE TABLE IF NOT EXISTS {schema} (version bigint PRIMARY KEY)"));
        Migrations {
            begin,
            steps: vec![fill(&[
                "CREATE TABLE {sessions} (id bytea PRIMARY KEY, version bigint NOT NULL, expires bigint, \
                 owner bytea, record bytea NOT NULL)",
                "CREATE INDEX {sessions}_expires ON {sessions} (expires) WHERE expires IS NOT NULL",
                "CREATE INDEX {sessions}_owner ON {sessions} (owner, id) WHERE owner IS NOT NULL",
                "CREATE TABLE {places} (owner bytea, id bytea, until bigint NOT NULL, PRIMARY KEY (owner, id))",
                "CREATE INDEX {places}_until ON {places} (until)",
            ])],
            reached: writer(namespace).change("INSERT INTO {schema} VALUES ($1) ON CONFLICT DO NOTHING"),
            end: "COMMIT",
        }
    }

    fn statements(namespace: &Namespace) -> Statements {
        let write = writer(namespace);
        Statements {
            load: write.load(),
            create: write.change(
                "WITH created AS (INSERT INTO {sessions} (id, version, expires, owner, record) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING 1), \
                 taken AS (DELETE FROM {places} WHERE owner = $4 AND id = $1 AND EXISTS (SELECT 1 FROM created)) \
                 SELECT 1 FROM created",
            ),
            update: Change::Answering(write.query(
                "WITH found AS MATERIALIZED \
                 (SELECT version, expires, owner, record FROM {sessions} WHERE id = $1 FOR UPDATE), \
                 changed AS (UPDATE {sessions} AS s SET version = $3, expires = $4, owner = $5, record = $6 \
                 FROM found WHERE s.id = $1 AND found.version = $2 AND (found.expires IS NULL OR found.expires > $7) \
                 RETURNING 1), \
                 taken AS (DELETE FROM {places} WHERE owner = $5 AND id = $1 AND EXISTS (SELECT 1 FROM changed)) \
                 SELECT version, expires, owner, CASE WHEN EXISTS (SELECT 1 FROM changed) THEN NULL ELSE record END, \
                 (SELECT count(*) FROM changed) FROM found",
                &[Kind::Int, Kind::Int, Kind::Bytes, Kind::Bytes, Kind::Int],
            )),
            // A deadline that stays where it is, is not written.
            touch: Change::Answering(write.query(
                "WITH found AS MATERIALIZED (SELECT version, expires FROM {sessions} WHERE id = $1 FOR UPDATE), \
                 changed AS (UPDATE {sessions} AS s SET expires = $3 FROM found \
                 WHERE s.id = $1 AND found.version = $2 AND found.expires > $4 \
                 AND ($3::bigint IS NULL OR found.expires < $3)) \
                 SELECT version, expires, \
                 CASE WHEN version = $2 AND (expires IS NULL OR expires > $4) THEN 1::bigint ELSE 0 END FROM found",
                &[Kind::Int, Kind::Int, Kind::Int],
            )),
            remove: Removal::Answering(
                write.query("DELETE FROM {sessions} WHERE id = $1 AND $2::bigint IS NOT NULL RETURNING expires", &[Kind::Int]),
            ),
            purge: write.change(
                "WITH old AS MATERIALIZED (SELECT id FROM {sessions} WHERE expires <= $1 ORDER BY expires LIMIT $2 \
                 FOR UPDATE SKIP LOCKED) DELETE FROM {sessions} AS s USING old WHERE s.id = old.id",
            ),
            purge_places: write.change(
                "WITH old AS MATERIALIZED (SELECT owner, id FROM {places} WHERE until <= $1 ORDER BY until LIMIT $2 \
                 FOR UPDATE SKIP LOCKED) DELETE FROM {places} AS p USING old WHERE p.owner = old.owner AND p.id = old.id",
            ),
            list: write.list(),
            owned_by: write.owned_by(),
            reserve: Reserve {
                // A pool of the application's may have another level, where the next but one would see what this one saw.
                begin: "BEGIN ISOLATION LEVEL READ COMMITTED",
                // A statement of its own: the next one shall see what was committed while this one waited.
                stand_in_line: Some(write.query(
                    "SELECT pg_advisory_xact_lock($3) WHERE $1::bytea IS NOT NULL AND $2::bigint IS NOT NULL",
                    &[],
                )),
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
        let code = error.code().unwrap_or_default();
        match &*code {
            // not to be serialized, deadlock, lock timeout, object in use
            "40001" | "40P01" | "55P03" | "55006" => Meaning::Held,
            // shut down by its administrator, crashed, not yet started, database dropped, idle for too long; read-only, so a
            // new connection may find who may write by now
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "25006" => Meaning::Cut,
            // statement timeout, too many connections, out of memory
            "57014" | "53300" | "53200" => Meaning::Away,
            "23505" => Meaning::Taken,
            // nobody may come in like this
            "28000" => Meaning::Unwelcome,
            // no such table, column or schema
            "42P01" | "42703" | "3F000" => Meaning::NoTable,
            code if code.starts_with("08") => Meaning::Cut,
            _ => Meaning::Broken,
        }
    }
}

fn writer(namespace: &Namespace) -> Writer<'_> {
    Writer { namespace, parameters: Parameters::Numbered }
}
