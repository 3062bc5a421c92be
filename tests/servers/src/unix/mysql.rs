//! MySQL, which MariaDB is not.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;

use super::account::Account;
use super::commands;
use super::controls::controls;
use super::place::Place;
use super::running::{Recipe, Running};
use crate::NotStarted;

/// A running MySQL, with a database and a user who may do everything. It is started where `mysqld`, `mysql` and `mysqladmin` are
/// found that are no MariaDB's.
#[derive(Debug)]
pub struct MySql {
    running: Running,
    client: PathBuf,
}

controls!(MySql);

/// The user, their password, and their database.
const USER: &str = "webstack";

impl MySql {
    /// Starts a server with an empty database in it.
    ///
    /// # Errors
    ///
    /// If it is not installed or does not start.
    pub fn start() -> Result<MySql, NotStarted> {
        let [program, client, admin] = ["mysqld", "mysql", "mysqladmin"].map(find);
        let (program, client, admin) = (program?, client?, admin?);
        let place = Place::new("mysql", Account::instead_of_root("mysql")?, "KILL")?;
        let data = format!("--datadir={}", place.join("data").display());
        let small = ["--innodb-redo-log-capacity=32M", "--innodb-buffer-pool-size=64M"];
        place.prepare(&program, &[&["--no-defaults", "--initialize-insecure", &data], &small[..]].concat())?;
        let socket = format!("--socket={}", place.join("socket").display());
        let running = Running::start(place, |_, port| {
            let (admin, asked) = (admin.clone(), socket.clone());
            let ours = [
                "--no-defaults",
                &data,
                &socket,
                "--pid-file=mysql.pid",
                "--bind-address=127.0.0.1",
                &format!("--port={port}"),
                // another protocol, on another port
                "--mysqlx=OFF",
                // no directory of the system's
                "--secure-file-priv=NULL",
                "--skip-name-resolve",
                "--skip-log-bin",
                "--innodb-flush-log-at-trx-commit=2",
            ];
            Recipe {
                program: program.clone(),
                arguments: ours.iter().chain(&small).map(|argument| (*argument).to_owned()).collect(),
                ask: Box::new(move || {
                    let mut ask = commands::command(&admin);
                    ask.args(["--no-defaults", "--user=root", &asked, "ping"]);
                    ask
                }),
                stop: Signal::TERM,
                give_up: Signal::TERM,
            }
        })?;
        let server = MySql { running, client };
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
        format!("mysql://{USER}:{USER}@127.0.0.1:{}/{USER}", self.port())
    }

    /// What `mysql` prints when the server is sent this statement: a line for each row, columns parted by tabs.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub fn query(&self, statement: &str) -> io::Result<String> {
        let mut client = self.client();
        client.args(["--protocol=tcp", "--host=127.0.0.1", &format!("--port={}", self.port())]);
        client.args([&format!("--user={USER}"), &format!("--password={USER}"), "--execute", statement, USER]);
        commands::output(&mut client)
    }

    fn client(&self) -> Command {
        let mut client = commands::command(&self.client);
        client.args(["--no-defaults", "--batch", "--skip-column-names"]);
        client
    }
}

/// A command of MySQL. MariaDB has programs of the same names.
fn find(command: &str) -> Result<PathBuf, NotStarted> {
    let is_mysqls = |path: &PathBuf| {
        let version = commands::output(commands::command(path).arg("--version"));
        version.is_ok_and(|version| !version.contains("MariaDB"))
    };
    commands::all(command).find(is_mysqls).ok_or_else(|| NotStarted::missing(&format!("{command} of MySQL")))
}
