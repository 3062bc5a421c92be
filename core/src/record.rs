//! What is stored of a session: what every request looks at in fixed places, then what few sessions have, then the values,
//! which stay as they are until somebody asks for them.
//!
//! | offset | length | what |
//! |---|---|---|
//! | 0 | 4 | `WSR` and the version of this format |
//! | 4 | 4 | flags: 1, a user signed in; 2, a persistent cookie was sent; 4, there is a user |
//! | 8 | 8 | epoch |
//! | 16 | 32 | digest of the token's secret |
//! | 48 | 8 | created, milliseconds since 1970 |
//! | 56 | 8 | written |
//! | 64 | 8 | when a user signed in; 0 if none did |
//! | 72 | 8 | when the persistent cookie runs out; 0 if none was sent |
//! | 80 | 4 | length of the user's name |
//! | 84 | 4 | length of the details |
//! | 88 | 4 | number of values |
//! | 92 | … | the user's name; the details, a JSON object, if there are any; the values |
//!
//! Numbers are little-endian.

use bytes::{Buf as _, BufMut as _, Bytes};

use crate::content::Content;
use crate::details::{self, Details};
use crate::lease::Lease;
use crate::rotation::Rotation;
use crate::seldom::Seldom;
use crate::values::Values;
use crate::{SecretDigest, Timestamp};

/// A session as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Record {
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

impl Record {
    pub(crate) fn new(digest: SecretDigest, now: Timestamp, content: Content) -> Self {
        Record {
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

    /// The same with this content.
    #[inline]
    pub(crate) fn with(&self, content: Content) -> Self {
        let Record { epoch, created, written, signed_in, cookie_expires, ticket_ends, lease, .. } = *self;
        let (digest, rotation) = (self.digest.clone(), self.rotation.clone());
        Record { epoch, digest, rotation, created, written, signed_in, cookie_expires, ticket_ends, lease, content }
    }

    /// The epoch of a grave: higher than any session's.
    pub(crate) const ENDED: u64 = u64::MAX;

    /// True if it is what is left of a session whose ticket is still good.
    pub(crate) fn is_grave(&self) -> bool {
        self.epoch == Record::ENDED
    }

    /// The moment from which the absolute timeout counts.
    #[inline]
    pub(crate) fn begun(&self) -> Timestamp {
        self.signed_in.unwrap_or(self.created)
    }

    #[inline]
    pub(crate) fn encode(&self) -> Result<Bytes, serde_json::Error> {
        let Content { user, values, .. } = &self.content;
        let (name, details) = (user.as_deref().unwrap_or(""), self.details()?);
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
        let packed = values.packed();
        let mut bytes = Vec::with_capacity(HEAD + name.len() + details.len() + packed.len());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&details);
        bytes.extend_from_slice(packed);
        Ok(bytes.into())
    }

    /// Reads a record; anything but exactly this version's form is an error.
    #[inline]
    pub(crate) fn decode(mut bytes: Bytes) -> Result<Self, Malformed> {
        let (mut head, _) = bytes.split_at_checked(HEAD).ok_or(Malformed::Form)?;
        let magic = head.get_u32_le().to_le_bytes();
        let flags = head.get_u32_le();
        if magic != MAGIC || flags & !(SIGNED_IN | COOKIE_SENT | HAS_USER) != 0 {
            return Err(Malformed::Form);
        }
        let epoch = head.get_u64_le();
        let mut digest = [0; 32];
        head.copy_to_slice(&mut digest);
        let [created, written, signed_in, cookie_expires] = [(); 4].map(|()| Timestamp::from_millis(head.get_u64_le()));
        let [name, details, count] = [(); 3].map(|()| usize::try_from(head.get_u32_le()).unwrap_or(usize::MAX));
        let name_end = HEAD.saturating_add(name);
        let details_end = name_end.saturating_add(details);
        let name = bytes.get(HEAD..name_end).ok_or(Malformed::Form)?;
        let details = bytes.get(name_end..details_end).ok_or(Malformed::Form)?;
        let user = match flags & HAS_USER {
            0 if !name.is_empty() => return Err(Malformed::Form),
            0 => None,
            _ => Some(std::str::from_utf8(name).map_err(|_| Malformed::Form)?.into()),
        };
        let details = match details {
            [] => None,
            details => Some(details::decode(details)?),
        };
        bytes.advance(details_end);
        let values = Values::unpack(bytes, count).ok_or(Malformed::Form)?;
        let mut record = Record {
            epoch,
            digest: SecretDigest::from_bytes(digest),
            rotation: Seldom::default(),
            created,
            written,
            signed_in: (flags & SIGNED_IN != 0).then_some(signed_in),
            cookie_expires: (flags & COOKIE_SENT != 0).then_some(cookie_expires),
            ticket_ends: None,
            lease: None,
            content: Content { user, values, extras: Seldom::default() },
        };
        if let Some(Details { rotation, ticket_ends, lease, extras }) = details {
            (record.rotation, record.ticket_ends, record.lease) = (rotation, ticket_ends, lease);
            record.content.extras = extras;
        }
        Ok(record)
    }

    /// The details, encoded; no bytes if there are none.
    fn details(&self) -> Result<Vec<u8>, serde_json::Error> {
        let Record { rotation, ticket_ends, lease, content: Content { extras, .. }, .. } = self;
        match rotation.is_empty() && ticket_ends.is_none() && lease.is_none() && extras.is_empty() {
            true => Ok(Vec::new()),
            false => details::encode(rotation, *ticket_ends, *lease, extras),
        }
    }
}

/// Why bytes are no record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("it is not a record of this format and version")]
    Form,
    #[error("the details of the record cannot be read")]
    Details(#[from] serde_json::Error),
}

const MAGIC: [u8; 4] = *b"WSR\x01";
const HEAD: usize = 92;
const SIGNED_IN: u32 = 1;
const COOKIE_SENT: u32 = 2;
const HAS_USER: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Token;
    use crate::values::Json;

