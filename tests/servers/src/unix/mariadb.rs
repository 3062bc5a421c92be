//! MariaDB.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;

use super::account::Account;
use super::certificate::{AUTHORITY, Authority, CERTIFICATE, KEY};
use super::commands;
use super::controls::controls;
use super::place::Place;
use super::running::{Recipe, Running};
use crate::NotStarted;

/// How a [`MariaDb`] is to be started.
#[derive(Clone, Debug, Default)]
pub struct MariaDbOptions {
    tls: Option<Authority>,
    settings: Vec<String>,
}

impl MariaDbOptions {
    /// A server that survives being killed, and not that its machine is.
    pub fn new() -> Self {
        MariaDbOptions::default()
    }

    /// Clients on the port have to use TLS; [`MariaDb::certificate_authority`] is whom they have to trust.
    #[must_use]
    pub fn with_tls(self) -> Self {
        MariaDbOptions { tls: Some(Authority::new()), ..self }
    }

    /// With an option of the command `mariadbd`, without the hyphens, in place of one of ours.
    #[must_use]
    pub fn with_setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push(format!("--{name}={value}"));
        self
    }
}

/// A running MariaDB, with a database and a user who may do everything.
#[derive(Debug)]
pub struct MariaDb {
    running: Running,
    client: PathBuf,
    tls: bool,
}

controls!(MariaDb);

/// The user, their password, and their database.
const USER: &str = "webstack";

impl MariaDb {
    /// Starts a server with an empty database in it.
    ///
    /// # Errors
    ///
    /// If it is not installed or does not start.
    pub fn start() -> Result<MariaDb, NotStarted> {
        Self::start_with(MariaDbOptions::new())
    }

    /// Starts a server with an empty database in it as the options say.
    ///
    /// # Errors
    ///
    /// If it is not installed or does not start.
    pub fn start_with(options: MariaDbOptions) -> Result<MariaDb, NotStarted> {
        let [install, program, admin, client] =
            ["mariadb-install-db", "mariadbd", "mariadb-admin", "mariadb"].map(commands::find);
        let (install, program, admin, client) = (install?, program?, admin?, client?);
        let place = Place::new("mariadb", Account::instead_of_root("mysql")?, "KILL")?;
        let data = format!("--datadir={}", place.join("data").display());
        place.prepare(
            &install,
            &["--no-defaults", &data, "--auth-root-authentication-method=normal", "--skip-test-db"],
        )?;
        let mut settings = Vec::new();
        if let Some(authority) = &options.tls {
            authority.certify(&place)?;
            let files = [("ca", AUTHORITY), ("cert", CERTIFICATE), ("key", KEY)];
            settings.extend(files.map(|(what, file)| format!("--ssl-{what}={}", place.join(file).display())));
            settings.push("--require-secure-transport=ON".to_owned());
        }
        settings.extend(options.settings);
        let socket = format!("--socket={}", place.join("socket").display());
        let running = Running::start(place, |_, port| {
            let (admin, asked) = (admin.clone(), socket.clone());
            let ours = [
                "--no-defaults",
                &data,
                &socket,
                "--pid-file=mariadb.pid",
                "--bind-address=127.0.0.1",
                &format!("--port={port}"),
                "--skip-name-resolve",
                "--innodb-flush-log-at-trx-commit=2",
                "--innodb-buffer-pool-size=64M",
                "--innodb-log-file-size=16M",
            ];
            Recipe {
                program: program.clone(),
                arguments: ours.map(str::to_owned).into_iter().chain(settings.clone()).collect(),
                ask: Box::new(move || {
                    let mut ask = commands::command(&admin);
                    ask.args(["--no-defaults", "--user=root", &asked, "ping"]);
                    ask
                }),
                stop: Signal::TERM,
                give_up: Signal::TERM,
            }
        })?;
        let server = MariaDb { running, client, tls: options.tls.is_some() };
        let prepare = format!(
            "CREATE DATABASE {USER}; CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{USER}'; \
             GRANT ALL ON *.* TO {USER}@'127.0.0.1' WITH GRANT OPTION"
        );
        let mut client = server.client();
        client.args([&socket, "--user=root", "--execute", &prepare]);
        commands::output(&mut client).map_err(NotStarted::failed)?;
        Ok(server)
    }

    /// `mysql://webstack:webstack@127.0.0.1:PORT/webstack`
    pub fn url(&self) -> String {
        self.url_of(USER)
    }

    /// The certificate of the authority that a client of a server [with TLS](MariaDbOptions::with_tls) has to trust.
    pub fn certificate_authority(&self) -> Option<PathBuf> {
        self.tls.then(|| self.running.place().join(AUTHORITY))
    }

    /// Creates a database and answers its URL.
    ///
    /// # Panics
    ///
    /// If that fails, as when there is one of that name.
    pub fn create_database(&self, name: &str) -> String {
        self.query(&format!("CREATE DATABASE `{name}`")).expect("the database is created");
        self.url_of(name)
    }

    /// What `mariadb` prints when the server is sent this statement: a line for each row, columns parted by tabs.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub fn query(&self, statement: &str) -> io::Result<String> {
        let mut client = self.client();
        client.args(["--protocol=tcp", "--host=127.0.0.1", &format!("--port={}", self.port())]);
        client.args([&format!("--user={USER}"), &format!("--password={USER}"), "--execute", statement, USER]);
        if let Some(authority) = self.certificate_authority() {
            client.arg(format!("--ssl-ca={}", authority.display())).arg("--ssl-verify-server-cert");
        }
        commands::output(&mut client)
    }

    fn client(&self) -> Command {
        let mut client = commands::command(&self.client);
        client.args(["--no-defaults", "--batch", "--skip-column-names"]);
        client
    }

    fn url_of(&self, database: &str) -> String {
        format!("mysql://{USER}:{USER}@127.0.0.1:{}/{database}", self.port())
    }
}
