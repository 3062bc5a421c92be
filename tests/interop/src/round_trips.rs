//! How often a server is asked for the sake of a request, as the server counts it.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Runtime;
use webstack_core::runtime::Tokio;
use webstack_core::{Outcome, Session, Sessions, Timeouts, TokenNotice, UserSessionLimit};
use webstack_test_servers::{MariaDb, Postgres, Redis, or_skip};
use webstack_testkit::HeldClock;

/// What a request does, and what to call it.
const REQUESTS: [(&str, Step); 11] = [
    ("a stranger who stores nothing", Step::Stranger),
    ("a visitor whose session is not asked for", Step::Unused),
    ("a read", Step::Read),
    ("a first value", Step::Create),
    ("a write after a read", Step::Write),
    ("the same, while another request is faster", Step::Conflict),
    ("a renewed token", Step::Renew),
    ("a read that moves the deadline, at most once a minute", Step::Touch),
    ("a login", Step::Login),
    ("a login, where a user may have ten sessions", Step::LimitedLogin),
    ("a logout", Step::Logout),
];

#[derive(Clone, Copy)]
enum Step {
    Stranger,
    Unused,
    Read,
    Create,
    Write,
    Conflict,
    Renew,
    Touch,
    Login,
    LimitedLogin,
    Logout,
}

/// The table for people, in Markdown; `None` if a server cannot be had here.
pub fn table() -> Option<String> {
    let columns = [("Redis", redis()?), ("PostgreSQL", postgres()?), ("MariaDB", mariadb()?)];
    let mut table = String::from("| a request of |");
    let names = columns.iter().map(|(name, _)| *name);
    let _ = writeln!(table, "{} |", names.clone().map(|name| format!(" {name}")).collect::<Vec<_>>().join(" |"));
    let _ = writeln!(table, "|---|{}", names.map(|_| "---:|").collect::<String>());
    for (row, (what, _)) in REQUESTS.iter().enumerate() {
        let counts: Vec<_> = columns.iter().map(|(_, counts)| format!(" {} |", counts[row])).collect();
        let _ = writeln!(table, "| {what} |{}", counts.concat());
    }
    Some(table)
}

fn redis() -> Option<Vec<u64>> {
    let server = or_skip(Redis::start())?;
    let mut monitor = Monitor::of(server.port());
    let mut seen = 0;
    Some(counts(&server.url(), || {
        seen += monitor.commands();
        seen
    }))
}

fn postgres() -> Option<Vec<u64>> {
    let server = or_skip(Postgres::start())?;
    server.query("CREATE EXTENSION pg_stat_statements").ok()?;
    let url = server.create_database("counted");
    Some(counts(&url, || {
        let sum = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid \
                   WHERE d.datname = 'counted'";
        server.query(sum).expect("it is counted").trim().parse().expect("a number")
    }))
}

fn mariadb() -> Option<Vec<u64>> {
    let server = or_skip(MariaDb::start())?;
    Some(counts(&server.url(), || {
        // Who asks for the sum is counted too, by what it asks for, which is none of these.
        let sum = "SELECT sum(variable_value) FROM information_schema.global_status WHERE variable_name IN \
                   ('com_stmt_execute', 'com_begin', 'com_commit', 'com_rollback', 'com_set_option')";
        server.query(sum).expect("it is counted").trim().parse().expect("a number")
    }))
}

/// How often the store at this URL is asked by each request, when it is warm.
fn counts(url: &str, mut count: impl FnMut() -> u64) -> Vec<u64> {
    let clock = HeldClock::new();
    let site = Site::new(url, clock, UserSessionLimit::Unlimited);
    let limited = Site::new(url, site.clock.clone(), UserSessionLimit::Evict(10));
    let mut counts = Vec::new();
    for (_, step) in REQUESTS {
        // Again and again, because what is prepared once, or said on a new connection, is no part of it.
        let times = (0..5).map(|_| {
            let request = site.prepared(&limited, step);
            let before = count();
            request();
            count() - before
        });
        let mut asked = times.min().unwrap_or_default();
        if let Step::Conflict = step {
            // Less those of the other request, which was a write after a read: the row above.
            asked -= counts.last().copied().unwrap_or_default();
        }
        counts.push(asked);
    }
    counts
}

