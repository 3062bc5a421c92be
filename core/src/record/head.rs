//! The head of a record: what every request looks at, in fixed places.

use crate::{SecretDigest, Timestamp};

/// How long a head is.
pub(super) const HEAD: usize = 92;

/// The epoch of a grave: higher than any session's.
const ENDED: u64 = u64::MAX;

const MAGIC: [u8; 4] = *b"WSR\x01";

const SIGNED_IN: u32 = 1;
const COOKIE_SENT: u32 = 2;
const HAS_USER: u32 = 4;

// Where things stand.
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

/// A head, to be read.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a>(pub(super) &'a [u8; HEAD]);

impl Head<'_> {
    /// Raised by every change of privilege; a commit that loaded another epoch is refused.
    pub(crate) fn epoch(self) -> u64 {
        self.long(EPOCH)
    }

    /// True if it is of what is left of a session whose ticket is still good.
    pub(crate) fn is_grave(self) -> bool {
        self.epoch() == ENDED
    }

    /// What is kept of the token's secret.
    #[inline]
    pub(crate) fn digest(self) -> SecretDigest {
        SecretDigest::from_bytes(std::array::from_fn(|byte| self.0[DIGEST + byte]))
    }

    pub(crate) fn created(self) -> Timestamp {
        Timestamp::from_millis(self.long(CREATED))
    }

    /// When the record was last written; touches move the entry's deadline only.
    pub(crate) fn written(self) -> Timestamp {
        Timestamp::from_millis(self.long(WRITTEN))
    }

    /// When a user was last set: a login begins the absolute lifetime anew.
    #[inline]
    pub(crate) fn signed_in(self) -> Option<Timestamp> {
        self.has(SIGNED_IN).then(|| Timestamp::from_millis(self.long(SIGNED_IN_AT)))
    }

    /// When the cookie that was last sent runs out in the browser.
    #[inline]
    pub(crate) fn cookie_expires(self) -> Option<Timestamp> {
        self.has(COOKIE_SENT).then(|| Timestamp::from_millis(self.long(COOKIE_EXPIRES)))
    }

    /// True if it is of this version.
    #[inline]
    pub(super) fn is_known(self) -> bool {
        self.0[..MAGIC.len()] == MAGIC && self.number(FLAGS) & !(SIGNED_IN | COOKIE_SENT | HAS_USER) == 0
    }

    #[inline]
    pub(super) fn has_user(self) -> bool {
        self.has(HAS_USER)
    }

    /// The length of the user's name.
    #[inline]
    pub(super) fn name(self) -> usize {
        self.size(NAME)
    }

    /// The length of the details.
    #[inline]
    pub(super) fn details(self) -> usize {
        self.size(DETAILS)
    }

    /// The number of values.
    #[inline]
    pub(super) fn values(self) -> usize {
        self.size(COUNT)
    }

    #[inline]
    fn has(self, flag: u32) -> bool {
        self.number(FLAGS) & flag != 0
    }

    #[inline]
    fn size(self, at: usize) -> usize {
        usize::try_from(self.number(at)).unwrap_or(usize::MAX)
    }

    #[inline]
    fn number(self, at: usize) -> u32 {
        u32::from_le_bytes(std::array::from_fn(|byte| self.0[at + byte]))
    }

    #[inline]
    fn long(self, at: usize) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|byte| self.0[at + byte]))
    }
}

/// A head, to be written.
#[derive(Clone)]
pub(super) struct NewHead([u8; HEAD]);

impl NewHead {
    /// That of a session that begins.
    pub(super) fn first(digest: &SecretDigest, now: Timestamp) -> Self {
        let mut head = NewHead([0; HEAD]);
        head.put(0, MAGIC);
        head.set_digest(digest);
        head.put(CREATED, now.as_millis().to_le_bytes());
        head.set_written(now);
        head
    }

    /// The same as one that is stored.
    #[inline]
    pub(super) fn of(head: Head<'_>) -> Self {
        NewHead(*head.0)
    }

    #[inline]
    pub(super) fn head(&self) -> Head<'_> {
        Head(&self.0)
    }

    pub(super) fn set_epoch(&mut self, epoch: u64) {
        self.put(EPOCH, epoch.to_le_bytes());
    }

    pub(super) fn end(&mut self) {
        self.set_epoch(ENDED);
    }

    pub(super) fn set_digest(&mut self, digest: &SecretDigest) {
        self.put(DIGEST, *digest.as_bytes());
    }

    #[inline]
    pub(super) fn set_written(&mut self, moment: Timestamp) {
        self.put(WRITTEN, moment.as_millis().to_le_bytes());
    }

    pub(super) fn set_signed_in(&mut self, moment: Timestamp) {
        self.put_moment(SIGNED_IN, SIGNED_IN_AT, Some(moment));
    }

    #[inline]
    pub(super) fn set_cookie_expires(&mut self, moment: Option<Timestamp>) {
        self.put_moment(COOKIE_SENT, COOKIE_EXPIRES, moment);
    }

    /// Says how much stands behind it.
    #[inline]
    pub(super) fn set_lengths(&mut self, user: Option<&str>, details: usize, values: usize) {
        self.flag(HAS_USER, user.is_some());
        for (at, length) in [(NAME, user.map_or(0, str::len)), (DETAILS, details), (COUNT, values)] {
            // A record that long is refused before it is stored.
            self.put(at, u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        }
    }

    #[inline]
    fn put_moment(&mut self, flag: u32, at: usize, moment: Option<Timestamp>) {
        self.flag(flag, moment.is_some());
        self.put(at, moment.map_or(0, Timestamp::as_millis).to_le_bytes());
    }

    #[inline]
    fn flag(&mut self, flag: u32, is_set: bool) {
        let others = self.head().number(FLAGS) & !flag;
        self.put(FLAGS, (others | if is_set { flag } else { 0 }).to_le_bytes());
    }

    #[inline]
    fn put<const LENGTH: usize>(&mut self, at: usize, bytes: [u8; LENGTH]) {
        self.0[at..at + LENGTH].copy_from_slice(&bytes);
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
