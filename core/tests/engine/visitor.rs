//! A browser without a network: it holds a cookie, and each request is an exchange.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use webstack_core::store::MemoryStore;
use webstack_core::{
    Builder, Clock, Event, Exchange, Outcome, ReplyHeaders, Session, SessionInfo, Sessions, runtime::block_on,
};
use webstack_testkit::{CountingStore, Counts, Faults, FaultyStore, HeldClock};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// An application's sessions, and the handles to what is beneath them.
pub(crate) struct Site {
    pub(crate) sessions: Sessions,
    pub(crate) clock: HeldClock,
    pub(crate) counts: Counts,
    pub(crate) faults: Faults,
    pub(crate) events: Arc<Mutex<Vec<Event>>>,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = HeldClock::new();
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let store = FaultyStore::new(MemoryStore::new().with_clock(Arc::clone(&shared)));
        let store = if crate::AT_ONCE { store } else { store.answering_later() };
        let faults = store.faults();
        let store = CountingStore::new(store);
        let counts = store.counts();
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        let builder =
            Sessions::builder().store(store).clock(shared).on_event(move |event| heard.lock().unwrap().push(*event));
        let sessions = configure(builder).build().unwrap();
        Site { sessions, clock, counts, faults, events }
    }

    pub(crate) fn heard(&self, event: impl Fn(&Event) -> bool) -> usize {
        self.events.lock().unwrap().iter().filter(|heard| event(heard)).count()
    }

    /// The number of sessions that are alive.
    pub(crate) fn alive(&self) -> usize {
        block_on(self.sessions.store().list(None, 1_000)).unwrap().len()
    }
}

/// Who visits; the cookie is `name=value`.
#[derive(Clone, Default)]
pub(crate) struct Visitor {
    pub(crate) cookie: Option<String>,
}

impl Visitor {
    /// A request that has arrived, its session not loaded yet.
    pub(crate) fn open(&self, site: &Site) -> Exchange {
        let mut head = http::Request::new(());
        if let Some(cookie) = &self.cookie {
            head.headers_mut().insert("cookie", cookie.parse().unwrap());
        }
        site.sessions.open(&head)
    }

    /// The same, its session loaded.
    pub(crate) fn arrive(&self, site: &Site) -> Request {
        let exchange = self.open(site);
        let session = exchange.session();
        block_on(session.load()).unwrap();
        Request { exchange, session }
    }

    /// A whole request; the cookie is kept as a browser would.
    pub(crate) fn visit(&mut self, site: &Site, handle: impl FnOnce(&Session)) -> ReplyHeaders {
        let request = self.arrive(site);
        handle(&request.session);
        let reply = request.answer(Outcome::Keep);
        self.take(&reply);
        reply
    }

    pub(crate) fn take(&mut self, reply: &ReplyHeaders) {
        let Some(text) = set_cookie(reply) else { return };
        let pair = text.split(';').next().unwrap().to_owned();
        self.cookie = (!pair.ends_with('=')).then_some(pair);
    }
}

pub(crate) struct Request {
    pub(crate) exchange: Exchange,
    pub(crate) session: Session,
}

impl Request {
    pub(crate) fn answer(self, outcome: Outcome) -> ReplyHeaders {
        block_on(self.exchange.finish(outcome)).unwrap()
    }
}

pub(crate) fn set_cookie(reply: &ReplyHeaders) -> Option<String> {
    reply.iter().find(|header| header.1 == "set-cookie").map(|header| header.2.to_str().unwrap().to_owned())
}

pub(crate) fn header(reply: &ReplyHeaders, name: &str) -> Option<String> {
    reply.iter().find(|header| header.1 == name).map(|header| header.2.to_str().unwrap().to_owned())
}

/// A visitor with a session that holds `"kept": 1`.
pub(crate) fn known(site: &Site) -> Visitor {
    let mut visitor = Visitor::default();
    visitor.visit(site, |session| session.insert("kept", &1).unwrap());
    assert!(visitor.cookie.is_some());
    visitor
}

pub(crate) fn value(site: &Site, visitor: &Visitor, key: &str) -> Option<u32> {
    visitor.arrive(site).session.get(key).unwrap()
}

/// A visitor with a session of this user.
pub(crate) fn signed_in(site: &Site, user: &str) -> Visitor {
    let mut visitor = Visitor::default();
    visitor.visit(site, |session| session.set_user(user).unwrap());
    visitor
}

pub(crate) fn is_alive(site: &Site, visitor: &Visitor) -> bool {
    !visitor.arrive(site).session.is_new().unwrap()
}

pub(crate) fn of_user(site: &Site, user: &str) -> Vec<SessionInfo> {
    block_on(site.sessions.user_sessions(user)).unwrap()
}
