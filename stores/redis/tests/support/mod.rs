//! What these tests have in common: servers, a runtime, names that nobody has used.

#![allow(dead_code, reason = "every test program uses its part of this")]

pub(crate) mod heard;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use webstack_store::{Entry, OwnerKey, SessionId, Timestamp};
use webstack_store_redis::{RedisStore, RedisStoreBuilder};
use webstack_test_servers::{Redis, RedisCluster, Server, or_skip};
use webstack_testkit::{HeldClock, StoreUnderTest};

/// A Redis for all tests of this program that do not harm it: one that was named, or our own.
pub(crate) static SHARED: LazyLock<Option<String>> = LazyLock::new(|| {
    static OWN: LazyLock<Option<Redis>> = LazyLock::new(|| or_skip(Redis::start()));
    Server::Redis.url().or_else(|| Some(OWN.as_ref()?.url()))
});

/// The same for a cluster of three masters.
pub(crate) static SHARED_CLUSTER: LazyLock<Option<String>> = LazyLock::new(|| {
    static OWN: LazyLock<Option<RedisCluster>> = LazyLock::new(|| or_skip(RedisCluster::start()));
    Server::RedisCluster.url().or_else(|| Some(OWN.as_ref()?.urls().join(","))).map(|urls| cluster_url(&urls))
});

/// One URL of a cluster from those of its nodes.
pub(crate) fn cluster_url(nodes: &str) -> String {
    format!("redis+cluster://{}", nodes.replace("redis://", ""))
}

/// The runtime of all tests of this program.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
});

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// A namespace that nothing has used.
pub(crate) fn namespace() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let moment = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    format!("test-{}-{}-{}", moment.as_nanos(), std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A store under a name of its own, that is patient with a machine under load.
pub(crate) fn builder(url: &str) -> RedisStoreBuilder {
    RedisStore::builder(url).namespace(namespace()).timeout(Duration::from_secs(15))
}

/// What the suite asks for; `None` if there is no server, which was said aloud.
pub(crate) fn fresh(url: Option<&String>) -> Option<StoreUnderTest> {
    let clock = HeldClock::new();
    let url = url?;
    let builder = builder(url).clock(Arc::new(clock.clone()));
    let store = StoreUnderTest::new(builder.clone().build().expect("a store"))
        .with_clock(clock)
        .with_second_handle(move || builder.clone().build().expect("a store"))
        .with_block_on(|future| RUNTIME.block_on(future));
    Some(store)
}

/// Ids all over the shards.
pub(crate) fn id(number: u64) -> SessionId {
    let mixed = u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(number);
    SessionId::from_bytes(mixed.to_be_bytes())
}

pub(crate) fn owner(name: &str) -> OwnerKey {
    OwnerKey::derive("tests", name)
}

pub(crate) fn entry(text: &'static str, expires: Option<Timestamp>, owner: Option<OwnerKey>) -> Entry {
    Entry { bytes: text.into(), expires, owner }
}

pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A number out of INFO.
pub(crate) fn info(server: &Redis, name: &str) -> u64 {
    let all = server.ask(&["INFO", "everything"]).expect("INFO");
    let found = all.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':').map(str::to_owned));
    found.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{name} in INFO"))
}

/// Sees every command that a server is sent.
pub(crate) struct Monitor {
    lines: BufReader<TcpStream>,
    server: u16,
}

impl Monitor {
    pub(crate) fn of(server: &Redis) -> Monitor {
        let stream = TcpStream::connect(("127.0.0.1", server.port())).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        (&stream).write_all(b"MONITOR\r\n").expect("MONITOR");
        let mut monitor = Monitor { lines: BufReader::new(stream), server: server.port() };
        assert_eq!(monitor.line(), "+OK");
        monitor
    }

    /// The commands that clients sent while something was done; not those that scripts gave.
    pub(crate) fn watch(&mut self, what: impl FnOnce()) -> Vec<String> {
        self.up_to("the-beginning");
        what();
        self.up_to("the-end")
    }

    fn up_to(&mut self, mark: &str) -> Vec<String> {
        let mut end = TcpStream::connect(("127.0.0.1", self.server)).expect("a connection");
        end.write_all(format!("ECHO {mark}\r\n").as_bytes()).expect("ECHO");
        let mut commands = Vec::new();
        loop {
            let line = self.line();
            // +1700000000.123456 [0 127.0.0.1:40000] "GET" "key"
            let Some((client, command)) = line.split_once("] ") else { continue };
            if command.contains(mark) {
                return commands;
            }
            if !client.ends_with(" lua") {
                commands.push(command.split('"').nth(1).unwrap_or_default().to_uppercase());
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.lines.read_until(b'\n', &mut line).expect("a line");
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }
}
