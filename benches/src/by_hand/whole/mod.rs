//! The fastest that makes all of webstack's promises, as far as an ordinary request can tell: one without a user that reads or writes
//! values, in a store that has its answers at hand.
//!
//! What a request comes to only seldom is looked at, and then left out: [`seldom`]. So it is a limit from below.
//!
//! | promise, beside those of [promising](super::promising) | by what |
//! |---|---|
//! | any store | webstack's own contract, behind a pointer; what is not at hand is seldom |
//! | settings | one engine, chosen at run time: what is not as usual in it is known by one look |
//! | handles may be kept, moved and used at any time | one number says how far the request has come |
//! | who meets loads once, and no lock is held meanwhile | that number, and a cell that is filled once |
//! | who is too late is told so | the number is swapped before what was done is taken out, which takes the lock |
//! | a read sees what was written before | the log is looked through from its end |
//! | functions of the old value, done again on a newer one | the log keeps them |
//! | nothing is used that is not whole | lengths, count, order and texts of all keys are looked at first |
//! | every cookie of the name is a candidate | all of them are kept; the first that opens a living session wins, and other ids are kept |
//! | the digest takes as long to compare wherever it differs | all of its words, and one comparison |
//! | users, renewal in time, locks, tickets, timeouts of its own, persistent cookies | the first sixteen bytes of a record say that there is nothing of it |
//! | sessions end | a deadline that moves with use, an absolute one that caps it |
//! | an emptied session loses its cookie | the number of values, before and after |
//! | writers of one session stand in line | a count of the lines |
//! | a failed request stores nothing, nor one that is dropped | policies, and the exchange when it goes |
//! | limits | before anything is stored |
//! | who asks for Secure cookies over plain HTTP reads it in the log | the request's host, if it presents nothing |
//! | events | a hook, where something is odd |
//! | a layer inside of another stands aside | the handle that was there tells whose it is |

mod cookie;
mod edits;
mod engine;
mod finish;
mod record;
#[cfg(test)]
mod tests;
mod token;
mod visit;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use triomphe::Arc;
use webstack_core::Outcome;
use webstack_core::store::StoreError;

use engine::Engine;
pub(crate) use engine::Settings;
use visit::Visit;

use super::{Number, ReplyHeaders, held};
use edits::{Edit, packed};

/// What it is called in tables.
pub(crate) const NAME: &str = "by hand, whole";

/// What is seen of a request.
pub(crate) trait Head {
    fn cookies(&self, show: impl FnMut(&[u8]));
    fn host(&self) -> Option<&[u8]>;
    fn is_tls(&self) -> bool;
}

/// Why something is refused.
#[derive(Debug)]
pub(crate) enum Refused {
    NotLoaded,
    TooLate,
    Value,
    TooLarge,
    Gone,
    /// What a store says.
    #[allow(dead_code, reason = "it is shown")]
    Store(StoreError),
}

/// What would follow here is left out: it could only make all else slower.
#[cold]
#[inline(never)]
fn seldom(what: &str) -> ! {
    panic!("by hand, whole: seldom things are left out: {what}")
}

/// The sessions of an application; clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Sessions(std::sync::Arc<Engine>);

impl Default for Sessions {
    fn default() -> Self {
        Sessions::new(Settings::default())
    }
}

impl Sessions {
    pub(crate) fn new(settings: Settings) -> Self {
        Sessions(std::sync::Arc::new(Engine::new(settings)))
    }

    #[inline]
    pub(crate) fn open(&self, head: &impl Head) -> Exchange {
        Exchange(Some(Visit::of(&self.0, head)))
    }

    /// True if these sessions opened this one.
    pub(crate) fn opened(&self, session: &Session) -> bool {
        std::sync::Arc::ptr_eq(&self.0, &session.0.engine)
    }
}

/// One request and its response.
pub(crate) struct Exchange(Option<Arc<Visit>>);

impl Exchange {
    #[inline]
    pub(crate) fn session(&self) -> Session {
        Session(Arc::clone(self.0.as_ref().expect("it is there until the end")))
    }

    /// Stores what was done, before the response begins.
    #[inline]
    pub(crate) fn finish(mut self, outcome: Outcome, headers: &mut impl ReplyHeaders) -> Result<(), Refused> {
        self.0.take().map_or(Ok(()), |visit| finish::finish(visit, outcome, headers))
    }
}

impl Drop for Exchange {
    #[inline]
    fn drop(&mut self) {
        if let Some(visit) = &mut self.0 {
            finish::abandon(visit);
        }
    }
}

/// A handle of a request's session.
#[derive(Clone)]
pub(crate) struct Session(Arc<Visit>);

impl Session {
    #[inline]
    pub(crate) fn load(&self) -> Result<(), Refused> {
        self.0.load()
    }

    #[inline]
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Refused> {
        self.0.with(|stored, edits| value(edits::get(stored, edits, key.as_bytes())))?
    }

    #[inline]
    pub(crate) fn insert<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Refused> {
        let packed = packed(key, value)?;
        self.0.edit(|_, _| Ok(Edit::Insert(packed)))
    }

    /// Changes a value by a function of the old one, done again if others were faster.
    pub(crate) fn update<T, F>(&self, key: &str, change: F) -> Result<(), Refused>
    where
        T: Serialize + DeserializeOwned + 'static,
        F: Fn(Option<T>) -> T + Send + 'static,
    {
        let name = key.to_owned();
        let change = Box::new(move |text: Option<&[u8]>| packed(&name, &change(value(text)?)));
        self.0.edit(|stored, edits| {
            let made = change(edits::get(stored, edits, key.as_bytes()))?;
            Ok(Edit::Update(key.into(), change, made))
        })
    }

    /// A number, in an application that is sure of it.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.get(key).expect("it is loaded, and a number")
    }

    pub(crate) fn put(&self, key: &str, value: u64) {
        self.insert(key, &value).expect("the session is open");
    }

    #[allow(dead_code, reason = "no request that is measured removes anything")]
    pub(crate) fn remove(&self, key: &str) -> Result<(), Refused> {
        self.0.edit(|_, _| Ok(Edit::Remove(key.into())))
    }

    #[allow(dead_code, reason = "no request that is measured removes anything")]
    pub(crate) fn clear(&self) -> Result<(), Refused> {
        self.0.edit(|_, _| Ok(Edit::Clear))
    }
}

#[inline]
fn value<T: DeserializeOwned>(text: Option<&[u8]>) -> Result<Option<T>, Refused> {
    text.map(|text| serde_json::from_slice(text).map_err(|_| Refused::Value)).transpose()
}

impl Number for Session {
    fn read(&self, key: &str) -> Option<u64> {
        self.number(key)
    }

    fn write(&mut self, key: &str, value: u64) {
        self.put(key, value);
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl<B> Head for http::Request<B> {
    fn cookies(&self, show: impl FnMut(&[u8])) {
        super::cookie_lines(self.headers()).for_each(show);
    }

    fn host(&self) -> Option<&[u8]> {
        self.headers().get(http::header::HOST).map(http::HeaderValue::as_bytes)
    }

    fn is_tls(&self) -> bool {
        self.uri().scheme() == Some(&http::uri::Scheme::HTTPS)
    }
}
