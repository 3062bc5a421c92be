//! The session, as applications hold it.

use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use crate::edits::{Change, Edit};
use crate::engine::Engine;
use crate::load::Base;
use crate::record::Content;
use crate::runtime::Shielded;
use crate::state::State;
use crate::visit::Visit;
use crate::{Error, SessionId};

/// A visitor's session during one request.
///
/// An extractor has loaded it; then reading and writing are synchronous, and what was written is stored at the end
/// of the request, before the first byte of the response. Writes are kept as operations and replayed on whatever other
/// requests stored meanwhile, so parallel requests lose nothing. A session comes into being with the first thing
/// that is put into it, not before.
///
/// Clones are handles of the same session.
///
/// # Errors
///
/// All methods fail with [`Error::NotLoaded`] before [`load`](Session::load) (extractors call it) and with
/// [`Error::TooLate`] after the response has begun; other errors stand at the methods.
///
/// ```
/// use webstack_core::{Outcome, Sessions, runtime::block_on, store::MemoryStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
/// let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
/// let exchange = sessions.open(&http::Request::new(()));
/// let session = exchange.session();
/// session.load().await?;
///
/// session.insert("cart", &["apples", "pears"])?;
/// session.update("visits", |n: Option<u32>| n.unwrap_or(0) + 1)?;
/// assert_eq!(session.get::<Vec<String>>("cart")?.unwrap(), ["apples", "pears"]);
///
/// let headers = exchange.finish(Outcome::Keep).await?;
/// assert!(headers.iter().any(|(_, name, _)| name == "set-cookie"));
/// # Ok(()) }) }
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    visit: Arc<Visit>,
}

impl Session {
    pub(crate) fn new(visit: Arc<Visit>) -> Self {
        Session { visit }
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.visit.engine
    }

    /// Loads the session from the store, on the first call. Extractors do it; middleware may.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] or [`Error::Broken`] if the store fails.
    pub async fn load(&self) -> Result<(), Error> {
        self.visit.load().await
    }

