//! What a session holds: typed values under keys.

use serde::Serialize;
use serde::de::DeserializeOwned;
use smol_str::SmolStr;
use triomphe::Arc;

use crate::content::View;
use crate::edits::{Change, Edit};
use crate::key::{AsKey, KeyOf, Shape, Versioned};
use crate::state::State;
use crate::values::Item;
use crate::{Error, Session};

impl Session {
    /// The value of a key; `None` if there is none.
    ///
    /// A key is a text, or a [`Key`](crate::Key) that knows the type.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if the value is not of this type; [`Error::NewerValue`] if a newer program stored it.
    pub fn get<T: DeserializeOwned>(&self, key: impl KeyOf<T>) -> Result<Option<T>, Error> {
        self.visit.open()?.content().map_or(Ok(None), |content| content.read(&key))
    }

    /// Puts a value under a key.
    ///
    /// Requests that put values under different keys never lose any. If two requests insert under the same key, the
    /// later one wins and an [event](crate::Event::Overwritten) tells; where the new value depends on the old one, use
    /// [`update`](Session::update) or [`apply`](Session::apply).
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if the value cannot be written as JSON; [`Error::NewerValue`] if a newer program stored the present
    /// one, and the key knows.
    pub fn insert<T: Serialize + ?Sized>(&self, key: impl KeyOf<T>, value: &T) -> Result<(), Error> {
        let item = Item::of(key.text(), value).map_err(Error::Value)?;
        self.visit.open()?.edit(Edit::Insert(item, key.writes()))
    }

    /// Changes a value by a function of the old one, and returns the new one as it is for now.
    ///
    /// The function is kept and may run several times, each time on the newest value, until the result could be stored;
    /// so it should do nothing but compute: it must not use the session itself, which is held meanwhile. What was stored in the end may differ from what is returned here: when it
    /// matters, use [`apply`](Session::apply).
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if the present value is not of this type, or the new one cannot be written as JSON;
    /// [`Error::NewerValue`] if a newer program stored it.
    pub fn update<T, F>(&self, key: impl KeyOf<T>, change: F) -> Result<T, Error>
    where
        T: Serialize + DeserializeOwned + 'static,
        F: Fn(Option<T>) -> T + Send + 'static,
    {
        let mut state = self.visit.open()?;
        state.edit(Edit::Update(Replayable::boxed(&key, change), key.writes()))?;
        state.content().map_or(Ok(None), |content| content.read(&key))?.ok_or(Error::Gone)
    }

    /// As [`update`](Session::update), stored at once, together with everything before it: returns the stored value.
    ///
    /// Of parallel requests each gets another answer: fifty that add one to a counter get fifty numbers.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] and [`Error::NewerValue`] as for `update`; [`Error::Gone`] if the session ended or changed hands meanwhile; what the
    /// store says. After an error the change is not stored, now or later.
    pub async fn apply<T, F>(&self, key: impl KeyOf<T>, change: F) -> Result<T, Error>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: Fn(Option<T>) -> T + Send + 'static,
    {
        let edit = Edit::Update(Replayable::boxed(&key, change), key.writes());
        let (text, shape) = (key.text().to_owned(), key.shape());
        let visit = Arc::clone(&self.visit);
        let stored = self.shielded(async move {
            visit.apply(edit, move |content| content.value(&text).map(|value| shape.read(value)).transpose()).await
        });
        stored.await?.ok_or(Error::Gone)
    }

    /// Removes a value; true if there was one.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn remove(&self, key: impl AsKey) -> Result<bool, Error> {
        let mut state = self.visit.open()?;
        let present = contains(&state, key.text());
        if present {
            state.edit(Edit::Remove(key.text().into()))?;
        }
        Ok(present)
    }

    /// Removes a value and returns it.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if the value is not of this type, [`Error::NewerValue`] if a newer program stored it; it then stays.
    pub fn take<T: DeserializeOwned>(&self, key: impl KeyOf<T>) -> Result<Option<T>, Error> {
        let mut state = self.visit.open()?;
        let value = state.content().map_or(Ok(None), |content| content.read(&key))?;
        if contains(&state, key.text()) {
            state.edit(Edit::Remove(key.text().into()))?;
        }
        Ok(value)
    }

    /// True if there is a value under this key.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn contains(&self, key: impl AsKey) -> Result<bool, Error> {
        Ok(contains(&*self.visit.open()?, key.text()))
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

    /// True if there are no values. (There may be a user all the same, or messages.)
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len()? == 0)
    }

    /// Removes all values, [messages](Session::flash) and [form tokens](Session::issue_form_token); the user stays.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn clear(&self) -> Result<(), Error> {
        let mut state = self.visit.open()?;
        if state.content().is_none_or(View::holds_nothing) {
            return Ok(());
        }
        state.edit(Edit::Clear)
    }
}

fn contains(state: &State, key: &str) -> bool {
    state.content().is_some_and(|content| content.values.contains(key))
}

/// A typed function as one over raw values, that can run as often as a commit needs.
struct Replayable<T, F> {
    key: SmolStr,
    shape: Shape<T>,
    change: F,
}

impl<T, F> Replayable<T, F>
where
    T: Serialize + DeserializeOwned + 'static,
    F: Fn(Option<T>) -> T + Send + 'static,
{
    fn boxed(key: &impl KeyOf<T>, change: F) -> Box<dyn Change> {
        Box::new(Replayable { key: key.text().into(), shape: key.shape(), change })
    }
}

impl<T, F> Change for Replayable<T, F>
where
    T: Serialize + DeserializeOwned + 'static,
    F: Fn(Option<T>) -> T + Send + 'static,
{
    fn key(&self) -> &str {
        &self.key
    }

    fn of(&self, value: Option<Versioned<'_>>) -> Result<Item, Error> {
        let present = value.map(|value| self.shape.read(value)).transpose()?;
        let item = Item::of(&self.key, &(self.change)(present)).map_err(Error::Value)?;
        // What cannot be read back, such as a number that is none, would be in everybody's way from now on.
        serde_json::from_slice::<T>(item.text()).map_err(|error| Error::unreadable::<T>(&error))?;
        Ok(item)
    }
}
