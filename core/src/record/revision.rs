//! A record that is to be stored.

use bytes::{BufMut as _, Bytes};

use super::{COOKIE_SENT, ENDED, HAS_USER, HEAD, MAGIC, SIGNED_IN};
use crate::content::{Content, View};
use crate::details;
use crate::lease::Lease;
use crate::rotation::Rotation;
use crate::seldom::Seldom;
use crate::{SecretDigest, Timestamp};

/// What a session is to be from now on.
#[derive(Debug)]
pub(crate) struct Revision {
    /// Raised by every change of privilege; a commit that loaded another epoch is refused.
    pub(crate) epoch: u64,
    /// What is kept of the token's secret.
    pub(crate) digest: SecretDigest,
    /// What is kept of the tokens before and behind it.
    pub(crate) rotation: Seldom<Rotation>,
    pub(crate) created: Timestamp,
    /// When the record was last written; touches move the entry's deadline only.
    pub(crate) written: Timestamp,
    /// When a user was last set: a login begins the absolute lifetime anew.
    pub(crate) signed_in: Option<Timestamp>,
    /// When the cookie that was last sent runs out in the browser.
    pub(crate) cookie_expires: Option<Timestamp>,
    /// When the ticket that began it, if one did, is good no more.
    pub(crate) ticket_ends: Option<Timestamp>,
    /// Who has locked the session.
    pub(crate) lease: Option<Lease>,
    pub(crate) content: Content,
}

impl Revision {
    /// The first of a session.
    pub(crate) fn first(digest: SecretDigest, now: Timestamp, content: Content) -> Self {
        Revision {
            epoch: 0,
            digest,
            rotation: Seldom::default(),
            created: now,
            written: now,
            signed_in: None,
            cookie_expires: None,
            ticket_ends: None,
            lease: None,
            content,
        }
    }

    /// What is left of a session whose ticket is still good: it opens for nobody who has not the secret of this digest.
    pub(crate) fn grave(digest: SecretDigest, now: Timestamp, ticket_ends: Timestamp) -> Self {
        let first = Revision::first(digest, now, Content::default());
        Revision { epoch: ENDED, ticket_ends: Some(ticket_ends), ..first }
    }

    #[inline]
    pub(crate) fn encode(&self) -> Result<Bytes, serde_json::Error> {
        let View { user, values, .. } = self.content.view();
        let (name, details) = (user.unwrap_or(""), self.details()?);
        let flag = |flag, is_set| if is_set { flag } else { 0 };
        let flags = flag(SIGNED_IN, self.signed_in.is_some())
            | flag(COOKIE_SENT, self.cookie_expires.is_some())
            | flag(HAS_USER, user.is_some());
        let mut head = [0; HEAD];
        let mut rest = &mut head[..];
        rest.put_slice(&MAGIC);
        rest.put_u32_le(flags);
        rest.put_u64_le(self.epoch);
        rest.put_slice(self.digest.as_bytes());
        for moment in [Some(self.created), Some(self.written), self.signed_in, self.cookie_expires] {
            rest.put_u64_le(moment.map_or(0, Timestamp::as_millis));
        }
        for length in [name.len(), details.len(), values.len()] {
            // A record that long is refused before it is stored.
            rest.put_u32_le(u32::try_from(length).unwrap_or(u32::MAX));
        }
        let parts = [&head, name.as_bytes(), &details, values.as_bytes()];
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        Ok(bytes.into())
    }

    /// The details, encoded; no bytes if there are none.
    fn details(&self) -> Result<Vec<u8>, serde_json::Error> {
        let Revision { rotation, ticket_ends, lease, .. } = self;
        let extras = self.content.view().extras;
        match rotation.is_empty() && ticket_ends.is_none() && lease.is_none() && extras.is_empty() {
            true => Ok(Vec::new()),
            false => details::encode(rotation, *ticket_ends, *lease, extras),
        }
    }
}
