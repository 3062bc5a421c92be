//! A running actix-web server, its sessions, and what is beneath them.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::{Server, ServerHandle};
use webstack_actix_web::builder;
use webstack_core::store::MemoryStore;
use webstack_core::{Builder, Session, Sessions, runtime::block_on};
use webstack_testkit::{CountingStore, Counts, Faults, FaultyStore, HeldClock};

use crate::client::{self, Reply};

/// Sessions over a store that does as it is told.
pub(crate) struct Site {
    pub(crate) sessions: Sessions,
    pub(crate) counts: Counts,
    pub(crate) faults: Faults,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = Arc::new(HeldClock::new());
        let store = FaultyStore::new(MemoryStore::new().with_clock(clock.clone()));
        let faults = store.faults();
        let store = CountingStore::new(store);
        let counts = store.counts();
        let sessions = configure(builder().store(store).clock(clock)).build().unwrap();
        Site { sessions, counts, faults }
    }

    /// The number of sessions that are alive.
    pub(crate) fn alive(&self) -> usize {
        block_on(self.sessions.store().list(None, 1_000)).unwrap().len()
    }

    /// Looks at what is stored for a cookie.
    pub(crate) fn stored<T>(&self, cookie: &str, look: impl FnOnce(&Session) -> T) -> T {
        let head = http::Request::get("/").header("cookie", cookie).body(()).unwrap();
        let exchange = self.sessions.open(&head);
        let session = exchange.session();
        block_on(session.load()).unwrap();
        look(&session)
    }

    /// The number stored under a key.
    pub(crate) fn number(&self, cookie: &str, key: &str) -> Option<u32> {
        self.stored(cookie, |session| session.get(key).unwrap())
    }

    /// The cookie of a new session with `"kept": 1`, as `name=value`.
    pub(crate) fn known(&self) -> String {
        let exchange = self.sessions.open(&http::Request::new(()));
        let session = exchange.session();
        block_on(session.load()).unwrap();
        session.insert("kept", &1).unwrap();
        let reply = block_on(exchange.finish(webstack_core::Outcome::Keep)).unwrap();
        client::pair(reply.iter().find(|header| header.1 == "set-cookie").unwrap().2.to_str().unwrap())
    }
}

/// Serves an application, an expression as `HttpServer::new` takes it from a closure, until the value is dropped.
macro_rules! serve {
    ($app:expr) => {
        $crate::site::Running::start(move |listener| {
            actix_web::HttpServer::new(move || $app).workers(1).disable_signals().listen(listener).unwrap().run()
        })
    };
}
pub(crate) use serve;

/// A server on a thread of its own.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Running {
    pub(crate) fn start(server: impl FnOnce(TcpListener) -> Server + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (started, starting) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = server(listener);
                started.send(server.handle()).unwrap();
                server.await
            })
        });
        Running { address, handle: starting.recv().unwrap(), thread: Some(thread) }
    }

    pub(crate) fn send(&self, method: &str, path: &str, cookie: &str) -> Reply {
        self.send_body(method, path, cookie, "").expect("a reply")
    }

    /// The reply, unless the connection is closed without one.
    pub(crate) fn send_body(&self, method: &str, path: &str, cookie: &str, body: &str) -> Option<Reply> {
        client::exchange(self.address, &client::request(method, path, cookie, body))
    }

    /// Stops the server as a service manager does, and waits until it has.
    pub(crate) fn stop(mut self) -> std::io::Result<()> {
        let told = self.handle.stop(true);
        let ended = self.thread.take().unwrap().join().unwrap();
        block_on(told);
        ended
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            drop(self.handle.stop(false));
            drop(thread.join());
        }
    }
}

/// Adds one to `n`.
pub(crate) async fn count(session: webstack_actix_web::Session) -> webstack_actix_web::Result<String> {
    Ok(session.update("n", |n: Option<u32>| n.unwrap_or(0) + 1)?.to_string())
}

/// Waits for what a background does; a bound, not an expectation.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{what}");
        std::thread::yield_now();
    }
}
