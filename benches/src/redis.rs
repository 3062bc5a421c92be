//! Sessions in Redis: how often a request waits for the server, and how long it takes. The server is this program's own.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::frameworks::redis;
use crate::measure::time::{Spread, one_round};
use crate::page::Page;
use crate::site::{Ask, Case, Site, Subject, visitor};

const REQUESTS: usize = 50;

/// Measures with `redis-server`; without it nothing, said loudly.
pub(crate) fn run(rounds: usize, page: &Page) {
    let Some(server) = Server::start() else {
        eprintln!("\n!!! redis-server is missing: REDIS IS NOT MEASURED. Debian: apt-get install redis-server\n");
        return;
    };
    let names: Vec<_> = Case::ALL.iter().map(|case| case.name()).collect();
    let mut table = format!(
        "| round trips; µs of a request (quartiles) | {} | a conflict, beyond the rest |\n|---|{}\n",
        names.join(" | "),
        "---:|".repeat(names.len() + 1)
    );
    let sites: Vec<_> = redis::subjects().into_iter().map(|(subject, open)| (subject, open(server.port))).collect();
    let trips: Vec<_> =
        redis::subjects().into_iter().map(|(subject, open)| trips(&subject, open, server.port)).collect();
    let conflicts: Vec<_> =
        redis::subjects().into_iter().map(|(subject, open)| conflict(&subject, open, server.port)).collect();
    let mut samples = vec![vec![Vec::with_capacity(rounds); Case::ALL.len()]; sites.len()];
    for round in 0..rounds {
        for place in 0..sites.len() {
            let at = (place + round) % sites.len();
            let (subject, site) = &sites[at];
            for (case, samples) in Case::ALL.into_iter().zip(&mut samples[at]) {
                samples.push(one_round(subject, &**site, case) / 1e3);
            }
        }
    }
    for ((((subject, _), trips), conflict), samples) in sites.iter().zip(trips).zip(conflicts).zip(samples) {
        let cells = trips.iter().zip(samples).map(|(trips, samples)| {
            let Spread { lower, median, upper } = Spread::of(samples);
            format!("{trips}; {median:.0} ({lower:.0} – {upper:.0})")
        });
        let _ = writeln!(
            table,
            "| {}: {} | {} | {conflict} |",
            subject.framework,
            subject.name,
            cells.collect::<Vec<_>>().join(" | ")
        );
    }
    page.table("redis", &table);
}

/// Messages to the server for each kind of request, after having seen that all of it works.
fn trips(subject: &Subject, open: redis::Open, port: u16) -> Vec<f64> {
    let listener = Listener::before(port);
    let site: Box<dyn Site> = open(listener.port);
    let count = |case: Case| {
        subject.verify(&*site, case).unwrap_or_else(|wrong| panic!("it is wrong: {wrong}"));
        let asks = subject.asks(&*site, case, REQUESTS);
        let before = listener.messages.load(Ordering::Relaxed);
        site.send_all(&asks);
        let messages = listener.messages.load(Ordering::Relaxed) - before;
        (messages as f64 / REQUESTS as f64 * 10.0).round() / 10.0
    };
    Case::ALL.into_iter().map(count).collect()
}

/// Messages of two requests that change one session at once, beyond those of two that change two; `–` where nobody sees the
/// conflict, and something is lost.
fn conflict(subject: &Subject, open: redis::Open, port: u16) -> String {
    const TURNS: usize = 20;
    if !subject.has_sessions() {
        return "–".to_owned();
    }
    let listener = Listener::before(port);
    let site = open(listener.port);
    let (one, other) = (visitor(&*site), visitor(&*site));
    let messages = |cookies: [&str; 2], key: &str, turn: usize| {
        let keys = [format!("/keep/{key}{}", 2 * turn), format!("/keep/{key}{}", 2 * turn + 1)];
        let asks = [Ask::new(&keys[0], Some(cookies[0])), Ask::new(&keys[1], Some(cookies[1]))];
        let before = listener.messages.load(Ordering::Relaxed);
        drop(site.together(&asks));
        (listener.messages.load(Ordering::Relaxed) - before) as f64
    };
    let more = (0..TURNS).map(|turn| messages([&one, &one], "k", turn) - messages([&one, &other], "x", turn));
    let median = Spread::of(more.collect()).median;
    let kept = site.ask(&Ask::new("/kept", Some(&one))).body;
    if kept == (2 * TURNS).to_string() { format!("{median:.0}") } else { "–".to_owned() }
}

/// What stands between clients and the server, and counts what clients say. Who waits for an answer says one thing at a time.
struct Listener {
    port: u16,
    messages: Arc<AtomicU64>,
}

impl Listener {
    fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
        let port = listener.local_addr().expect("it is bound").port();
        let messages = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&messages);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { return };
                let ends = (client.try_clone(), server.try_clone());
                let (Ok(answers_to), Ok(answers_from)) = ends else { return };
                let count = Arc::clone(&count);
                std::thread::spawn(move || pass(client, server, &count));
                std::thread::spawn(move || pass(answers_from, answers_to, &AtomicU64::new(0)));
            }
        });
        Listener { port, messages }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, count: &AtomicU64) {
    let _ = to.set_nodelay(true);
    let mut bytes = [0; 65536];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        count.fetch_add(1, Ordering::Relaxed);
        if to.write_all(&bytes[..length]).is_err() {
            return;
        }
    }
}

struct Server {
    process: Child,
    port: u16,
    _place: TempDir,
}

impl Server {
    fn start() -> Option<Self> {
        let place = tempfile::tempdir().expect("a directory");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("there are free ports").port();
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(place.path())
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let server = Server { process, port, _place: place };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "redis-server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
