//! The application's part of a session: what it looks at, and what edits change.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::flash::Flashes;
use crate::form_token::FormTokens;
use crate::key::{KeyOf, Versioned};
use crate::seldom::{MaybeEmpty, Seldom};
use crate::values::{Item, Packed, Values};
use crate::{Error, Timeouts};

/// What a session holds, to be looked at: where it is stored, or as a request has made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) values: Packed<'a>,
    pub(crate) extras: &'a Seldom<Extras>,
}

/// What a session holds, to be changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    user: Option<Box<str>>,
    values: Values,
    extras: Seldom<Extras>,
}

/// What few sessions have of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    /// What the application calls the device; it is worth nothing by itself.
    pub(crate) label: Option<Box<str>>,
    /// The versions of values that are beyond their first.
    pub(crate) versions: BTreeMap<Box<str>, u32>,
    /// Timeouts of its own.
    pub(crate) timeouts: Option<Timeouts>,
    /// How long the browser is to remember it.
    pub(crate) remembered: Option<Duration>,
    pub(crate) flashes: Flashes,
    pub(crate) form_tokens: FormTokens,
}

impl MaybeEmpty for Extras {
    const EMPTY: &'static Self = &Extras {
        label: None,
        versions: BTreeMap::new(),
        timeouts: None,
        remembered: None,
        flashes: Flashes::NONE,
        form_tokens: FormTokens::NONE,
    };

    fn is_empty(&self) -> bool {
        self.is_same(Extras::EMPTY)
    }
}

impl Extras {
    fn is_same(&self, other: &Extras) -> bool {
        self.label == other.label
            && self.versions == other.versions
            && self.timeouts == other.timeouts
            && self.remembered == other.remembered
            && self.flashes.is_same(&other.flashes)
            && self.form_tokens.is_same(&other.form_tokens)
    }
}

impl<'a> View<'a> {
    /// What a session holds that does not exist.
    pub(crate) fn of_nothing() -> Self {
        const NONE: &Seldom<Extras> = &Seldom::NONE;
        View { user: None, values: Packed::default(), extras: NONE }
    }

    /// True if there is nothing that would be worth a session.
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.user.is_none() && self.holds_nothing()
    }

    /// True if there is nothing but, perhaps, a user.
    pub(crate) fn holds_nothing(self) -> bool {
        self.values.is_empty() && self.extras.flashes.is_empty() && self.extras.form_tokens.is_empty()
    }

    /// A value, and the version it has.
    #[inline]
    pub(crate) fn value(self, key: &str) -> Option<Versioned<'a>> {
        self.values.get(key).map(|json| Versioned::new(self.extras.versions.get(key).copied(), json))
    }

    /// A value as the type of its key.
    pub(crate) fn read<T: DeserializeOwned>(self, key: &impl KeyOf<T>) -> Result<Option<T>, Error> {
        self.value(key.text()).map(|found| key.shape().read(found)).transpose()
    }

    pub(crate) fn is_same(self, other: View<'_>) -> bool {
        self.user == other.user
            && self.values == other.values
            && (self.extras.is_empty() && other.extras.is_empty() || self.extras.is_same(other.extras))
    }
}

impl Content {
    /// A copy of what stands elsewhere.
    #[inline]
    pub(crate) fn of(View { user, values, extras }: View<'_>) -> Self {
        Content { user: user.map(Into::into), values: Values::of(values), extras: extras.clone() }
    }

    #[inline]
    pub(crate) fn view(&self) -> View<'_> {
        View { user: self.user.as_deref(), values: self.values.packed(), extras: &self.extras }
    }

    /// What few sessions have of it, to put something in.
    pub(crate) fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_default()
    }

    /// The same; `None` if there is nothing that could be taken out.
    pub(crate) fn present_extras(&mut self) -> Option<&mut Extras> {
        self.extras.get_mut()
    }

    pub(crate) fn set_user(&mut self, user: Option<&str>) {
        if let Some(extras) = self.extras.get_mut() {
            if self.user.is_some() && self.user.as_deref() != user {
                // What was agreed with somebody else.
                (extras.timeouts, extras.remembered) = (None, None);
            }
            extras.form_tokens.clear();
        }
        self.user = user.map(Into::into);
    }

    /// Puts in a value of this version. `None` does not care which version stands there; a version never replaces a newer one.
    pub(crate) fn put(&mut self, item: &Item, version: Option<u32>) -> Result<(), Error> {
        if let Some(known) = version
            && let Some(found) =
                self.view().value(item.name()).map(|value| value.version()).filter(|found| *found > known)
        {
            return Err(Error::NewerValue { found, known });
        }
        match version {
            Some(version) if version > 1 => {
                self.extras().versions.insert(item.name().into(), version);
            }
            _ => self.forget_version(|| item.name()),
        }
        self.values.insert(item);
        Ok(())
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.values.remove(key);
        self.forget_version(|| key);
    }

    #[inline]
    fn forget_version<'a>(&mut self, key: impl FnOnce() -> &'a str) {
        if let Some(extras) = self.extras.get_mut() {
            extras.versions.remove(key());
        }
    }

    /// Drops what it holds; whose it is and how long it lasts stay.
    pub(crate) fn clear(&mut self) {
        self.values = Values::default();
        if let Some(Extras { versions, flashes, form_tokens, .. }) = self.extras.get_mut() {
            versions.clear();
            (*flashes, *form_tokens) = (Flashes::NONE, FormTokens::NONE);
        }
    }
}
