//! One request's dealings with its session: what it presented, what that opens, and what was done to it since.
//!
//! How far it has come is one number, so whoever only looks takes no lock: what was loaded is not changed any more.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Bytes;
use triomphe::Arc;
use webstack_core::store::{StoreError, Stored, Version};
use webstack_core::{Event, OnStoreFailure, SessionId, Timestamp};

use super::cookie::{MOST_TOKENS, Presented, is_for_this_machine};
use super::edits::{Edit, Edits};
use super::engine::Engine;
use super::record::{self, Record};
use super::token::{TEXT, Token, is_same};
use super::{Head, Refused, seldom};

/// How far a visit has come: one of these.
pub(super) const UNLOADED: u32 = 0;
pub(super) const LOADING: u32 = 1;
/// It was asked for, and could not be loaded.
const FAILED: u32 = 2;
pub(super) const OPEN: u32 = 3;
/// There are edits.
pub(super) const EDITED: u32 = 4;
pub(super) const DONE: u32 = 5;

pub(super) struct Visit {
    pub(super) stage: AtomicU32,
    /// The request came over plain HTTP from another machine, and presented nothing.
    pub(super) plain: bool,
    presented: Presented,
    pub(super) engine: std::sync::Arc<Engine>,
    pub(super) loaded: spin::Once<Loaded>,
    pub(super) edits: Mutex<Edits>,
}

/// What the tokens of a request open.
#[derive(Default)]
pub(super) struct Loaded {
    /// The first living session; one with something in it comes before an emptied one.
    pub(super) first: Option<Base>,
    /// The other living ones: a logout would end them, too.
    pub(super) others: Vec<SessionId>,
}

/// A session as it was seen in the store.
pub(super) struct Base {
    pub(super) id: SessionId,
    pub(super) seen: Seen,
}

/// What of an entry is looked at.
pub(super) struct Seen {
    pub(super) bytes: Bytes,
    pub(super) expires: Option<Timestamp>,
    pub(super) version: Version,
}

impl From<Stored> for Seen {
    #[inline]
    fn from(Stored { entry, version }: Stored) -> Self {
        Seen { bytes: entry.bytes, expires: entry.expires, version }
    }
}

impl Base {
    #[inline]
    pub(super) fn record(&self) -> Record<'_> {
        Record(&self.seen.bytes)
    }
}

impl Visit {
    #[inline]
    pub(super) fn of(engine: &std::sync::Arc<Engine>, head: &impl Head) -> Arc<Self> {
        engine.expect_usual();
        let mut presented = Presented::default();
        head.cookies(|line| presented.read(line, engine.cookie.as_bytes()));
        // Whoever sends a cookie back has kept it: the warning is for the others.
        let plain = presented.is_nothing()
            && engine.watches()
            && !head.is_tls()
            && !head.host().is_none_or(is_for_this_machine);
        Arc::new(Visit {
            stage: AtomicU32::new(UNLOADED),
            plain,
            presented,
            engine: std::sync::Arc::clone(engine),
            loaded: spin::Once::new(),
            edits: Mutex::default(),
        })
    }

    /// Loads the session, once.
    #[inline]
    pub(super) fn load(&self) -> Result<(), Refused> {
        let is_first = self.stage.compare_exchange(UNLOADED, LOADING, Ordering::Acquire, Ordering::Acquire);
        if let Err(stage) = is_first {
            return self.load_again(stage);
        }
        match self.search() {
            // Nobody ever waits there: who is first is known. (It is one atomic operation less than std's, and 65 instructions.)
            Ok(loaded) => drop(self.loaded.call_once(|| loaded)),
            Err(error) => return self.fail(error),
        }
        let was_open = self.stage.compare_exchange(LOADING, OPEN, Ordering::Release, Ordering::Relaxed);
        if was_open.is_ok() { Ok(()) } else { Err(Refused::TooLate) }
    }

    #[cold]
    fn load_again(&self, stage: u32) -> Result<(), Refused> {
        match stage {
            OPEN | EDITED => Ok(()),
            DONE => Err(Refused::TooLate),
            LOADING => seldom("to wait for another handle that loads"),
            _ => seldom("to load again what could not be loaded"),
        }
    }

