//! What a session costs a CGI program, whose process is new for every request: static, with files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::measure::time::Spread;
use crate::page::Page;

/// What is asked for, and how tables call it.
const REQUESTS: [(&str, &str); 6] = [
    ("/control", "answered before webstack is called"),
    ("/plain", "no session is asked for"),
    ("/bare", "the same, and the bare calls of a load and a save"),
    ("/read", "a value is read"),
    ("/write", "a value is replaced"),
    ("/create", "the first value of a visitor"),
];

/// As the adapter documents it.
const FLAGS: &str = "-C target-feature=+crt-static -C relocation-model=static --cfg sha2_backend=\"soft\"";

/// Starts processes in turn, and says how long each kind lives.
pub(crate) fn run(rounds: usize, page: &Page) {
    let program = match build() {
        Ok(program) => program,
        Err(error) => {
            eprintln!("\n!!! THE CGI PROGRAM IS NOT MEASURED, because it was not built:\n{error}\n");
            return;
        }
    };
    let place = tempfile::tempdir().expect("a directory");
    let cookie = visitor(&program, place.path());
    let sessions = place.path().join("sessions");
    let file = session_file(&sessions);
    let mut samples = vec![Vec::with_capacity(rounds); REQUESTS.len()];
    for round in 0..rounds {
        for turn in 0..REQUESTS.len() {
            let at = (turn + round) % REQUESTS.len();
            let mut command = request(&program, place.path(), REQUESTS[at].0, &cookie);
            // The directory that the bare calls find the file in, as the store has it open.
            command.stdout(Stdio::null()).current_dir(&sessions).env("BENCH_FILE", &file);
            let begun = Instant::now();
            let status = command.status().expect("the program starts");
            samples[at].push(begun.elapsed().as_nanos() as f64 / 1e3);
            assert!(status.success(), "{} fails", REQUESTS[at].0);
        }
    }
    let (control, plain) = (samples[0].clone(), samples[1].clone());
    let mut table = String::from(
        "| one process, µs | median (quartiles) | of that without webstack (quartiles) | of that without a session |\n\
         |---|---:|---:|---:|\n",
    );
    for ((_, what), samples) in REQUESTS.iter().zip(samples) {
        let over = |base: &[f64]| Spread::of(samples.iter().zip(base).map(|(sample, base)| sample / base).collect());
        let (ratios, session) = (over(&control), over(&plain));
        let spread = Spread::of(samples);
        let _ = writeln!(
            table,
            "| {what} | {:.0} ({:.0} – {:.0}) | {:.2} ({:.2} – {:.2}) | {:.2} ({:.2} – {:.2}) |",
            spread.median,
            spread.lower,
            spread.upper,
            ratios.median,
            ratios.lower,
            ratios.upper,
            session.median,
            session.lower,
            session.upper
        );
    }
    page.table("cgi", &table);
}

/// Builds the program without a C library to load. With a target that is named, macros are built as ever.
fn build() -> Result<PathBuf, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = here.join("target/static");
    let output = Command::new("rustc").arg("-vV").output().map_err(|error| error.to_string())?;
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = output.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not name its host")?;
    let built = Command::new("cargo")
        .args(["build", "--profile", "cgi", "--locked", "--package", "webstack-bench-cgi", "--target", host])
        .current_dir(here)
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", FLAGS)
        .output()
        .map_err(|error| error.to_string())?;
    if !built.status.success() {
        return Err(String::from_utf8_lossy(&built.stderr).into_owned());
    }
    Ok(target.join(host).join("cgi/webstack-bench-cgi"))
}

fn request(program: &Path, place: &Path, path: &str, cookie: &str) -> Command {
    // A visitor's first request writes as every other does, without a cookie.
    let (path, cookie) = if path == "/create" { ("/write", "") } else { (path, cookie) };
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("WEBSTACK_STORE", format!("file:{}", place.join("sessions").display()))
        .envs([("GATEWAY_INTERFACE", "CGI/1.1"), ("SCRIPT_NAME", "/cgi-bin/bench"), ("SERVER_PROTOCOL", "HTTP/1.1")])
        .envs([("REQUEST_METHOD", "GET"), ("PATH_INFO", path), ("HTTP_HOST", "www.example.test")])
        .envs([("HTTPS", "on"), ("HTTP_COOKIE", cookie)]);
    command
}

/// The one session's file, below the directory.
fn session_file(sessions: &Path) -> PathBuf {
    let names = |directory: &Path| {
        let entries = std::fs::read_dir(directory).expect("a directory of the store's");
        entries.map(|entry| entry.expect("an entry").file_name()).collect::<Vec<_>>()
    };
    let shard = names(sessions).into_iter().find(|name| name.len() == 2).expect("there is a session");
    Path::new(&shard).join(&names(&sessions.join(&shard))[0])
}

/// The cookie of somebody with a value, which the program can read.
fn visitor(program: &Path, place: &Path) -> String {
    let answer = |path: &str, cookie: &str| {
        let output = request(program, place, path, cookie).output().expect("the program starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let created = answer("/create", "");
    let set = created.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = set.and_then(|set| set.split(';').next()).unwrap_or_else(|| panic!("no cookie: {created}")).to_owned();
    let read = answer("/read", &cookie);
    assert!(read.contains("Some("), "what was written is not read: {read}");
    cookie
}
