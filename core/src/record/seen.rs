//! A record as it stands in a store.

use std::fmt;

use bytes::Bytes;

use super::{COOKIE_SENT, ENDED, HAS_USER, HEAD, MAGIC, Malformed, Revision, SIGNED_IN};
use crate::content::{Content, Extras, View};
use crate::details::{self, Details};
use crate::seldom::Seldom;
use crate::values::Packed;
use crate::{SecretDigest, Timestamp};

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
        let head: &[u8; HEAD] = bytes.first_chunk().ok_or(Malformed::Form)?;
        let flags = number(head, FLAGS);
        if head[..MAGIC.len()] != MAGIC || flags & !(SIGNED_IN | COOKIE_SENT | HAS_USER) != 0 {
            return Err(Malformed::Form);
        }
        let [name, details, count] = [NAME, DETAILS, COUNT].map(|at| size(head, at));
        let details_at = HEAD.saturating_add(name);
        let values_at = details_at.saturating_add(details);
        let name = bytes.get(HEAD..details_at).ok_or(Malformed::Form)?;
        let is_name = if flags & HAS_USER == 0 { name.is_empty() } else { std::str::from_utf8(name).is_ok() };
        let (details, extras) = match bytes.get(details_at..values_at).ok_or(Malformed::Form)? {
            [] => (Seldom::NONE, Seldom::NONE),
            details => {
                let (details, extras) = details::decode(details)?;
                (Seldom::new(details), Seldom::new(extras))
            }
        };
        let values = u32::try_from(values_at).map_err(|_| Malformed::Form)?;
        if !is_name || !Packed::are(&bytes[values_at..], count) {
            return Err(Malformed::Form);
        }
        Ok(Record { bytes, details, extras, values })
    }

    /// Raised by every change of privilege; a commit that loaded another epoch is refused.
    pub(crate) fn epoch(&self) -> u64 {
        long(self.head(), EPOCH)
    }

    /// True if it is what is left of a session whose ticket is still good.
    pub(crate) fn is_grave(&self) -> bool {
        self.epoch() == ENDED
    }

    /// What is kept of the token's secret.
    #[inline]
    pub(crate) fn digest(&self) -> SecretDigest {
        SecretDigest::from_bytes(self.head()[DIGEST..].first_chunk().copied().unwrap_or_default())
    }

    pub(crate) fn created(&self) -> Timestamp {
        Timestamp::from_millis(long(self.head(), CREATED))
    }

    /// When the record was last written; touches move the entry's deadline only.
    pub(crate) fn written(&self) -> Timestamp {
        Timestamp::from_millis(long(self.head(), WRITTEN))
    }

    /// When a user was last set: a login begins the absolute lifetime anew.
    #[inline]
    pub(crate) fn signed_in(&self) -> Option<Timestamp> {
        self.moment(SIGNED_IN, SIGNED_IN_AT)
    }

    /// When the cookie that was last sent runs out in the browser.
    #[inline]
    pub(crate) fn cookie_expires(&self) -> Option<Timestamp> {
        self.moment(COOKIE_SENT, COOKIE_EXPIRES)
    }

    /// What few sessions have, for the application.
    #[inline]
    pub(crate) fn extras(&self) -> &Seldom<Extras> {
        &self.extras
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
        let name = &self.bytes[HEAD..HEAD + size(head, NAME)];
        let user = (number(head, FLAGS) & HAS_USER != 0).then(|| std::str::from_utf8(name).unwrap_or_default());
        let values = Packed::known(&self.bytes[self.values as usize..], size(head, COUNT));
        View { user, values, extras: &self.extras }
    }

    /// True if there is nothing in it that would be worth a session.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        let Extras { flashes, form_tokens, .. } = &*self.extras;
        let head = self.head();
        number(head, FLAGS) & HAS_USER == 0 && number(head, COUNT) == 0 && flashes.is_empty() && form_tokens.is_empty()
    }

    /// The same with this content, to be stored.
    #[inline]
    pub(crate) fn revised(&self, content: Content) -> Revision {
        let Details { rotation, ticket_ends, lease } = self.details();
        Revision {
            epoch: self.epoch(),
            digest: self.digest(),
            rotation: Seldom::new(rotation.clone()),
            created: self.created(),
            written: self.written(),
            signed_in: self.signed_in(),
            cookie_expires: self.cookie_expires(),
            ticket_ends: *ticket_ends,
            lease: *lease,
            content,
        }
    }

    #[inline]
    fn moment(&self, flag: u32, at: usize) -> Option<Timestamp> {
        let head = self.head();
        (number(head, FLAGS) & flag != 0).then(|| Timestamp::from_millis(long(head, at)))
    }

    #[inline]
    fn head(&self) -> &[u8; HEAD] {
        self.bytes.first_chunk().expect("it was looked through")
    }
}

// Where things stand in the head.
const FLAGS: usize = 4;
const EPOCH: usize = 8;
const DIGEST: usize = 16;
const CREATED: usize = 48;
const WRITTEN: usize = 56;
const SIGNED_IN_AT: usize = 64;
const COOKIE_EXPIRES: usize = 72;
const NAME: usize = 80;
const DETAILS: usize = 84;
const COUNT: usize = 88;

#[inline]
fn number(head: &[u8; HEAD], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|byte| head[at + byte]))
}

#[inline]
fn size(head: &[u8; HEAD], at: usize) -> usize {
    usize::try_from(number(head, at)).unwrap_or(usize::MAX)
}

#[inline]
fn long(head: &[u8; HEAD], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|byte| head[at + byte]))
}

/// Shows nothing of what it holds.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("epoch", &self.epoch()).finish_non_exhaustive()
    }
}
