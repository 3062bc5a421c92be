//! Messages that are shown once, such as "Your order was placed", on whatever page comes next.
//!
//! A request that changes something leaves a message with [`Session::flash`](crate::Session::flash) and redirects; the page
//! that is loaded then shows what [`Session::flashes`](crate::Session::flashes) gives it.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::Error;

/// What kind of message it is; in order of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// For developers.
    Debug,
    /// Something to know.
    Info,
    /// What was asked for was done.
    Success,
    /// Something to look after.
    Warning,
    /// What was asked for was not done.
    Error,
}

impl Level {
    /// The level as one lower-case word, for a class in HTML.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Success => "success",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A message.
///
/// It can be serialized for a template: `id`, `level`, `text`, and `data` if there is any.
///
/// # Security
///
/// The text is what the application put in: a page has to escape it, as everything else.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flash {
    id: u64,
    level: Level,
    text: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

impl Flash {
    pub(crate) fn new(level: Level, text: String) -> Result<Self, Error> {
        Flash { id: random()?, level, text: text.into(), data: None }.within_limit()
    }

    pub(crate) fn with_data<T: Serialize + ?Sized>(self, data: &T) -> Result<Self, Error> {
        Flash { data: Some(to_raw_value(data).map_err(Error::Value)?), ..self }.within_limit()
    }

    fn within_limit(self) -> Result<Self, Error> {
        let length = self.text.len() + self.data.as_ref().map_or(0, |data| data.get().len());
        if length > MAX_BYTES { Err(Error::FlashTooLong { limit: MAX_BYTES }) } else { Ok(self) }
    }

    /// What tells this message from all others of its session, two of the same text included.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What kind of message it is.
    pub fn level(&self) -> Level {
        self.level
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What was added to the text, by [`Session::flash_with`](crate::Session::flash_with); `None` if nothing was.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if it is not of this type.
    pub fn data<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        let data = self.data.as_ref().map(|data| serde_json::from_str(data.get())).transpose();
        data.map_err(|error| Error::unreadable::<T>(&error))
    }
}

/// A random number, of bits that every reader of JSON keeps: requests in flight cannot agree on a counter.
fn random() -> Result<u64, getrandom::Error> {
    Ok(getrandom::u64()? >> 11)
}

/// How many messages wait at most. For clients that show none, the oldest are dropped.
const MAX_MESSAGES: usize = 64;

/// The longest message, in bytes of text and data together.
const MAX_BYTES: usize = 4 << 10;

/// The messages of a session that wait to be shown, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Flashes(Vec<Flash>);

impl Flashes {
    pub(crate) const NONE: Flashes = Flashes(Vec::new());

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn is_same(&self, other: &Flashes) -> bool {
        self.ids().eq(other.ids())
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(Flash::id)
    }

    pub(crate) fn to_vec(&self) -> Vec<Flash> {
        self.0.clone()
    }

    pub(crate) fn push(&mut self, message: Flash) {
        self.0.push(message);
        self.drop_oldest();
    }

    /// Takes out those that were shown, and leaves those that came since.
    pub(crate) fn take(&mut self, shown: &[u64]) {
        self.0.retain(|message| !shown.contains(&message.id));
    }

    /// Puts messages back, before those that came since.
    pub(crate) fn keep(&mut self, messages: &[Flash]) {
        let mut kept: Vec<Flash> = Vec::new();
        for message in messages {
            if self.ids().chain(kept.iter().map(Flash::id)).all(|id| id != message.id) {
                kept.push(message.clone());
            }
        }
        kept.append(&mut self.0);
        self.0 = kept;
        self.drop_oldest();
    }

    fn drop_oldest(&mut self) {
        let too_many = self.0.len().saturating_sub(MAX_MESSAGES);
        self.0.drain(..too_many);
    }
}
