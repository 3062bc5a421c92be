//! What is stored of a session: a versioned JSON envelope around values that stay raw until somebody asks for them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::content::Content;
use crate::flash::Flashes;
use crate::form_token::FormTokens;
use crate::lease::Lease;
use crate::rotation::Rotation;
use crate::{SecretDigest, Timeouts, Timestamp};

/// A session as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Raised by every change of privilege; a commit that loaded another epoch is refused.
    pub(crate) epoch: u64,
    /// What is kept of the token's secret.
    pub(crate) digest: SecretDigest,
    /// What is kept of the tokens before and behind it.
    pub(crate) rotation: Rotation,
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
    pub(crate) fn new(digest: SecretDigest, now: Timestamp) -> Self {
        Record {
            epoch: 0,
            digest,
            rotation: Rotation::default(),
            created: now,
            written: now,
            signed_in: None,
            cookie_expires: None,
            ticket_ends: None,
            lease: None,
            content: Content::default(),
        }
    }

    /// The epoch of a grave: higher than any session's.
    pub(crate) const ENDED: u64 = u64::MAX;

    /// True if it is what is left of a session whose ticket is still good.
    pub(crate) fn is_grave(&self) -> bool {
        self.epoch == Record::ENDED
    }

    /// The moment from which the absolute timeout counts.
    pub(crate) fn begun(&self) -> Timestamp {
        self.signed_in.unwrap_or(self.created)
    }

    pub(crate) fn encode(&self) -> Result<Bytes, serde_json::Error> {
        let envelope = Envelope {
            version: ENVELOPE_VERSION,
            epoch: self.epoch,
            digest: &self.digest,
            rotation: &self.rotation,
            created: self.created.as_millis(),
            written: self.written.as_millis(),
            signed_in: self.signed_in.map(Timestamp::as_millis),
            cookie_expires: self.cookie_expires.map(Timestamp::as_millis),
            ticket_ends: self.ticket_ends.map(Timestamp::as_millis),
            lease: self.lease,
            user: self.content.user.as_deref(),
            label: self.content.label.as_deref(),
            values: &self.content.values,
            versions: &self.content.versions,
            timeouts: self.content.timeouts.map(|timeouts| [timeouts.idle.map(millis), timeouts.absolute.map(millis)]),
            remembered: self.content.remembered.map(millis),
            flashes: &self.content.flashes,
            form_tokens: &self.content.form_tokens,
        };
        serde_json::to_vec(&envelope).map(Bytes::from)
    }

    /// Reads a record; anything but exactly this version's envelope is an error.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let envelope: EnvelopeOwned = serde_json::from_slice(bytes)?;
        if envelope.version != ENVELOPE_VERSION {
            return Err(serde::de::Error::custom("an envelope version that is not known here"));
        }
        Ok(Record {
            epoch: envelope.epoch,
            digest: envelope.digest,
            rotation: envelope.rotation,
            created: Timestamp::from_millis(envelope.created),
            written: Timestamp::from_millis(envelope.written),
            signed_in: envelope.signed_in.map(Timestamp::from_millis),
            cookie_expires: envelope.cookie_expires.map(Timestamp::from_millis),
            ticket_ends: envelope.ticket_ends.map(Timestamp::from_millis),
            lease: envelope.lease,
            content: Content {
                user: envelope.user,
                label: envelope.label,
                values: envelope.values,
                versions: envelope.versions,
                timeouts: envelope.timeouts.map(|[idle, absolute]| Timeouts {
                    idle: idle.map(Duration::from_millis),
                    absolute: absolute.map(Duration::from_millis),
                }),
                remembered: envelope.remembered.map(Duration::from_millis),
                flashes: envelope.flashes,
                form_tokens: envelope.form_tokens,
            },
        })
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

const ENVELOPE_VERSION: u32 = 1;

/// The envelope as it is written; `docs/storage-format.md` explains the fields.
#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "v")]
    version: u32,
    epoch: u64,
    digest: &'a SecretDigest,
    #[serde(skip_serializing_if = "Rotation::is_plain")]
    rotation: &'a Rotation,
    created: u64,
    written: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookie_expires: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket_ends: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeouts: Option<[Option<u64>; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remembered: Option<u64>,
    values: &'a BTreeMap<Box<str>, Box<RawValue>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    versions: &'a BTreeMap<Box<str>, u32>,
    #[serde(skip_serializing_if = "Flashes::is_empty")]
    flashes: &'a Flashes,
    #[serde(skip_serializing_if = "FormTokens::is_empty")]
    form_tokens: &'a FormTokens,
}

/// The envelope as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeOwned {
    #[serde(rename = "v")]
    version: u32,
    epoch: u64,
    digest: SecretDigest,
    #[serde(default)]
    rotation: Rotation,
    created: u64,
    written: u64,
    signed_in: Option<u64>,
    cookie_expires: Option<u64>,
    ticket_ends: Option<u64>,
    lease: Option<Lease>,
    user: Option<Box<str>>,
    label: Option<Box<str>>,
    timeouts: Option<[Option<u64>; 2]>,
    remembered: Option<u64>,
    values: BTreeMap<Box<str>, Box<RawValue>>,
    #[serde(default)]
    versions: BTreeMap<Box<str>, u32>,
    #[serde(default)]
    flashes: Flashes,
    #[serde(default)]
    form_tokens: FormTokens,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Token;

    fn sample() -> Record {
        let digest = Token::generate().expect("a generator").digest("n");
        let mut record = Record::new(digest, Timestamp::from_millis(1_000));
        record.content.user = Some("alice".into());
        record.content.label = Some("Firefox on Linux".into());
        record.content.values.insert("cart".into(), RawValue::from_string("[1, 2 ]".into()).expect("JSON"));
        record
    }

    #[test]
    fn a_record_survives_its_text_and_values_stay_as_they_were_written() {
        let record = sample();
        let read = Record::decode(&record.encode().expect("JSON")).expect("a record");
        assert!(read.content.is_same(&record.content));
        assert_eq!(read.content.values["cart"].get(), "[1, 2 ]");
        assert!(read.digest == record.digest);
    }

    #[test]
    fn anything_else_is_an_error_and_never_a_panic() {
        let bytes = sample().encode().expect("JSON");
        for length in 0..bytes.len() {
            assert!(Record::decode(&bytes[..length]).is_err(), "truncated to {length}");
        }
        let text = std::str::from_utf8(&bytes).expect("UTF-8");
        for foreign in
            ["{}", "null", "[]", "{\"v\":1}", "\u{0}", &text.replace("\"v\":1", "\"v\":2"), &"[".repeat(100_000)]
        {
            assert!(Record::decode(foreign.as_bytes()).is_err());
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = Record::decode(&flipped);
        }
    }
}