    #[cold]
    fn fail(&self, error: StoreError) -> Result<(), Refused> {
        if self.engine.settings.policies.store_failure == OnStoreFailure::Anonymous {
            seldom("a session that could not be loaded, and is nobody's then")
        }
        self.engine.report(Event::Failed);
        let _ = self.stage.compare_exchange(LOADING, FAILED, Ordering::Release, Ordering::Relaxed);
        Err(Refused::Store(error))
    }

    /// Asks the store for what was presented.
    #[inline]
    fn search(&self) -> Result<Loaded, StoreError> {
        let (mut loaded, presented) = (Loaded::default(), &self.presented);
        if let Some(text) = &presented.first {
            self.look(text, &mut loaded)?;
        }
        if presented.malformed || !presented.more.is_empty() {
            self.search_more(&mut loaded)?;
        }
        Ok(loaded)
    }

    #[cold]
    fn search_more(&self, loaded: &mut Loaded) -> Result<(), StoreError> {
        for text in self.presented.more.iter().take(MOST_TOKENS - 1) {
            self.look(text, loaded)?;
        }
        if self.presented.malformed {
            self.engine.report(Event::MalformedToken);
        }
        Ok(())
    }

    /// Looks for the session of one text.
    #[inline]
    fn look(&self, text: &[u8; TEXT], loaded: &mut Loaded) -> Result<(), StoreError> {
        let engine = &*self.engine;
        let Some(token) = Token::parse(text) else {
            engine.report(Event::MalformedToken);
            return Ok(());
        };
        let seen = match engine.settings.store.load_at_once(&token.id) {
            Some(Ok(Some(stored))) => Seen::from(stored),
            Some(Ok(None)) => {
                engine.report(Event::UnknownToken(token.id));
                return Ok(());
            }
            None | Some(Err(StoreError::Busy)) => seldom("to wait for a store"),
            Some(Err(error)) => return Err(error),
        };
        if record::check(&seen.bytes).is_err() {
            seldom("a record that is none");
        }
        if !is_same(Record(&seen.bytes).digest(), &engine.digests.of(&token)) {
            // There would be details if others than this one opened it.
            engine.report(Event::WrongSecret(token.id));
            return Ok(());
        }
        if loaded.first.is_some() {
            loaded.add(engine, Base { id: token.id, seen });
        } else {
            loaded.first = Some(Base { id: token.id, seen });
        }
        Ok(())
    }

    /// Does something with what the handler sees.
    #[inline]
    pub(super) fn with<T>(&self, look: impl FnOnce(Option<Record<'_>>, &[Edit]) -> T) -> Result<T, Refused> {
        match self.stage.load(Ordering::Acquire) {
            OPEN => Ok(look(self.stored(), &[])),
            EDITED => {
                let edits = super::held(&self.edits);
                // They are taken out when it is done.
                match self.stage.load(Ordering::Relaxed) {
                    DONE => Err(Refused::TooLate),
                    _ => Ok(look(self.stored(), &edits)),
                }
            }
            DONE => Err(Refused::TooLate),
            _ => Err(Refused::NotLoaded),
        }
    }

    #[inline]
    fn stored(&self) -> Option<Record<'_>> {
        self.loaded.get()?.first.as_ref().map(Base::record)
    }

    /// Adds what somebody makes of what the handler sees.
    #[inline]
    pub(super) fn edit(
        &self,
        make: impl FnOnce(Option<Record<'_>>, &[Edit]) -> Result<Edit, Refused>,
    ) -> Result<(), Refused> {
        let mut edits = super::held(&self.edits);
        // It is said beforehand that there are some: whoever finishes then waits for the lock.
        match self.stage.compare_exchange(OPEN, EDITED, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) | Err(EDITED) => {}
            Err(DONE) => return Err(Refused::TooLate),
            Err(_) => return Err(Refused::NotLoaded),
        }
        let edit = make(self.stored(), &edits)?;
        edits.push(edit);
        Ok(())
    }
}

impl Loaded {
    /// One more living session.
    #[cold]
    fn add(&mut self, engine: &Engine, base: Base) {
        match &self.first {
            Some(first) if first.id == base.id => {}
            Some(emptied) if emptied.record().count() == 0 => self.first = Some(base),
            _ if base.record().count() == 0 => {}
            _ => {
                engine.report(Event::SecondSession(base.id));
                self.others.push(base.id);
            }
        }
    }
}
