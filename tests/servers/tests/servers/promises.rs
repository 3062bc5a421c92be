//! What is promised of every server.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use webstack_test_servers::{MariaDb, MySql, NotStarted, Postgres, Redis, RedisOptions, or_skip, where_there};

use crate::traces;

/// A server that keeps a text at a restart, and what all of them have in common.
pub(crate) trait Subject: Sized + Send + Sync + 'static {
    /// `None` if it is not on this machine, which was said aloud.
    fn started() -> Option<Self>;
    fn put(&self, text: &str);
    /// The text, if the server answers.
    fn text(&self) -> Option<String>;
    fn url(&self) -> String;
    fn directory(&self) -> &Path;
    fn process(&self) -> Option<u32>;
    fn pause(&self);
    fn resume(&self);
    fn kill(&self);
    fn restart(&self) -> Result<(), NotStarted>;
}

macro_rules! subject {
    ($server:ty, $start:expr, |$put_to:ident, $value:ident| $put:expr, |$asked:ident| $text:expr) => {
        impl Subject for $server {
            fn started() -> Option<Self> {
                $start
            }
            fn put(&self, $value: &str) {
                let $put_to = self;
                $put.expect("it is written");
            }
            fn text(&self) -> Option<String> {
                let $asked = self;
                $text.ok()
            }
            fn url(&self) -> String {
                self.url()
            }
            fn directory(&self) -> &Path {
                self.directory()
            }
            fn process(&self) -> Option<u32> {
                self.process()
            }
            fn pause(&self) {
                self.pause();
            }
            fn resume(&self) {
                self.resume();
            }
            fn kill(&self) {
                self.kill();
            }
            fn restart(&self) -> Result<(), NotStarted> {
                self.restart()
            }
        }
    };
}

subject!(
    Redis,
    or_skip(Redis::start_with(RedisOptions::new().durable())),
    |redis, text| redis.ask(&["SET", "text", text]),
    |redis| redis.ask(&["GET", "text"])
);
subject!(
    Postgres,
    or_skip(Postgres::start()),
    |postgres, text| postgres.query(&format!("CREATE TABLE kept AS SELECT '{text}' AS text")),
    |postgres| postgres.query("SELECT text FROM kept")
);
subject!(
    MariaDb,
    or_skip(MariaDb::start()),
    |mariadb, text| mariadb.query(&format!("CREATE TABLE kept AS SELECT '{text}' AS text")),
    |mariadb| mariadb.query("SELECT text FROM kept")
);

subject!(
    MySql,
    where_there(MySql::start()),
    |mysql, text| mysql.query(&format!("CREATE TABLE kept AS SELECT '{text}' AS text")),
    |mysql| mysql.query("SELECT text FROM kept")
);

/// A paused server, with all of its processes, answers nobody, until it is resumed.
pub(crate) fn pauses_and_resumes<S: Subject>() {
    let Some(server) = S::started() else { return };
    server.put("one");
    let server = Arc::new(server);
    server.pause();
    assert_eq!(traces::states_of(server.directory()), ['T'].into());
    let asking = {
        let server = Arc::clone(&server);
        thread::spawn(move || server.text())
    };
    thread::sleep(Duration::from_millis(500));
    assert!(!asking.is_finished(), "a paused server answers: {:?}", asking.join());
    server.resume();
    assert_eq!(asking.join().expect("asking does not panic").as_deref(), Some("one"));
}

/// What was written is there after a restart in good order, and after the server was killed; the address stays.
pub(crate) fn keeps_its_data<S: Subject>() {
    let Some(server) = S::started() else { return };
    let url = server.url();
    server.put("one");
    let first = server.process();
    server.restart().expect("it starts again");
    assert_ne!(server.process(), first);
    assert_eq!(server.text().as_deref(), Some("one"));
    server.kill();
    assert_eq!(server.process(), None);
    assert_eq!(server.text(), None);
    server.restart().expect("it starts again");
    assert_eq!(server.text().as_deref(), Some("one"));
    assert_eq!(server.url(), url);
}

/// A server that is killed is gone with all of its processes when that is said, paused or not.
pub(crate) fn is_killed_whole<S: Subject>() {
    let Some(server) = S::started() else { return };
    let assert_gone = || assert_eq!(traces::processes_of(server.directory()), []);
    assert!(!traces::processes_of(server.directory()).is_empty());
    server.kill();
    assert_gone();
    server.restart().expect("it starts again");
    server.pause();
    server.kill();
    assert_gone();
}

/// Nothing is left of a server that is dropped, whether it runs, is paused, or was killed; and that does not take long.
pub(crate) fn leaves_nothing_behind<S: Subject>() {
    for before in [|_: &S| (), S::pause, S::kill] {
        let Some(server) = S::started() else { return };
        let directory = server.directory().to_owned();
        assert!(!traces::processes_of(&directory).is_empty());
        before(&server);
        let begun = Instant::now();
        drop(server);
        traces::assert_gone(&directory);
        assert!(begun.elapsed() < Duration::from_secs(10), "it was killed after {:?}", begun.elapsed());
    }
}

/// Two of a kind run side by side, and know nothing of each other.
pub(crate) fn two_run_side_by_side<S: Subject>() {
    let another = thread::spawn(S::started);
    let one = S::started();
    let (Some(one), Some(two)) = (one, another.join().expect("starting does not panic")) else { return };
    assert_ne!(one.url(), two.url());
    one.put("one");
    two.put("two");
    assert_eq!((one.text().as_deref(), two.text().as_deref()), (Some("one"), Some("two")));
    drop(one);
    assert_eq!(two.text().as_deref(), Some("two"));
}

/// The promises as tests of one server.
macro_rules! promises {
    ($server:ty; $($promise:ident)*) => {
        $(#[test]
        fn $promise() {
            crate::promises::$promise::<$server>();
        })*
    };
    ($server:ty) => {
        crate::promises::promises! { $server;
            pauses_and_resumes keeps_its_data is_killed_whole leaves_nothing_behind two_run_side_by_side
        }
    };
}
pub(crate) use promises;