struct Site {
    sessions: Sessions,
    clock: HeldClock,
    runtime: Runtime,
    users: AtomicU64,
}

impl Site {
    fn new(url: &str, clock: HeldClock, limit: UserSessionLimit) -> Site {
        let builder = Sessions::builder().store_url(url).clock(std::sync::Arc::new(clock.clone())).runtime(Tokio);
        let sessions = builder.purge_every(None).user_session_limit(limit).build().expect("a good URL");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Site { sessions, clock, runtime, users: AtomicU64::new(0) }
    }

    /// Everything that comes before a request; and the request.
    fn prepared<'a>(&'a self, limited: &'a Site, step: Step) -> Box<dyn FnOnce() + 'a> {
        let begun = || self.request(None, |session| session.insert("n", &1).expect("open"));
        // Whose first session it is.
        let user = format!("user {}", self.users.fetch_add(1, Ordering::Relaxed));
        match step {
            Step::Stranger => Box::new(|| drop(self.request(None, |session| drop(session.get::<u32>("n"))))),
            Step::Unused => {
                let token = begun();
                Box::new(move || {
                    let exchange = self.sessions.open_by_token(token.as_deref());
                    let _ = self.runtime.block_on(exchange.finish(Outcome::Keep)).expect("nothing is to be done");
                })
            }
            Step::Create => Box::new(move || drop(begun())),
            Step::Conflict => {
                let token = begun();
                Box::new(move || {
                    self.request(token.as_deref(), |session| {
                        // Another request, to the end.
                        session.insert("n", &2).expect("open");
                        self.request(token.as_deref(), |session| session.insert("m", &1).expect("open"));
                    });
                })
            }
            Step::LimitedLogin => {
                let token = begun();
                Box::new(move || {
                    drop(limited.request(token.as_deref(), |session| session.set_user(&user).expect("open")))
                })
            }
            _ => {
                let token = begun();
                if matches!(step, Step::Touch) {
                    self.clock.advance(Timeouts::default().idle.expect("there is one") / 2);
                }
                Box::new(move || {
                    self.request(token.as_deref(), |session| match step {
                        Step::Write => session.insert("n", &2).expect("open"),
                        Step::Renew => session.renew().expect("open"),
                        Step::Login => session.set_user(&user).expect("open"),
                        Step::Logout => session.invalidate().expect("open"),
                        _ => assert_eq!(session.get::<u32>("n").expect("open"), Some(1)),
                    });
                })
            }
        }
    }

    /// A request that carries this token; the token that follows it.
    fn request(&self, token: Option<&str>, handle: impl FnOnce(&Session)) -> Option<String> {
        let exchange = self.sessions.open_by_token(token);
        let session = exchange.session();
        self.runtime.block_on(session.load()).expect("it can be loaded");
        handle(&session);
        let reply = self.runtime.block_on(exchange.finish(Outcome::Keep)).expect("it can be stored");
        match reply.notice() {
            Some(TokenNotice::Issued(token)) => Some(token.expose().to_owned()),
            Some(TokenNotice::Ended) => None,
            None => token.map(str::to_owned),
        }
    }
}

/// Sees every command that a Redis is sent.
struct Monitor {
    lines: BufReader<TcpStream>,
    port: u16,
}

impl Monitor {
    fn of(port: u16) -> Monitor {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        (&stream).write_all(b"MONITOR\r\n").expect("MONITOR");
        Monitor { lines: BufReader::new(stream), port }
    }

    /// How many commands clients sent since the last call; not those that scripts gave.
    fn commands(&mut self) -> u64 {
        let mut end = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        end.write_all(b"ECHO the-end\r\n").expect("ECHO");
        let mut commands = 0;
        loop {
            let mut line = Vec::new();
            self.lines.read_until(b'\n', &mut line).expect("a line");
            let line = String::from_utf8_lossy(&line);
            // +1700000000.123456 [0 127.0.0.1:40000] "GET" "key"
            let Some((client, command)) = line.split_once("] ") else { continue };
            if command.contains("the-end") {
                return commands;
            }
            commands += u64::from(!client.ends_with(" lua"));
        }
    }
}