    /// The value of a key; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if the value is not of this type.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let state = self.visit.open()?;
        state.content().map_or(Ok(None), |content| decode(content, key))
    }

    /// Puts a value under a key.
    ///
    /// Requests that put values under different keys never lose any. If two requests insert under the same key, the
    /// later one wins and an [event](crate::Event::Overwritten) tells; where the new value depends on the old one, use
    /// [`update`](Session::update) or [`apply`](Session::apply).
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if the value cannot be written as JSON.
    pub fn insert<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Error> {
        let value = to_raw_value(value).map_err(Error::Value)?;
        self.visit.open()?.edit(Edit::Insert(key.into(), value))
    }

    /// Changes a value by a function of the old one, and returns the new one as it is for now.
    ///
    /// The function is kept and may run several times, each time on the newest value, until the result could be stored;
    /// so it should do nothing but compute. What was stored in the end may differ from what is returned here: when it
    /// matters, use [`apply`](Session::apply).
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if the present value is not of this type, or the new one cannot be written as JSON.
    pub fn update<T, F>(&self, key: &str, change: F) -> Result<T, Error>
    where
        T: Serialize + DeserializeOwned,
        F: Fn(Option<T>) -> T + Send + 'static,
    {
        let mut state = self.visit.open()?;
        state.edit(Edit::Update(key.into(), replayable(change)))?;
        state.content().map_or(Ok(None), |content| decode(content, key))?.ok_or(Error::Gone)
    }

    /// As [`update`](Session::update), stored at once, together with everything before it: returns the stored value.
    ///
    /// Of parallel requests each gets another answer: fifty that add one to a counter get fifty numbers.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] as for `update`; [`Error::Gone`] if the session ended or changed hands meanwhile; what the
    /// store says. After an error the change is not stored, now or later.
    pub async fn apply<T, F>(&self, key: &str, change: F) -> Result<T, Error>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: Fn(Option<T>) -> T + Send + 'static,
    {
        let edit = Edit::Update(key.into(), replayable(change));
        let key = key.to_owned();
        let visit = Arc::clone(&self.visit);
        self.shielded(async move { visit.apply(edit, move |content| decode(content, &key)?.ok_or(Error::Gone)).await })
            .await
    }

    /// Removes a value; true if there was one.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn remove(&self, key: &str) -> Result<bool, Error> {
        let mut state = self.visit.open()?;
        let present = contains(&state, key);
        if present {
            state.edit(Edit::Remove(key.into()))?;
        }
        Ok(present)
    }

    /// Removes a value and returns it.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if the value is not of this type; it then stays.
    pub fn take<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let mut state = self.visit.open()?;
        let value = state.content().map_or(Ok(None), |content| decode(content, key))?;
        if contains(&state, key) {
            state.edit(Edit::Remove(key.into()))?;
        }
        Ok(value)
    }

    /// True if there is a value under this key.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn contains(&self, key: &str) -> Result<bool, Error> {
        Ok(contains(&*self.visit.open()?, key))
    }

    /// The keys, in alphabetical order.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn keys(&self) -> Result<Vec<String>, Error> {
        let state = self.visit.open()?;
        Ok(state.content().map_or(Vec::new(), |content| content.values.keys().map(ToString::to_string).collect()))
    }

    /// The number of values.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn len(&self) -> Result<usize, Error> {
        Ok(self.visit.open()?.content().map_or(0, |content| content.values.len()))
    }

    /// True if there are no values. (There may be a user all the same.)
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len()? == 0)
    }

    /// Removes all values; the user stays.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn clear(&self) -> Result<(), Error> {
        let mut state = self.visit.open()?;
        if state.content().is_none_or(|content| content.values.is_empty()) {
            return Ok(());
        }
        state.edit(Edit::Clear)
    }

    /// Who is signed in.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn user(&self) -> Result<Option<String>, Error> {
        Ok(self.visit.open()?.content().and_then(|content| content.user.as_deref()).map(str::to_owned))
    }

    /// Signs a user in: keeps the values, renews the token and begins the absolute lifetime anew.
    ///
    /// # Security
    ///
    /// The old token is dead as soon as the login is stored, and requests that loaded the session before it change
    /// nothing any more, so a token planted by an attacker gains nothing (ASVS 7.2.4, session fixation).
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn set_user(&self, user: &str) -> Result<(), Error> {
        self.visit.open()?.edit(Edit::SetUser(Some(user.into())))
    }

    /// Signs the user out and keeps the values; the token is renewed. To end the session use
    /// [`invalidate`](Session::invalidate), which holds even if the request fails later.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn clear_user(&self) -> Result<(), Error> {
        let mut state = self.visit.open()?;
        if state.content().is_none_or(|content| content.user.is_none()) {
            return Ok(());
        }
        state.edit(Edit::SetUser(None))
    }

    /// Gives the session a new token; data, public id and absolute deadline stay. The old token is dead at once.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn renew(&self) -> Result<(), Error> {
        self.visit.open()?.edit(Edit::Renew)
    }

    /// Ends the session: the logout. What is put into it afterwards begins a new session with a new id.
    ///
    /// # Security
    ///
    /// Ending holds whatever else happens: if this request fails or panics later, and against every request in flight.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn invalidate(&self) -> Result<(), Error> {
        self.visit.open()?.invalidate();
        Ok(())
    }

    /// Drops all values and the user; the session stays valid. If there was a user, the token is renewed.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn delete(&self) -> Result<(), Error> {
        self.clear()?;
        self.clear_user()
    }

    /// The public id; `None` as long as nothing is stored.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn id(&self) -> Result<Option<SessionId>, Error> {
        self.of_stored(|base| *base.token.id())
    }

    /// When the session was created; `None` as long as nothing is stored.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn created(&self) -> Result<Option<SystemTime>, Error> {
        self.of_stored(|base| base.record.created.into())
    }

    /// When the session was last used before this request, to the resolution of touches (a minute, or a tenth of the
    /// idle timeout if that is shorter); `None` as long as nothing is stored.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn accessed(&self) -> Result<Option<SystemTime>, Error> {
        let lifetime = self.visit.engine.lifetime;
        self.of_stored(|base| lifetime.accessed(base.record.written, base.expires).into())
    }

    /// When the session ends if it is not used any more; `None` if never, or as long as nothing is stored.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn expires(&self) -> Result<Option<SystemTime>, Error> {
        Ok(self.of_stored(|base| base.expires.map(SystemTime::from))?.flatten())
    }

    /// False if the request presented a living session and has not ended it.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn is_new(&self) -> Result<bool, Error> {
        Ok(!self.visit.open()?.found)
    }

    /// True if the request presented a well-formed token whose session is no more.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn was_invalidated(&self) -> Result<bool, Error> {
        let found = self.visit.open()?.found;
        Ok(!found && self.visit.presented_token())
    }

    /// Stores at once what was done so far. It is then kept even if the request fails.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] if the session ended or changed hands meanwhile; [`Error::TooLarge`] and
    /// [`Error::TooManyValues`]; what the store says.
    pub async fn save(&self) -> Result<(), Error> {
        let visit = Arc::clone(&self.visit);
        self.shielded(async move { visit.save().await }).await
    }

    /// Sees what other requests stored meanwhile; what this one did and has not stored yet is applied on top.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] if the session ended or changed hands meanwhile; what the store says.
    pub async fn reload(&self) -> Result<(), Error> {
        self.visit.reload().await
    }

    /// Once begun, storing goes on to its end though the handler is cancelled: nothing is stored twice or half.
    async fn shielded<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> T {
        Shielded::new(self.visit.engine.runtime(), future).await
    }

    fn of_stored<T>(&self, look: impl FnOnce(&Base) -> T) -> Result<Option<T>, Error> {
        let state = self.visit.open()?;
        Ok(state.base.as_deref().filter(|base| !base.is_empty()).map(look))
    }
}

fn contains(state: &State, key: &str) -> bool {
    state.content().is_some_and(|content| content.values.contains_key(key))
}

fn decode<T: DeserializeOwned>(content: &Content, key: &str) -> Result<Option<T>, Error> {
    content.values.get(key).map(|value| serde_json::from_str(value.get())).transpose().map_err(Error::Value)
}

/// A typed function as one over raw values, that can run as often as a commit needs.
fn replayable<T, F>(change: F) -> Change
where
    T: Serialize + DeserializeOwned,
    F: Fn(Option<T>) -> T + Send + 'static,
{
    Box::new(move |value: Option<&RawValue>| {
        let present = value.map(|value| serde_json::from_str(value.get())).transpose()?;
        to_raw_value(&change(present))
    })
}
