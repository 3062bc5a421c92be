//! A record that is to be stored.

use std::fmt;

use bytes::Bytes;

use super::head::{Head, NewHead};
use crate::content::View;
use crate::details::{self, Details};
use crate::seldom::Seldom;
use crate::{SecretDigest, Timestamp};

/// What a session is to be from now on.
pub(crate) struct Revision<'a> {
    pub(super) head: NewHead,
    /// What few sessions have besides.
    pub(crate) details: Seldom<Details>,
    /// What it holds for the application.
    pub(crate) view: View<'a>,
}

impl<'a> Revision<'a> {
    /// The first of a session.
    pub(crate) fn first(digest: &SecretDigest, now: Timestamp, view: View<'a>) -> Self {
        Revision { head: NewHead::first(digest, now), details: Seldom::NONE, view }
    }

    /// What is left of a session whose ticket is still good: it opens for nobody who has not the secret of this digest.
    pub(crate) fn grave(digest: &SecretDigest, now: Timestamp, ticket_ends: Timestamp) -> Self {
        let mut grave = Revision::first(digest, now, View::of_nothing());
        grave.head.end();
        grave.details.get_or_default().ticket_ends = Some(ticket_ends);
        grave
    }

    #[inline]
    pub(crate) fn head(&self) -> Head<'_> {
        self.head.head()
    }

    /// A change of privilege: requests that loaded the session before it change nothing any more.
    pub(crate) fn raise_epoch(&mut self) {
        self.head.set_epoch(self.head().epoch().saturating_add(1));
    }

    pub(crate) fn set_digest(&mut self, digest: &SecretDigest) {
        self.head.set_digest(digest);
    }

    #[inline]
    pub(crate) fn set_written(&mut self, moment: Timestamp) {
        self.head.set_written(moment);
    }

    pub(crate) fn set_signed_in(&mut self, moment: Timestamp) {
        self.head.set_signed_in(moment);
    }

    #[inline]
    pub(crate) fn set_cookie_expires(&mut self, moment: Option<Timestamp>) {
        self.head.set_cookie_expires(moment);
    }

    /// Its bytes.
    #[inline]
    pub(crate) fn encode(&mut self) -> Result<Bytes, serde_json::Error> {
        let View { user, values, extras } = self.view;
        let details = match self.details.is_empty() && extras.is_empty() {
            true => Vec::new(),
            false => details::encode(&self.details, extras)?,
        };
        self.head.set_lengths(user, details.len(), values.len());
        let parts = [self.head.as_bytes(), user.unwrap_or("").as_bytes(), &details, values.as_bytes()];
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        Ok(bytes.into())
    }
}

/// Shows nothing of what it holds.
impl fmt::Debug for Revision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revision").field("epoch", &self.head().epoch()).finish_non_exhaustive()
    }
}