    fn sample() -> Record {
        let digest = Token::generate().expect("a generator").digest("n");
        let mut record = Record::new(digest, Timestamp::from_millis(1_000), Content::default());
        record.content.user = Some("alice".into());
        record.content.extras.get_or_default().label = Some("Firefox on Linux".into());
        record.cookie_expires = Some(Timestamp::from_millis(2_000));
        for (key, number) in [("cart", 1), ("visits", 2)] {
            record.content.values.insert(key, &Json::of(&number).expect("a number"));
        }
        record
    }

    #[test]
    fn a_record_survives_its_bytes() {
        let record = sample();
        let read = Record::decode(record.encode().expect("bytes")).expect("a record");
        assert!(read.content.is_same(&record.content));
        assert_eq!(read.content.values.get("visits"), Some(&b"2"[..]));
        assert!(read.digest == record.digest);
        assert_eq!((read.created, read.written), (record.created, record.written));
        assert_eq!((read.signed_in, read.cookie_expires), (None, record.cookie_expires));
        assert_eq!(read.encode().expect("bytes"), record.encode().expect("bytes"));
    }

    #[test]
    fn anything_else_is_an_error_and_never_a_panic() {
        let bytes = sample().encode().expect("bytes");
        for length in 0..bytes.len() {
            assert!(Record::decode(bytes.slice(..length)).is_err(), "truncated to {length}");
        }
        assert!(Record::decode([&bytes[..], b"x"].concat().into()).is_err(), "one byte too many");
        for foreign in [&b"{}"[..], b"null", &[0; 92], &[0xff; 200], "[".repeat(100_000).as_bytes()] {
            assert!(Record::decode(Bytes::copy_from_slice(foreign)).is_err());
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = Record::decode(flipped.into());
        }
    }
}
