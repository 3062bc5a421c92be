//! Requests over a socket of this machine: how many there are in a second, beside the same server without sessions.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::measure::time::Spread;
use crate::page::Page;
use crate::plot::{Plot, Series, Shape};
use crate::site::{Answer, Subject};

/// Measures with wrk; without it nothing, said loudly.
pub(crate) fn run(subjects: &[Subject], rounds: usize, page: Page) {
    if Command::new("wrk").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("\n!!! wrk is missing: NOTHING IS MEASURED OVER HTTP. Debian: apt-get install wrk\n");
        return;
    }
    let mut table = String::from(
        "| requests a second, of those without sessions (quartiles) | /plain, with a cookie | /read | /write |\n|---|---:|---:|---:|\n",
    );
    let served: Vec<_> = subjects.iter().filter(|subject| subject.serve.is_some()).copied().collect();
    for framework in served.chunk_by(|one, next| one.framework == next.framework) {
        let servers: Vec<_> = framework.iter().map(Server::start).collect();
        let measured = PATHS.map(|path| compare(&servers, path, rounds));
        let name = framework[0].framework;
        let control = measured.each_ref().map(|of_path| format!("{:.0}", of_path[0].median));
        let _ = writeln!(table, "| *{name}, without sessions: requests a second* | {} |", control.join(" | "));
        let ratio = |spread: Spread| format!("{:.2} ({:.2} – {:.2})", spread.median, spread.lower, spread.upper);
        let mut series = Vec::new();
        for (at, subject) in framework.iter().enumerate().skip(1) {
            let of_subject = measured.each_ref().map(|of_path| of_path[at]);
            let _ = writeln!(table, "| {name}: {} | {} |", subject.name, of_subject.map(ratio).join(" | "));
            let values = of_subject.map(|spread| Some((spread.lower, spread.median, spread.upper)));
            series.push(Series { name: subject.name.to_owned(), values: values.into() });
        }
        page.plot(&format!("http-{name}"), &plot(name, series).svg());
    }
    page.table("http", &table);
}

const PATHS: [&str; 3] = ["/plain", "/read", "/write"];

/// The rate of the first, and what part of it the others reach, each round for itself.
fn compare(servers: &[Server], path: &str, rounds: usize) -> Vec<Spread> {
    let mut samples = vec![Vec::new(); servers.len()];
    for round in 0..rounds {
        for place in 0..servers.len() {
            let at = (place + round) % servers.len();
            samples[at].push(servers[at].rate(path));
        }
    }
    let control = samples[0].clone();
    for samples in samples.iter_mut().skip(1) {
        samples.iter_mut().zip(&control).for_each(|(sample, control)| *sample /= control);
    }
    samples.into_iter().map(Spread::of).collect()
}

/// A server: this program once more.
struct Server {
    process: Child,
    port: u16,
    cookie: Option<String>,
}

impl Server {
    fn start(subject: &Subject) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("there are free ports").port();
        let program = std::env::current_exe().expect("a program knows where it is");
        let process = Command::new(program)
            .args(["serve", subject.framework, subject.name, &port.to_string()])
            .spawn()
            .expect("this program starts");
        let mut server = Server { process, port, cookie: None };
        let begun = Instant::now();
        let answer = loop {
            match server.get("/write") {
                Ok(answer) => break answer,
                Err(error) if begun.elapsed() > Duration::from_secs(10) => panic!("{}: {error}", subject.name),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        server.cookie = answer.cookie();
        let knows = server.get("/read").expect("it answered before").body;
        assert!(subject.is_control() || knows == answer.body, "{}: {knows:?} and not {answer:?}", subject.name);
        server
    }

    fn get(&self, path: &str) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        let cookie = self.cookie.as_ref().map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}Connection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let (head, body) = text.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let header = |line: &'_ str| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("set-cookie").then(|| value.as_bytes().to_vec())
        };
        let cookies: Vec<_> = head.lines().filter_map(header).collect();
        Ok(Answer::new(status, cookies.iter().map(Vec::as_slice), body.as_bytes()))
    }

    /// Requests a second.
    fn rate(&self, path: &str) -> f64 {
        let mut command = Command::new("wrk");
        command.args(["-t1", "-c8", "-d1s"]);
        if let Some(cookie) = &self.cookie {
            command.args(["-H", &format!("Cookie: {cookie}")]);
        }
        let output = command.arg(format!("http://127.0.0.1:{}{path}", self.port)).output().expect("wrk is there");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!text.contains("Non-2xx"), "requests fail: {text}");
        let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:")?.trim().parse().ok());
        rate.unwrap_or_else(|| panic!("wrk says nothing: {text}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn plot(framework: &str, series: Vec<Series>) -> Plot {
    Plot {
        title: format!("{framework}: requests over HTTP, of those without sessions"),
        x: "what is requested, with a cookie".to_owned(),
        y: "part of the requests a second".to_owned(),
        logarithmic: false,
        places: PATHS.map(str::to_owned).into(),
        series,
        shape: Shape::Bars,
    }
}
