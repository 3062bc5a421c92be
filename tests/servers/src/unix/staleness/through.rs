//! A store that is told of changes through a connection that a test can hold up, and that goes its own way for all else.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Weak;
use std::thread;

use webstack_store::{
    BoxFuture, Capabilities, Changes, Created, Entry, OwnerKey, PurgeStep, Purged, Removed, Reserved, SessionId, Store,
    StoreResult, Stored, Timestamp, Touched, Updated, Version, Watch,
};
use webstack_store_redis::RedisStore;

#[derive(Debug)]
pub(crate) struct Through {
    pub(crate) store: RedisStore,
    /// The same store, at the address of a forwarder.
    pub(crate) watch: RedisStore,
}

impl Watch for Through {
    fn watch(&self, changes: Weak<dyn Changes>) -> BoxFuture<'static, ()> {
        self.watch.watch(changes)
    }
}

impl Store for Through {
    fn load<'a>(&'a self, id: &'a SessionId) -> StoreResult<'a, Option<Stored>> {
        self.store.load(id)
    }

    fn create<'a>(&'a self, id: &'a SessionId, entry: Entry) -> StoreResult<'a, Created> {
        self.store.create(id, entry)
    }

    fn update<'a>(&'a self, id: &'a SessionId, seen: Version, entry: Entry) -> StoreResult<'a, Updated> {
        self.store.update(id, seen, entry)
    }

    fn touch<'a>(&'a self, id: &'a SessionId, seen: Version, expires: Option<Timestamp>) -> StoreResult<'a, Touched> {
        self.store.touch(id, seen, expires)
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> StoreResult<'a, Removed> {
        self.store.remove(id)
    }

    fn purge<'a>(&'a self, step: PurgeStep) -> StoreResult<'a, Purged> {
        self.store.purge(step)
    }

    fn list<'a>(&'a self, after: Option<&'a SessionId>, limit: usize) -> StoreResult<'a, Vec<webstack_store::Listed>> {
        self.store.list(after, limit)
    }

    fn owned_by<'a>(
        &'a self,
        owner: &'a OwnerKey,
        after: Option<&'a SessionId>,
        limit: usize,
    ) -> StoreResult<'a, Vec<webstack_store::Listed>> {
        self.store.owned_by(owner, after, limit)
    }

    fn reserve<'a>(&'a self, owner: &'a OwnerKey, id: &'a SessionId, limit: usize) -> StoreResult<'a, Reserved> {
        self.store.reserve(owner, id, limit)
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }
}

/// Passes on everything to a server on this machine and back, until its standard input ends; says on which port it listens.
pub(crate) fn forward(server: u16, ready: impl FnOnce(u16)) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    ready(listener.local_addr().expect("an address").port());
    thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.expect("a connection");
            let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
            for stream in [&client, &server] {
                stream.set_nodelay(true).expect("a setting");
            }
            let [there, back] = [(&client, &server), (&server, &client)]
                .map(|(from, to)| (from.try_clone().expect("a handle"), to.try_clone().expect("a handle")));
            for (mut from, mut to) in [there, back] {
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Both);
                });
            }
        }
    });
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
}
