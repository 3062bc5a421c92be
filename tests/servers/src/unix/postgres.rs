//! PostgreSQL.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::account::Account;
use super::certificate::{AUTHORITY, Authority, CERTIFICATE, KEY};
use super::commands;
use super::controls::controls;
use super::place::Place;
use super::running::{Recipe, Running};
use crate::NotStarted;

/// How a [`Postgres`] is to be started.
#[derive(Clone, Debug, Default)]
pub struct PostgresOptions {
    tls: Option<Authority>,
    settings: Vec<(String, String)>,
}

impl PostgresOptions {
    /// A server that survives being killed, and not that its machine is.
    pub fn new() -> Self {
        PostgresOptions::default()
    }

    /// It waits for the disk before it acknowledges, as servers do that are no test's.
    #[must_use]
    pub fn with_fsync(self) -> Self {
        self.with_setting("fsync", "on").with_setting("full_page_writes", "on")
    }

    /// Clients on the port have to use TLS; [`Postgres::certificate_authority`] is whom they have to trust.
    #[must_use]
    pub fn with_tls(self) -> Self {
        PostgresOptions { tls: Some(Authority::new()), ..self }
    }

    /// With a line of `postgresql.conf`, in place of one of ours.
    #[must_use]
    pub fn with_setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running PostgreSQL. Whoever reaches it is its superuser `postgres`. The module `pg_stat_statements` is loaded if there
/// is one; it wants `CREATE EXTENSION` before it is asked.
#[derive(Debug)]
pub struct Postgres {
    running: Running,
    client: PathBuf,
    tls: bool,
}

/// Who may come in, and how, where that is not left to `initdb`.
const WHO_MAY: &str = "hba.conf";

controls!(Postgres);

impl Postgres {
    /// Starts a server with nothing in it.
    ///
    /// # Errors
    ///
    /// If it is not installed or does not start.
    pub fn start() -> Result<Postgres, NotStarted> {
        Self::start_with(PostgresOptions::new())
    }

    /// Starts a server with nothing in it as the options say.
    ///
    /// # Errors
    ///
    /// If it is not installed or does not start.
    pub fn start_with(options: PostgresOptions) -> Result<Postgres, NotStarted> {
        let [initdb, program, is_ready, client] = ["initdb", "postgres", "pg_isready", "psql"].map(commands::find);
        let (initdb, program, is_ready, client) = (initdb?, program?, is_ready?, client?);
        let place = Place::new("postgres", Account::instead_of_root("postgres")?, "QUIT")?;
        place.prepare(
            &initdb,
            &["--pgdata=data", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"],
        )?;
        if let Some(authority) = &options.tls {
            authority.certify(&place)?;
            place.write(WHO_MAY, "local all all trust\nhostssl all all 127.0.0.0/8 trust\n")?;
        }
        let settings = settings(&program, place.path(), &options);
        let running = Running::start(place, |place, port| {
            let (is_ready, directory) = (is_ready.clone(), place.path().to_owned());
            Recipe {
                program: program.clone(),
                arguments: ["-D", "data", "-p", &port.to_string()]
                    .map(str::to_owned)
                    .into_iter()
                    .chain(settings.clone())
                    .collect(),
                ask: Box::new(move || {
                    let mut ask = commands::command(&is_ready);
                    ask.arg("-h").arg(&directory).args(["-p", &port.to_string()]);
                    ask
                }),
                // "fast": clients are sent away; the default signal would wait for them
                stop: Signal::INT,
                // "immediate": nothing is written, but memory that is shared is given back
                give_up: Signal::QUIT,
            }
        })?;
        Ok(Postgres { running, client, tls: options.tls.is_some() })
    }

    /// `postgres://postgres@127.0.0.1:PORT/postgres`
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The certificate of the authority that a client of a server [with TLS](PostgresOptions::with_tls) has to trust.
    pub fn certificate_authority(&self) -> Option<PathBuf> {
        self.tls.then(|| self.running.place().join(AUTHORITY))
    }

    /// Creates a database and answers its URL.
    ///
    /// # Panics
    ///
    /// If that fails, as when there is one of that name.
    pub fn create_database(&self, name: &str) -> String {
        self.query(&format!("CREATE DATABASE \"{name}\"")).expect("the database is created");
        self.url_of(name)
    }

    /// What `psql` prints when the server is sent this statement: a line for each row, columns parted by `|`.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub fn query(&self, statement: &str) -> io::Result<String> {
        let mut client = commands::command(&self.client);
        client.args(["--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--command", statement, &self.url()]);
        commands::output(&mut client)
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.process().is_some() {
            return;
        }
        // A server that was killed left its key to shared memory behind, which belongs to no directory: system-wide there is
        // room for some thousands. The lock file has its id, in the seventh line, after its key.
        let lock = fs::read_to_string(self.directory().join("data/postmaster.pid")).unwrap_or_default();
        if let (Some(id), Ok(remove)) =
            (lock.lines().nth(6).and_then(|line| line.split_whitespace().nth(1)), commands::find("ipcrm"))
        {
            commands::agrees(commands::command(&remove).args(["-m", id]));
        }
    }
}

/// The settings, as arguments.
fn settings(program: &Path, directory: &Path, options: &PostgresOptions) -> Vec<String> {
    let socket = directory.display().to_string();
    let [certificate, key, who_may] =
        [CERTIFICATE, KEY, WHO_MAY].map(|name| directory.join(name).display().to_string());
    let mut settings = vec![
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", &socket),
        ("max_connections", "100"),
        ("fsync", "off"),
        ("full_page_writes", "off"),
    ];
    if options.tls.is_some() {
        settings.extend([
            ("ssl", "on"),
            ("ssl_cert_file", &certificate),
            ("ssl_key_file", &key),
            ("hba_file", &who_may),
        ]);
    }
    // beside the directory of the commands, as Debian has it, and not that of a link to them
    let program = fs::canonicalize(program).unwrap_or_default();
    if program.ancestors().nth(2).is_some_and(|version| version.join("lib/pg_stat_statements.so").exists()) {
        settings.push(("shared_preload_libraries", "pg_stat_statements"));
    }
    settings.extend(options.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    settings.iter().flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")]).collect()
}
