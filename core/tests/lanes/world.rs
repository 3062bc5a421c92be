//! An application at two places over one store, its visitors, and what is told of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use webstack_core::store::{Entry, Listed, MemoryStore, Store, Updated};
use webstack_core::{Clock, Event, Exchange, ReplyHeaders, Session, Sessions, SigningKey, runtime::block_on};
use webstack_testkit::{FaultyStore, HeldClock};

use crate::setting::{configured, is_query};

pub(crate) struct World {
    /// Their signing keys are on the way from one to the next.
    pub(crate) sessions: [Sessions; 2],
    pub(crate) clock: HeldClock,
    pub(crate) is_query: bool,
    /// What visitors hold: cookies, or tokens of URLs.
    pub(crate) held: [Option<String>; 3],
    /// Requests that are under way, and whose they are.
    pub(crate) under_way: [Option<(Exchange, Session, usize)>; 4],
    store: Arc<dyn Store>,
    events: Arc<Mutex<Vec<Event>>>,
    /// Ids and tokens are random, so they are told by the order in which they turned up.
    names: HashMap<String, usize>,
    told: Vec<String>,
}

impl World {
    pub(crate) fn new(at_once: bool, setting: usize) -> Self {
        let clock = HeldClock::new();
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let store = FaultyStore::new(MemoryStore::new().with_clock(Arc::clone(&shared)));
        let store: Arc<dyn Store> = Arc::new(if at_once { store } else { store.answering_later() });
        let events = Arc::<Mutex<Vec<Event>>>::default();
        let sessions = [vec!["a"], vec!["b", "a"]].map(|keys| {
            let heard = Arc::clone(&events);
            configured(Sessions::builder(), setting)
                .shared_store(Arc::clone(&store))
                .clock(Arc::clone(&shared))
                .signing_keys(keys.into_iter().map(|key| SigningKey::new(key.repeat(32)).unwrap()))
                .wait_limit(Duration::from_millis(3))
                .on_event(move |event| heard.lock().unwrap().push(*event))
                .build()
                .unwrap()
        });
        let (names, told) = (HashMap::new(), Vec::new());
        let (held, under_way, is_query) = ([None, None, None], [None, None, None, None], is_query(setting));
        World { sessions, clock, is_query, held, under_way, store, events, names, told }
    }

    /// Tells what happened, and of which events there was talk.
    pub(crate) fn tell(&mut self, what: String) {
        // Sessions of a user are ended in the order of their ids, which are random.
        let is_in_any_order = what.contains("end all");
        self.told.push(what);
        let events = std::mem::take(&mut *self.events.lock().unwrap());
        let mut told = Vec::new();
        for event in events {
            let shown = format!("{event:?}");
            told.push(match shown.split_once('(') {
                Some((kind, id)) if is_in_any_order => {
                    format!("   event {kind} {:?}", self.names.get(&digits(id)))
                }
                Some((kind, id)) => format!("   event {kind} {}", self.name(&digits(id))),
                None => format!("   event {shown}"),
            });
        }
        if is_in_any_order {
            told.sort();
        }
        self.told.append(&mut told);
    }

    fn name(&mut self, text: &str) -> usize {
        let next = self.names.len();
        *self.names.entry(text.to_owned()).or_insert(next)
    }

    /// Names a session by its id.
    pub(crate) fn meet(&mut self, session: &Session) {
        if let Ok(Some(id)) = session.id() {
            self.name(&digits(&format!("{id:?}")));
        }
    }

    /// Names a token, and its session before it.
    pub(crate) fn token(&mut self, token: &str) -> usize {
        if let Some(text) = token.get(..24) {
            let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
            let id: String = bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect();
            self.name(&id);
        }
        self.name(token)
    }

    /// What a reply says, and what the visitor holds from then on.
    pub(crate) fn take(&mut self, visitor: usize, reply: &ReplyHeaders) -> String {
        let mut told = Vec::new();
        for (placing, name, value) in reply.iter() {
            let value = value.to_str().unwrap();
            let shown = match name.as_str() {
                "set-cookie" => {
                    let (pair, attributes) = value.split_once(';').unwrap();
                    let (_, token) = pair.split_once('=').unwrap();
                    self.held[visitor] = (!token.is_empty()).then(|| pair.to_owned());
                    format!("{} {attributes}", self.token(token))
                }
                "x-session-token" if value == "ended" => {
                    self.held[visitor] = None;
                    value.to_owned()
                }
                "x-session-token" => {
                    self.held[visitor] = Some(value.to_owned());
                    self.token(value).to_string()
                }
                _ => value.to_owned(),
            };
            told.push(format!("{placing:?} {name}: {shown}"));
        }
        format!("{told:?}")
    }

    /// Puts something that nobody can read in place of a session.
    pub(crate) fn spoil(&mut self, pick: usize) {
        let listed = block_on(self.store.list(None, 10)).unwrap();
        let named = |one: Listed| Some((*self.names.get(&digits(&format!("{:?}", one.id)))?, one));
        let mut listed: Vec<_> = listed.into_iter().filter_map(named).collect();
        listed.sort_by_key(|one| one.0);
        if let Some((_, Listed { id, stored })) = listed.into_iter().nth(pick) {
            let entry = Entry { bytes: "junk".into(), ..stored.entry };
            let spoilt = block_on(self.store.update(&id, stored.version, entry)).unwrap();
            assert!(matches!(spoilt, Updated::Applied(_)));
        }
        self.tell("spoil".to_owned());
    }

    /// Drops what is under way, and answers all that was told.
    pub(crate) fn end(mut self) -> Vec<String> {
        self.under_way = [None, None, None, None];
        self.tell("end".to_owned());
        let left = block_on(self.store.list(None, 100)).unwrap().len();
        self.told.push(format!("{left} left"));
        self.told
    }
}

/// The digits of the id in a text.
fn digits(text: &str) -> String {
    text.split(|character: char| !character.is_ascii_hexdigit()).find(|part| part.len() == 32).unwrap().to_owned()
}
