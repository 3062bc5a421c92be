//! Two processes, each with a cache over PostgreSQL: how long one of them goes on answering a session that the other one has
//! ended.
#![cfg(target_os = "linux")]

use std::sync::LazyLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;
use webstack_store_sql::SqlStore;
use webstack_test_servers::staleness::{self, Forwarder, Pair};
use webstack_test_servers::{Postgres, or_skip};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
});

fn open(url: &str) -> SqlStore {
    SqlStore::builder(url).build().expect("a store")
}

/// Not a test by itself: one of the processes.
#[test]
fn worker() {
    staleness::worker(&RUNTIME, open);
}

/// Not a test by itself: a process between a client and a server.
#[test]
fn forwarder() {
    staleness::forwarder();
}

/// A server with tables, so that who listens finds them.
fn server() -> Option<Postgres> {
    let server = or_skip(Postgres::start())?;
    RUNTIME.block_on(open(&server.url()).setup()).expect("its tables are made");
    Some(server)
}

/// So short that all rounds, each longer than that, fit in about a minute.
const SHORT: Duration = Duration::from_millis(40);

#[test]
fn a_logout_in_one_process_is_known_in_the_other() {
    let Some(server) = server() else { return };
    let staleness = Duration::from_millis(200);
    let rounds = Pair::start(&server.url(), &server.url(), staleness).rounds();
    rounds.judge("told of changes");
    assert!(rounds.median() < staleness / 2, "it is told, and does not have to wait");
}

#[test]
fn a_logout_in_one_process_is_known_in_the_other_in_time_though_nothing_comes_through() {
    let Some(server) = server() else { return };
    let forwarder = Forwarder::start(server.port());
    let watch = server.url().replace(&format!(":{}/", server.port()), &format!(":{}/", forwarder.port()));
    let mut pair = Pair::start(&server.url(), &watch, SHORT);
    let rounds = pair.rounds_in_silence(|| forwarder.freeze(), || forwarder.thaw());
    rounds.judge("nothing comes through");
    assert!(rounds.median() > SHORT / 4, "it knew only because it heard nothing for too long");
}

#[test]
fn a_logout_in_one_process_is_known_in_the_other_in_time_though_the_server_tells_nothing() {
    let Some(server) = server() else { return };
    let backend = std::cell::RefCell::new(Listening::of(&server));
    let mut pair = Pair::start(&server.url(), &format!("{}?application_name={NAME}", server.url()), SHORT);
    let rounds = pair.rounds_in_silence(|| backend.borrow_mut().freeze(), || backend.borrow().thaw());
    rounds.judge("the server tells nothing");
    assert!(rounds.median() > SHORT / 4, "it knew only because it heard nothing for too long");
}

/// What the connections are called through which B is told.
const NAME: &str = "told";

/// The process of the server that tells B of changes. Its other processes go on, and so does B's asking for signs of life.
struct Listening {
    asking: PgConnection,
    process: Option<Pid>,
}

impl Listening {
    fn of(server: &Postgres) -> Listening {
        let asking = RUNTIME.block_on(PgConnection::connect(&server.url())).expect("a connection");
        Listening { asking, process: None }
    }

    /// Stops it while it waits: anywhere else it may hold a lock that everybody needs, as a process that is stopped by chance
    /// does not in a thousand years, and in a thousand rounds does.
    fn freeze(&mut self) {
        loop {
            let Some((process, _)) = self.find() else { continue };
            kill_process(process, Signal::STOP).expect("it is ours");
            self.process = Some(process);
            if self.find() == Some((process, true)) {
                return;
            }
            self.thaw();
        }
    }

    fn thaw(&self) {
        kill_process(self.process.expect("it was stopped"), Signal::CONT).expect("it is ours");
    }

    /// The process, and whether it waits for what comes.
    fn find(&mut self) -> Option<(Pid, bool)> {
        let find = "SELECT pid, wait_event IS NOT DISTINCT FROM 'ClientRead' FROM pg_stat_activity \
                    WHERE application_name = $1 AND query LIKE 'LISTEN%'";
        let found = sqlx::query_as(find).bind(NAME).fetch_optional(&mut self.asking);
        let found: Option<(i32, bool)> = RUNTIME.block_on(found).expect("an answer");
        found.map(|(process, waits)| (Pid::from_raw(process).expect("a process"), waits))
    }
}
