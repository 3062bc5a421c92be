//! Several processes over one directory: none is waited for that was killed, and none for long that was stopped.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use webstack_core::runtime::block_on;
use webstack_store::{Created, Entry, SessionId, Store as _, StoreError, Updated};
use webstack_store_lmdb::{Durability, LmdbStore};

const PLACE: &str = "WEBSTACK_LMDB_WORKER";

fn open(directory: &Path) -> LmdbStore {
    let builder = LmdbStore::builder(directory).first_size(1 << 16).durability(Durability::InsecureUnsynced);
    builder.open().expect("a store")
}

fn entry(number: u64) -> Entry {
    // Every byte says the same, so that a torn entry shows.
    Entry {
        bytes: vec![number.to_be_bytes()[7]; 200 + usize::from(number.to_be_bytes()[7])].into(),
        expires: None,
        owner: None,
    }
}

fn counter() -> SessionId {
    SessionId::from_bytes([1; 16])
}

/// Not a test by itself: what the other processes do. It counts in one entry, and fills the store with others.
#[test]
fn worker() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let store = open(Path::new(&place));
    let mut created = 0_u64;
    loop {
        let Some(mut found) = block_on(store.load(&counter())).expect("it can be read") else { return };
        loop {
            let next = Entry { bytes: (count(&found.entry) + 1).to_string().into(), ..found.entry };
            match block_on(store.update(&counter(), found.version, next)) {
                Ok(Updated::Applied(_)) => break,
                Ok(Updated::Conflict(newer)) => found = newer,
                Ok(Updated::Gone) => return,
                Err(StoreError::Busy) => {
                    found = block_on(store.load(&counter())).expect("it can be read").expect("it lives")
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        #[allow(clippy::print_stdout, reason = "the other process reads it")]
        {
            println!("counted");
        }
        created += 1;
        let mut id = [0; 16];
        id[..8].copy_from_slice(&created.to_be_bytes());
        id[8..12].copy_from_slice(&std::process::id().to_be_bytes());
        let _ = block_on(store.create(&SessionId::from_bytes(id), entry(created)));
    }
}

fn count(entry: &Entry) -> u64 {
    std::str::from_utf8(&entry.bytes).expect("a number").parse().expect("a number")
}

struct Worker(Child);

impl Worker {
    fn start(directory: &Path) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        command.args(["--exact", "worker", "--nocapture", "--test-threads=1"]).env(PLACE, directory);
        Worker(command.stdout(Stdio::piped()).spawn().expect("it starts"))
    }

    /// Reads what it counted, up to so many.
    fn counted(&mut self, enough: usize) -> usize {
        let out = BufReader::new(self.0.stdout.as_mut().expect("it is piped"));
        out.lines().map_while(Result::ok).filter(|line| line.ends_with("counted")).take(enough).count()
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.0);
        kill_process(pid, signal).expect("it is ours");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn killed_writers_hold_up_nobody_and_leave_nothing_torn() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("sessions");
    let store = open(&directory);
    let zero = Entry { bytes: "0".into(), expires: None, owner: None };
    assert!(matches!(block_on(store.create(&counter(), zero)), Ok(Created::New(_))));
    let mut acknowledged = 0;
    for _ in 0..20 {
        let mut workers = [Worker::start(&directory), Worker::start(&directory)];
        acknowledged += workers[0].counted(20) + workers[1].counted(5);
        // dropped: killed in the middle of whatever they do
    }
    let found = block_on(store.load(&counter())).expect("it can be read").expect("nobody removed it");
    assert!(count(&found.entry) >= acknowledged as u64, "{} of {acknowledged}", count(&found.entry));
    let mut after = None;
    let mut whole = 0;
    loop {
        let page = block_on(store.list(after.as_ref(), 500)).expect("a listing");
        for listed in &page {
            if listed.id != counter() {
                let first = u64::from(listed.stored.entry.bytes[0]);
                assert_eq!(listed.stored.entry, entry(first), "torn");
                whole += 1;
            }
        }
        after = page.last().map(|listed| listed.id);
        if page.len() < 500 {
            break;
        }
    }
    assert!(whole > 100, "others could write meanwhile, in a map that grew: {whole}");
    assert!(matches!(block_on(store.update(&counter(), found.version, found.entry)), Ok(Updated::Applied(_))));
}

#[test]
fn a_stopped_writer_holds_others_up_for_a_bounded_time_and_readers_not_at_all() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("sessions");
    let store = open(&directory);
    let zero = Entry { bytes: "0".into(), expires: None, owner: None };
    assert!(matches!(block_on(store.create(&counter(), zero.clone())), Ok(Created::New(_))));
    let mut worker = Worker::start(&directory);
    assert_eq!(worker.counted(1), 1);
    let mut number = 0_u64;
    let mut next = || {
        number += 1;
        SessionId::from_bytes(u128::from(number).to_be_bytes())
    };
    // Stopped at random moments; some of them are behind the gate, on a busy machine very few.
    let mut held_up = 0;
    for _ in 0..10_000 {
        worker.signal(Signal::STOP);
        assert!(block_on(store.load(&counter())).expect("readers wait for nobody").is_some());
        match block_on(store.create(&next(), zero.clone())) {
            Ok(_) => {}
            Err(StoreError::Busy) => held_up += 1,
            Err(error) => panic!("{error:?}"),
        }
        worker.signal(Signal::CONT);
        if held_up == 2 {
            break;
        }
        std::thread::yield_now();
    }
    assert!(held_up > 0, "the gate was never found shut");
    assert!(matches!(block_on(store.create(&next(), zero)), Ok(Created::New(_)) | Err(StoreError::Busy)));
}
