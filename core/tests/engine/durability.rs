//! What waits for the disk does not hold up a server's threads.
#![cfg(all(unix, feature = "tokio"))]

use std::sync::Arc;
use std::sync::Mutex;
use std::thread::ThreadId;

use webstack_core::store::{Created, Durability, Entry, FileStore, Removed, Store, Updated};
use webstack_core::{Clock, SessionId, SystemClock, Timestamp};

/// Notes the thread on which a store asks for the time: the one on which it works, or which called it.
#[derive(Debug, Default)]
struct Noting(Mutex<Vec<ThreadId>>);

impl Clock for Noting {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().push(std::thread::current().id());
        SystemClock.now()
    }
}

fn entry(text: &'static str) -> Entry {
    Entry { bytes: text.into(), expires: None, owner: None }
}

#[test]
fn a_synced_write_leaves_the_thread_and_is_done_though_nobody_waits() {
    let place = tempfile::tempdir().unwrap();
    let store = FileStore::builder(place.path().join("sessions")).durability(Durability::Full).open().unwrap();
    let id = SessionId::from_bytes([7; 16]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut creating = Box::pin(store.create(&id, entry("one")));
        // A hop to another thread and back is never ready at once.
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(creating.as_mut().poll(&mut context).is_pending());
        let Created::New(version) = creating.await.unwrap() else { panic!("it is new") };
        let mut updating = Box::pin(store.update(&id, version, entry("two")));
        assert!(updating.as_mut().poll(&mut context).is_pending());
        drop(updating);
        // What is under way on another thread is done in a while. Reads are done where they are asked for.
        let mut looks = 0;
        while store.load(&id).await.unwrap().unwrap().entry.bytes != "two" {
            looks += 1;
            assert!(looks < 100_000, "it is not done");
            tokio::task::spawn_blocking(std::thread::yield_now).await.unwrap();
        }
    });
}

#[test]
fn without_a_runtime_and_without_syncing_everything_is_done_at_once() {
    let place = tempfile::tempdir().unwrap();
    let id = SessionId::from_bytes([7; 16]);
    for (name, durability) in [("a", Durability::None), ("b", Durability::Data), ("c", Durability::Full)] {
        let noting = Arc::new(Noting::default());
        let builder = FileStore::builder(place.path().join(name)).durability(durability);
        let store = builder.clock(Arc::clone(&noting) as Arc<dyn Clock>).open().unwrap();
        webstack_core::runtime::block_on(async {
            let Created::New(version) = store.create(&id, entry("one")).await.unwrap() else { panic!("it is new") };
            assert!(matches!(store.update(&id, version, entry("two")).await.unwrap(), Updated::Applied(_)));
            assert!(matches!(store.remove(&id).await.unwrap(), Removed::Removed));
        });
        let here = std::thread::current().id();
        assert!(noting.0.lock().unwrap().iter().all(|thread| *thread == here));
    }
}
