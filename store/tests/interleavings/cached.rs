//! What a cache may answer when several requests, and another process, meet.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use crate::schedule::{Outcome, Stepped, explore, others_run, run};
use webstack_store::{
    BoxFuture, Cached, Changes, Created, Entry, MemoryStore, SessionId, Store, Stored, Updated, Version, Watch,
};

/// A store that others change too, and tell of it when the test says.
#[derive(Debug)]
struct Watched(Arc<World>);

#[derive(Debug)]
struct World {
    store: Stepped<MemoryStore>,
    listener: Mutex<Option<Weak<dyn Changes>>>,
}

impl World {
    fn tell(&self) {
        if let Some(listener) = self.listener.lock().expect("no panic").as_ref().and_then(Weak::upgrade) {
            listener.changed(&id());
        }
    }
}

macro_rules! through {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {$(
        fn $name<'a>(&'a self, $($argument: $type),*) -> webstack_store::StoreAnswer<'a, $answer> {
            webstack_store::StoreAnswer::later(async move {
                let answer = self.0.store.$name($($argument),*).await;
                // The answer is on its way.
                others_run().await;
                answer
            })
        }
    )*};
}

impl Store for Watched {
    through! {
        load(id: &'a SessionId) -> Option<Stored>;
        create(id: &'a SessionId, entry: Entry) -> Created;
        update(id: &'a SessionId, seen: Version, entry: Entry) -> Updated;
        touch(id: &'a SessionId, seen: Version, expires: Option<webstack_store::Timestamp>) -> webstack_store::Touched;
        remove(id: &'a SessionId) -> webstack_store::Removed;
        purge(step: webstack_store::PurgeStep) -> webstack_store::Purged;
        list(after: Option<&'a SessionId>, limit: usize) -> Vec<webstack_store::Listed>;
        owned_by(
            owner: &'a webstack_store::OwnerKey,
            after: Option<&'a SessionId>,
            limit: usize
        ) -> Vec<webstack_store::Listed>;
        reserve(owner: &'a webstack_store::OwnerKey, id: &'a SessionId, limit: usize) -> webstack_store::Reserved;
    }

    fn capabilities(&self) -> webstack_store::Capabilities {
        self.0.store.capabilities()
    }
}

impl Watch for Watched {
    fn watch(&self, changes: Weak<dyn Changes>) -> BoxFuture<'static, ()> {
        if let Some(listener) = changes.upgrade() {
            listener.begun();
        }
        *self.0.listener.lock().expect("no panic") = Some(changes);
        Box::pin(std::future::pending())
    }
}

fn id() -> SessionId {
    SessionId::from_bytes([7; 16])
}

fn entry(text: &'static str) -> Entry {
    Entry { bytes: text.into(), expires: None, owner: None }
}

type Scene = (Arc<World>, Arc<Cached<Watched>>);

/// What is kept here is never too old by itself: only what is told of counts.
const FOR_EVER: Duration = Duration::from_secs(1 << 30);

fn begun() -> Scene {
    let store = MemoryStore::new();
    assert!(matches!(run(store.create(&id(), entry("0"))), Ok(Created::New(_))));
    let world = Arc::new(World { store: Stepped(store), listener: Mutex::new(None) });
    let cache = Cached::new(Watched(Arc::clone(&world))).with_staleness(FOR_EVER);
    drop(cache.listen());
    (world, Arc::new(cache))
}

fn number(found: Option<&Stored>) -> Option<u32> {
    found.map(|found| String::from_utf8_lossy(&found.entry.bytes).parse().expect("a number"))
}

/// Reads twice; a second look must not be older than the first.
async fn reads(cache: Arc<Cached<Watched>>) {
    let first = number(cache.load(&id()).await.expect("memory").as_ref());
    let second = number(cache.load(&id()).await.expect("memory").as_ref());
    match (first, second) {
        (Some(first), Some(second)) => assert!(first <= second, "back in time: {first}, then {second}"),
        (None, Some(_)) => panic!("back from the dead"),
        _ => {}
    }
}

/// Counts one up, as the engine does, and sees what it wrote.
async fn counts(store: &dyn Store, sees_itself: bool) {
    let Some(mut found) = store.load(&id()).await.expect("memory") else { return };
    loop {
        let next = number(Some(&found)).expect("a number") + 1;
        let replaced = Entry { bytes: next.to_string().into(), ..found.entry.clone() };
        match store.update(&id(), found.version, replaced).await.expect("memory") {
            Updated::Applied(_) => {
                let seen = number(store.load(&id()).await.expect("memory").as_ref());
                assert!(!sees_itself || seen.is_none_or(|seen| seen >= next), "its own update is not seen");
                return;
            }
            Updated::Conflict(newer) => found = newer,
            Updated::Gone => return,
        }
    }
}

async fn counts_elsewhere(world: Arc<World>) {
    counts(&world.store, false).await;
    world.tell();
}

async fn ends(cache: Arc<Cached<Watched>>) {
    let _ = cache.remove(&id()).await.expect("memory");
    assert_eq!(cache.load(&id()).await.expect("memory"), None, "the process that ends a session forgets it at once");
}

/// Everything was told of, so the cache answers what the store has.
fn check((world, cache): &Scene, _: &[Outcome<()>]) {
    let truth = number(run(world.store.0.load(&id())).expect("memory").as_ref());
    for _ in 0..2 {
        assert_eq!(number(run(cache.load(&id())).expect("memory").as_ref()), truth);
    }
}

#[test]
fn readers_and_writers_of_one_process_see_nothing_older_than_they_saw() {
    let explored = explore(
        begun,
        |(_, cache)| {
            let [one, two, three] = [0; 3].map(|_| Arc::clone(cache));
            vec![Box::pin(reads(one)), Box::pin(async move { counts(&*two, true).await }), Box::pin(reads(three))]
        },
        4,
        1,
        check,
    );
    assert!(explored > 100, "{explored}");
}

#[test]
fn a_change_elsewhere_is_seen_once_it_was_told_of() {
    let explored = explore(
        begun,
        |(world, cache)| {
            let (world, one, two) = (Arc::clone(world), Arc::clone(cache), Arc::clone(cache));
            vec![
                Box::pin(counts_elsewhere(world)),
                Box::pin(reads(one)),
                Box::pin(async move { counts(&*two, true).await }),
            ]
        },
        4,
        0,
        check,
    );
    assert!(explored > 100, "{explored}");
}

#[test]
fn two_readers_see_nothing_older_than_they_saw_while_others_change_it() {
    let explored = explore(
        begun,
        |(world, cache)| {
            let (world, one, two) = (Arc::clone(world), Arc::clone(cache), Arc::clone(cache));
            vec![Box::pin(counts_elsewhere(world)), Box::pin(reads(one)), Box::pin(reads(two))]
        },
        4,
        0,
        check,
    );
    assert!(explored > 100, "{explored}");
}

#[test]
fn who_ends_a_session_forgets_it_at_once() {
    let explored = explore(
        begun,
        |(_, cache)| {
            let [one, two, three] = [0; 3].map(|_| Arc::clone(cache));
            vec![Box::pin(ends(one)), Box::pin(reads(two)), Box::pin(async move { counts(&*three, true).await })]
        },
        4,
        0,
        check,
    );
    assert!(explored > 100, "{explored}");
}
