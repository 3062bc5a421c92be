//! A record as it stands in a store.

use std::fmt;

use bytes::Bytes;

use super::head::{HEAD, Head, NewHead};
use super::{Malformed, Revision};
use crate::content::{Extras, View};
use crate::details::{self, Details};
use crate::seldom::Seldom;
use crate::values::Packed;

/// A session as it is stored: looked through once, and then read where it stands.
#[derive(Clone)]
pub(crate) struct Record {
    bytes: Bytes,
    details: Seldom<Details>,
    extras: Seldom<Extras>,
    /// Where the values begin.
    values: u32,
}

impl Record {
    /// Reads a record; anything but exactly this version's form is an error.
    #[inline]
    pub(crate) fn decode(bytes: Bytes) -> Result<Self, Malformed> {
        let head = Head(bytes.first_chunk().ok_or(Malformed::Form)?);
        let details_at = HEAD.saturating_add(head.name());
        let values_at = details_at.saturating_add(head.details());
        let name = bytes.get(HEAD..details_at).ok_or(Malformed::Form)?;
        let details = bytes.get(details_at..values_at).ok_or(Malformed::Form)?;
        let is_name = if head.has_user() { std::str::from_utf8(name).is_ok() } else { name.is_empty() };
        if !head.is_known() || !is_name || !Packed::are(&bytes[values_at..], head.values()) {
            return Err(Malformed::Form);
        }
        let (details, extras) = match details {
            [] => (Seldom::NONE, Seldom::NONE),
            details => {
                let (details, extras) = details::decode(details)?;
                (Seldom::new(details), Seldom::new(extras))
            }
        };
        let values = u32::try_from(values_at).map_err(|_| Malformed::Form)?;
        Ok(Record { bytes, details, extras, values })
    }

    /// What every request looks at.
    #[inline]
    pub(crate) fn head(&self) -> Head<'_> {
        Head(self.bytes.first_chunk().expect("it was looked through"))
    }

    /// What few sessions have, for the application.
    #[inline]
    pub(crate) fn extras(&self) -> &Seldom<Extras> {
        &self.extras
    }

    /// True if it has anything of what few sessions have.
    #[inline]
    pub(crate) fn has_details(&self) -> bool {
        self.head().details() > 0
    }

    /// What few sessions have besides.
    #[inline]
    pub(crate) fn details(&self) -> &Details {
        &self.details
    }

    /// What it holds for the application.
    #[inline]
    pub(crate) fn view(&self) -> View<'_> {
        let head = self.head();
        let name = || std::str::from_utf8(&self.bytes[HEAD..HEAD + head.name()]).unwrap_or_default();
        let values = Packed::known(&self.bytes[self.values as usize..], head.values());
        View { user: head.has_user().then(name), values, extras: &self.extras }
    }

    /// True if there is nothing in it that would be worth a session.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        let (head, Extras { flashes, form_tokens, .. }) = (self.head(), &*self.extras);
        !head.has_user() && head.values() == 0 && flashes.is_empty() && form_tokens.is_empty()
    }

    /// The same with this content, to be stored.
    #[inline]
    pub(crate) fn revised<'a>(&self, view: View<'a>) -> Revision<'a> {
        Revision { head: NewHead::of(self.head()), details: self.details.clone(), view }
    }
}

/// Shows nothing of what it holds.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("epoch", &self.head().epoch()).finish_non_exhaustive()
    }
}
