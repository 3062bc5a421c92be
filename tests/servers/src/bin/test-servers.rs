//! Runs a command with database servers: `test-servers -- COMMAND ARGS…`
//!
//! One of each is started and named to the command by an environment variable: `WEBSTACK_TEST_REDIS`,
//! `WEBSTACK_TEST_REDIS_CLUSTER` (the URLs of its nodes, parted by commas), `WEBSTACK_TEST_POSTGRES`,
//! `WEBSTACK_TEST_MARIADB`. A variable that is set and not empty names a running server, and none is started in its place. A server
//! that is not installed is left out, unless `WEBSTACK_TESTS=all`.
//!
//! SIGINT, SIGTERM and SIGHUP are passed on to the command; when it has ended the servers are stopped, and its exit status
//! is that of this program. Before it is started the signals end this program at once, and the servers with it, as
//! they do whenever this program is killed.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    unix::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), b"test-servers: this is for Unix\n");
    ExitCode::FAILURE
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsString;
    use std::io::{self, Write as _};
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{Command, ExitCode, ExitStatus};
    use std::thread;

    use rustix::process::{Pid, Signal, kill_process};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use webstack_test_servers::{MariaDb, NotStarted, Postgres, Redis, RedisCluster, Server};

    pub(super) fn main() -> ExitCode {
        let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
        let [separator, command, arguments @ ..] = arguments.as_slice() else { return usage() };
        if separator != "--" {
            return usage();
        }
        let all = std::env::var_os("WEBSTACK_TESTS").is_some_and(|wanted| wanted == "all");
        let Some(servers) = start_all(all) else { return ExitCode::FAILURE };
        let mut command = Command::new(command);
        command.args(arguments);
        for (server, started) in &servers {
            command.env(server.variable(), started.url());
        }
        match run(&mut command) {
            Ok(status) => passed_on(status),
            Err(error) => {
                say(&format!("{}: {error}", command.get_program().display()));
                ExitCode::from(127)
            }
        }
    }

    fn usage() -> ExitCode {
        say("usage: test-servers -- COMMAND ARGS...");
        ExitCode::from(2)
    }

    fn say(line: &str) {
        // standard output is the command's
        let _ = writeln!(io::stderr(), "test-servers: {line}");
    }

    /// A server that is stopped when it is dropped.
    enum Started {
        Redis(Redis),
        RedisCluster(RedisCluster),
        Postgres(Postgres),
        MariaDb(MariaDb),
    }

    impl Started {
        /// `None` if this program does not know how.
        fn start(server: Server) -> Option<Result<Started, NotStarted>> {
            Some(match server {
                Server::Redis => Redis::start().map(Started::Redis),
                Server::RedisCluster => RedisCluster::start().map(Started::RedisCluster),
                Server::Postgres => Postgres::start().map(Started::Postgres),
                Server::MariaDb => MariaDb::start().map(Started::MariaDb),
                _ => return None,
            })
        }

        fn url(&self) -> String {
            match self {
                Started::Redis(redis) => redis.url(),
                Started::RedisCluster(cluster) => cluster.urls().join(","),
                Started::Postgres(postgres) => postgres.url(),
                Started::MariaDb(mariadb) => mariadb.url(),
            }
        }
    }

    /// Starts those that were not named, side by side. `None` if there is no going on without one of them.
    fn start_all(all: bool) -> Option<Vec<(Server, Started)>> {
        let starting: Vec<_> = Server::ALL
            .map(|server| (server, server.url().map_or_else(|| Err(thread::spawn(move || Started::start(server))), Ok)))
            .into();
        let mut servers = Vec::new();
        let mut complete = true;
        for (server, named) in starting {
            let (name, variable) = (server.name(), server.variable());
            let starting = match named {
                Ok(url) => {
                    say(&format!("{name}: {url} (named by {variable})"));
                    continue;
                }
                Err(starting) => starting,
            };
            match starting.join() {
                Ok(Some(Ok(started))) => {
                    say(&format!("{name}: {}", started.url()));
                    servers.push((server, started));
                }
                Ok(Some(Err(missing @ NotStarted::Missing { .. }))) if !all => {
                    say(&format!("NO {name}: {missing}; install it, or name a running one by {variable}"));
                }
                Ok(Some(Err(not_started))) => {
                    say(&format!("NO {name}: {not_started}"));
                    complete = false;
                }
                Ok(None) | Err(_) => complete = false,
            }
        }
        complete.then_some(servers)
    }

    /// Runs the command to its end, which it may be told to come to.
    fn run(command: &mut Command) -> io::Result<ExitStatus> {
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        let handle = signals.handle();
        let mut child = command.spawn()?;
        let process = Pid::from_child(&child);
        let passing_on = thread::spawn(move || {
            for signal in &mut signals {
                let signal = match signal {
                    SIGHUP => Signal::HUP,
                    SIGINT => Signal::INT,
                    _ => Signal::TERM,
                };
                // it fails if the command has ended by itself
                let _ = kill_process(process, signal);
            }
        });
        let status = child.wait();
        handle.close();
        drop(passing_on.join());
        status
    }

    /// The status as a shell has it: 128 and the signal, if that ended it.
    fn passed_on(status: ExitStatus) -> ExitCode {
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
        ExitCode::from(u8::try_from(code).unwrap_or(1))
    }
}
