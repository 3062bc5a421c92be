//! kill -9 in the middle of writes: every session is its old or its new self, and nothing is locked.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use webstack_core::store::FileStore;
use webstack_core::{Outcome, Session, Sessions, runtime::block_on};

/// Tells this program, run again, to be the writer that is killed.
const WRITER: &str = "WEBSTACK_CRASH_WRITER";
const COOKIE: &str = "WEBSTACK_CRASH_COOKIE";

fn sessions(directory: &Path) -> Sessions {
    let store = FileStore::open(directory).expect("a session directory");
    Sessions::builder().store(store).wait_limit(Duration::from_secs(2)).build().expect("good settings")
}

/// One request with this cookie; the cookie that the reply sets.
fn request(sessions: &Sessions, cookie: &str, handle: impl FnOnce(&Session)) -> Option<String> {
    let head = http(cookie);
    let exchange = sessions.open(&head);
    block_on(exchange.session().load()).expect("it can be loaded");
    handle(&exchange.session());
    let reply = block_on(exchange.finish(Outcome::Keep)).expect("it can be stored");
    let set = reply.iter().find(|header| header.1 == "set-cookie")?.2.to_str().ok()?.to_owned();
    set.split(';').next().map(str::to_owned)
}

fn http(cookie: &str) -> Head<'_> {
    Head(cookie)
}

struct Head<'a>(&'a str);

impl webstack_core::RequestHead for Head<'_> {
    fn header(&self, name: &http::HeaderName, show: &mut dyn FnMut(&[u8])) {
        if *name == http::header::COOKIE {
            show(self.0.as_bytes());
        }
    }
    fn method(&self) -> &str {
        "GET"
    }
    fn path_and_query(&self) -> &str {
        "/"
    }
    fn is_tls(&self) -> bool {
        true
    }
    fn mount(&self) -> &str {
        ""
    }
}

/// Adds one to `n` and writes a text as long as `n` says, in one commit; now and then begins another session and ends it.
fn write_for_ever(directory: &Path, cookie: &str) -> ! {
    let sessions = sessions(directory);
    let mut out = std::io::stdout();
    loop {
        let mut stored = 0;
        request(&sessions, cookie, |session| {
            stored = session.update("n", |n: Option<usize>| n.unwrap_or(0) + 1).expect("a number");
            session.insert("text", &"x".repeat(stored % 5_000)).expect("a text");
        });
        writeln!(out, "{stored}").and_then(|()| out.flush()).expect("the parent listens");
        // Now and then only: what is to be hit is the write above.
        if stored.is_multiple_of(16) {
            let other = request(&sessions, "", |session| session.set_user("bystander").expect("open"));
            request(&sessions, &other.expect("a cookie"), |session| session.invalidate().expect("open"));
        }
    }
}

#[test]
fn a_killed_writer_leaves_every_session_old_or_new_and_nothing_locked() {
    if let (Some(directory), Ok(cookie)) = (std::env::var_os(WRITER), std::env::var(COOKIE)) {
        write_for_ever(Path::new(&directory), &cookie);
    }
    // A write takes a few microseconds of a writer's life. Where a kill can do what is tried by the tests of the store itself.
    let wanted = if webstack_interop::all() { 60 } else { 4 };
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("sessions");
    let sessions = sessions(&directory);
    let cookie = request(&sessions, "", |session| session.insert("m", &0).expect("open")).expect("a cookie");

    let (mut rounds, mut hits, mut seen) = (0_u32, 0_u32, 0_usize);
    while hits < wanted {
        rounds += 1;
        assert!(rounds < 100 * wanted, "{hits} of {rounds} rounds hit a write");
        let acknowledged = kill_a_writer(&directory, &cookie, seen, rounds);
        let (leftovers, torn) = (leftovers(&directory), has_torn_slot(&directory));
        request(&sessions, &cookie, |session| {
            let n = session.get::<usize>("n").expect("a number").unwrap_or(0);
            let text = session.get::<String>("text").expect("a text").unwrap_or_default();
            assert!(n == acknowledged || n == acknowledged + 1, "{n} is stored, {acknowledged} was acknowledged");
            assert_eq!(text.len(), n % 5_000, "both values are of one commit");
            assert_eq!(session.get::<u32>("m").expect("a number"), Some(rounds - 1), "nothing older came back");
            // Evidence that a write was hit: stored and not acknowledged, not yet renamed, or torn.
            hits += u32::from(n > acknowledged || leftovers > 0 || torn);
            seen = n;
        });
        // If the dead held a lock, this would be refused after the wait limit.
        request(&sessions, &cookie, |session| drop(session.update("m", |m: Option<u32>| m.unwrap_or(0) + 1)));
    }
    eprintln!("{hits} of {rounds} killed writers were hit in the middle of a write");
    let alive = block_on(sessions.store().list(None, 100_000)).expect("a listing");
    assert!(alive.len() <= 1 + rounds as usize, "at most one bystander for each round was not ended");
    for listed in alive {
        assert!(listed.stored.entry.bytes.starts_with(b"WSR\x01"));
    }
}

/// Starts a writer, kills it at a moment that differs from round to round, and returns the last number it acknowledged.
fn kill_a_writer(directory: &Path, cookie: &str, before: usize, round: u32) -> usize {
    let mut writer = Command::new(std::env::current_exe().expect("a test is a program"))
        .args(["--exact", "a_killed_writer_leaves_every_session_old_or_new_and_nothing_locked", "--nocapture"])
        .env(WRITER, directory)
        .env(COOKIE, cookie)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the test can be run again");
    let mut lines = BufReader::new(writer.stdout.take().expect("it is piped")).lines();
    let mut number = || lines.by_ref().map_while(Result::ok).find_map(|line| line.trim().parse::<usize>().ok());
    let mut last = before;
    for _ in 0..=round % 4 {
        last = number().unwrap_or(last);
    }
    let moment = Instant::now() + Duration::from_micros(u64::from(round * 37 % 600));
    while Instant::now() < moment {
        std::hint::spin_loop();
    }
    writer.kill().expect("it runs");
    writer.wait().expect("it ends");
    while let Some(later) = number() {
        last = later;
    }
    last
}

/// True if the slots of some file do not both have the checksum that they say.
fn has_torn_slot(directory: &Path) -> bool {
    let files = files(directory).filter_map(|path| std::fs::read(path).ok());
    let verifies = |slot: &[u8]| slot[4..8] == crc32fast::hash(&slot[8..]).to_le_bytes();
    files.into_iter().any(|file| file.len() >= 1024 && !file.chunks(file.len() / 2).all(verifies))
}

/// The files in the directories of sessions.
fn files(directory: &Path) -> impl Iterator<Item = std::path::PathBuf> + use<> {
    let shards = std::fs::read_dir(directory).expect("it is there").flatten().map(|entry| entry.path());
    let shards = shards.filter(|path| path.is_dir() && !path.ends_with("owners"));
    shards.flat_map(|shard| std::fs::read_dir(shard).into_iter().flatten().flatten()).map(|file| file.path())
}

/// Temporary files of writers that are no more; counted and taken away, so that each counts once.
fn leftovers(directory: &Path) -> usize {
    let temporary = files(directory).filter(|path| path.extension().is_some_and(|extension| extension == "tmp"));
    temporary.map(|path| std::fs::remove_file(path).expect("it is ours")).count()
}
