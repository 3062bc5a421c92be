//! Requests over a socket of this machine: how many a processor answers, beside the same server without sessions.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::measure::time::Spread;
use crate::page::Page;
use crate::plot::{Plot, Series, Shape};
use crate::site::{Answer, Subject};

/// Measures with wrk; without it nothing, said loudly.
pub(crate) fn run(subjects: &[Subject], rounds: usize, page: &Page) {
    if Command::new("wrk").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("\n!!! wrk is missing: NOTHING IS MEASURED OVER HTTP. Debian: apt-get install wrk\n");
        return;
    }
    let mut table = String::from(
        "| requests, of those without sessions (quartiles); µs of a processor for each | /plain, with a cookie | /read | /write |\n|---|---:|---:|---:|\n",
    );
    let served: Vec<_> = subjects.iter().filter(|subject| subject.serve.is_some()).copied().collect();
    for framework in served.chunk_by(|one, next| one.framework == next.framework) {
        let servers: Vec<_> = framework.iter().map(Server::start).collect();
        let measured = PATHS.map(|path| compare(&servers, path, rounds));
        let name = framework[0].framework;
        let control = measured.each_ref().map(|of_path| format!("{:.1} µs", of_path[0].processor.median));
        let _ = writeln!(table, "| *{name}, without sessions* | {} |", control.join(" | "));
        let mut series = Vec::new();
        for (at, subject) in framework.iter().enumerate().skip(1) {
            let of_subject = measured.each_ref().map(|of_path| of_path[at]);
            let cells = of_subject.map(|Of { rate, processor }| {
                format!("{:.2} ({:.2} – {:.2}); {:.1} µs", rate.median, rate.lower, rate.upper, processor.median)
            });
            let _ = writeln!(table, "| {name}: {} | {} |", subject.name, cells.join(" | "));
            let values = of_subject.map(|Of { rate, .. }| Some((rate.lower, rate.median, rate.upper)));
            series.push(Series { name: subject.name.to_owned(), values: values.into() });
        }
        page.plot(&format!("http-{name}"), &plot(name, series).svg());
    }
    page.table("http", &table);
}

/// More than there are connections, so that requests of one visitor do not meet.
const VISITORS: usize = 64;

const PATHS: [&str; 3] = ["/plain", "/read", "/write"];

/// What was measured of one server.
#[derive(Clone, Copy, Debug)]
struct Of {
    /// Microseconds that the server used of a processor for each request: what else the machine does is not in it.
    processor: Spread,
    /// What part of the control's requests it answers with the same processor.
    rate: Spread,
}

/// Asks all servers in turn; each is compared with the first in the same round.
fn compare(servers: &[Server], path: &str, rounds: usize) -> Vec<Of> {
    let mut processors = vec![Vec::new(); servers.len()];
    for round in 0..rounds {
        for place in 0..servers.len() {
            let at = (place + round) % servers.len();
            processors[at].push(servers[at].load(path));
        }
    }
    let control = processors[0].clone();
    let of = |processors: Vec<f64>| {
        let rates = processors.iter().zip(&control).map(|(processor, control)| control / processor).collect();
        Of { rate: Spread::of(rates), processor: Spread::of(processors) }
    };
    processors.into_iter().map(of).collect()
}

/// A server: this program once more.
struct Server {
    process: Child,
    port: u16,
    /// What wrk does: every visitor's request in turn, written down beforehand.
    script: TempDir,
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
        let script = tempfile::tempdir().expect("a directory");
        let server = Server { process, port, script };
        let begun = Instant::now();
        while let Err(error) = server.get("/plain", None) {
            assert!(begun.elapsed() < Duration::from_secs(10), "{}: {error}", subject.name);
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut script = String::from("local path, all, at = nil, {}, 0\nfunction init(args)\n  path = args[1]\n");
        for _ in 0..VISITORS {
            let cookie = server.visitor(subject);
            let headers = cookie.map(|cookie| format!("[\"Cookie\"] = \"{cookie}\"")).unwrap_or_default();
            let _ = writeln!(script, "  all[#all + 1] = wrk.format(\"GET\", path, {{ {headers} }})");
        }
        script.push_str("end\nfunction request()\n  at = at % #all + 1\n  return all[at]\nend\n");
        std::fs::write(server.script.path().join("wrk.lua"), script).expect("a file of this program's own");
        server
    }

    /// The cookie of a new visitor, with whom what was written can be read.
    fn visitor(&self, subject: &Subject) -> Option<String> {
        let written = self.get("/write", None).expect("it answered before");
        let cookie = written.cookie();
        let read = self.get("/read", cookie.as_deref()).expect("it answered before").body;
        assert!(subject.is_control() || read == written.body, "{}: {read:?} and not {written:?}", subject.name);
        cookie
    }

    fn get(&self, path: &str, cookie: Option<&str>) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
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

    /// Microseconds of the server's processor for each request, when it has as many as it can take.
    fn load(&self, path: &str) -> f64 {
        let mut command = Command::new("wrk");
        command.args(["-t1", "-c8", "-d1s"]);
        command.arg("-s").arg(self.script.path().join("wrk.lua"));
        let before = self.used();
        command.args([&format!("http://127.0.0.1:{}", self.port), "--", path]);
        let output = command.output().expect("wrk is there");
        let used = self.used() - before;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!text.contains("Non-2xx"), "requests fail: {text}");
        let requests = text.split(" requests in ").next().and_then(|text| text.split_whitespace().next_back());
        let requests: Option<f64> = requests.and_then(|requests| requests.parse().ok());
        used / requests.unwrap_or_else(|| panic!("wrk says nothing: {text}"))
    }

    /// Microseconds that the server has used of a processor, as proc(5) counts them.
    fn used(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("it is running");
        let fields = stat.rsplit_once(") ").map(|(_, fields)| fields.split(' ').skip(11).take(2));
        let ticks: f64 = fields.into_iter().flatten().filter_map(|field| field.parse::<f64>().ok()).sum();
        ticks * 10_000.0
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
        y: "part of the requests, same processor".to_owned(),
        logarithmic: false,
        places: PATHS.map(str::to_owned).into(),
        series,
        shape: Shape::Bars,
    }
}
