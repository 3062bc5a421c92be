//! One Redis.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use super::RedisOptions;
use crate::NotStarted;
use crate::unix::certificate::AUTHORITY;
use crate::unix::commands;
use crate::unix::controls::controls;
use crate::unix::place::Place;
use crate::unix::running::{Recipe, Running};

/// A running Redis, or Valkey. It forgets everything at a restart unless it is [durable](RedisOptions::durable).
#[derive(Debug)]
pub struct Redis {
    running: Running,
    options: RedisOptions,
    client: PathBuf,
}

controls!(Redis);

impl Redis {
    /// Starts a Redis that keeps nothing on disk.
    ///
    /// # Errors
    ///
    /// If it is not installed or does not start.
    pub fn start() -> Result<Redis, NotStarted> {
        Self::start_with(RedisOptions::new())
    }

    /// Starts a Valkey that keeps nothing on disk.
    ///
    /// # Errors
    ///
    /// If it is not installed or does not start.
    pub fn start_valkey() -> Result<Redis, NotStarted> {
        Self::start_with(RedisOptions::new().valkey())
    }

    /// Starts a Redis as the options say.
    ///
    /// # Errors
    ///
    /// If it is not installed or does not start.
    pub fn start_with(options: RedisOptions) -> Result<Redis, NotStarted> {
        let flavor = if options.valkey { "valkey" } else { "redis" };
        let program = commands::find(&format!("{flavor}-server"))?;
        let client = commands::find(&format!("{flavor}-cli"))?;
        let place = Place::new(flavor, None, "KILL")?;
        if let Some(authority) = &options.tls {
            authority.certify(&place)?;
        }
        place.write("redis.conf", &options.configuration())?;
        let running = Running::start(place, |place, port| {
            let ports = if options.tls.is_some() { ["--port", "0", "--tls-port"].as_slice() } else { &["--port"] };
            let arguments = ["redis.conf"].iter().chain(ports).map(|argument| (*argument).to_owned());
            let (client, options, socket) = (client.clone(), options.clone(), place.join("socket"));
            Recipe {
                program: program.clone(),
                arguments: arguments.chain([port.to_string()]).collect(),
                ask: Box::new(move || {
                    let mut ask = client_command(&client, &options);
                    ask.arg("-e").arg("-s").arg(&socket).arg("PING");
                    ask
                }),
                stop: Signal::TERM,
                give_up: Signal::TERM,
            }
        })?;
        Ok(Redis { running, options, client })
    }

    /// `redis://127.0.0.1:PORT`, with the password if there is one, and `rediss` if it is TLS.
    pub fn url(&self) -> String {
        format!("{}127.0.0.1:{}", self.options.url_start(), self.port())
    }

    /// The certificate of the authority that a client of a Redis [with TLS](RedisOptions::with_tls) has to trust.
    pub fn certificate_authority(&self) -> Option<PathBuf> {
        self.options.tls.as_ref().map(|_| self.running.place().join(AUTHORITY))
    }

    /// What `redis-cli` prints when the server is sent this command; that may be an error that the server answered.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached.
    pub fn ask(&self, command: &[&str]) -> io::Result<String> {
        commands::output(self.client().args(["-h", "127.0.0.1", "-p", &self.port().to_string()]).args(command))
    }

    /// `redis-cli`, which has yet to be told the address.
    pub(super) fn client(&self) -> Command {
        let mut client = client_command(&self.client, &self.options);
        if let Some(authority) = self.certificate_authority() {
            client.arg("--tls").arg("--cacert").arg(authority);
        }
        client
    }
}

/// `redis-cli` with the password, if there is one.
fn client_command(client: &Path, options: &RedisOptions) -> Command {
    let mut command = commands::command(client);
    if let Some(user) = &options.user {
        command.args(["--user", user]);
    }
    match &options.password {
        Some(password) => command.env("REDISCLI_AUTH", password),
        None => command.env_remove("REDISCLI_AUTH"),
    };
    command
}
