//! A server of a framework, in this process, over a store in memory.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use webstack_core::Sessions;
use webstack_core::runtime::block_on;
use webstack_core::store::{Listed, MemoryStore};
use webstack_testkit::environment::Browser;

use crate::Framework;

pub(crate) struct Served {
    url: String,
    sessions: Sessions,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Served {
    pub(crate) fn start(framework: &Framework) -> Served {
        let sessions = Sessions::builder().store(MemoryStore::new()).build().expect("defaults are good");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, ready) = mpsc::channel();
        let (run, shared) = (framework.run, sessions.clone());
        let thread = std::thread::spawn(move || {
            let ready = Box::new(move || tell.send(()).expect("it is waited for"));
            run(listener, shared, ready, Box::pin(async move { drop(stopped.await) }))
        });
        ready.recv().unwrap_or_else(|_| panic!("{} does not start", framework.name));
        Served { url, sessions, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn stranger(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// Somebody whose session holds `n`.
    pub(crate) fn visitor(&self) -> Browser {
        let mut browser = self.stranger();
        browser.post("/count").expect(200).token();
        browser
    }

    fn stored(&self) -> Vec<Listed> {
        block_on(self.sessions.store().list(None, 100)).expect("memory does not fail")
    }

    pub(crate) fn records(&self) -> usize {
        self.stored().len()
    }

    pub(crate) fn clear(&self) {
        for Listed { id, .. } in self.stored() {
            let _ = block_on(self.sessions.store().remove(&id)).expect("memory does not fail");
        }
    }

    /// Waits for what a server does behind its answer, or without anybody who hears it.
    pub(crate) fn until(&self, name: &str, mut done: impl FnMut() -> bool) {
        const PATIENCE: Duration = Duration::from_secs(30);
        let begun = Instant::now();
        while !done() {
            assert!(begun.elapsed() < PATIENCE, "{name} never does it; {} sessions", self.records());
            std::thread::yield_now();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            assert!(matches!(ended, Some(Ok(Ok(())))), "{ended:?}");
        }
    }
}
