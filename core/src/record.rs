//! What is stored of a session: a versioned JSON envelope around values that stay raw until somebody asks for them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::flash::Flashes;
use crate::form_token::FormTokens;
use crate::key::{KeyOf, Versioned};
use crate::lease::Lease;
use crate::rotation::Rotation;
use crate::{Error, SecretDigest, Timeouts, Timestamp};

/// The application's part of a record: what edits change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(crate) user: Option<Box<str>>,
    /// What the application calls the device; it is worth nothing by itself.
    pub(crate) label: Option<Box<str>>,
    pub(crate) values: BTreeMap<Box<str>, Box<RawValue>>,
    /// The versions of values that are beyond their first.
    pub(crate) versions: BTreeMap<Box<str>, u32>,
    /// Timeouts of its own.
    pub(crate) timeouts: Option<Timeouts>,
    /// How long the browser is to remember it.
    pub(crate) remembered: Option<Duration>,
    pub(crate) flashes: Flashes,
    pub(crate) form_tokens: FormTokens,
}

impl Content {
    /// True if there is nothing that would be worth a session.
    pub(crate) fn is_empty(&self) -> bool {
        self.user.is_none() && self.holds_nothing()
    }

    /// True if there is nothing but, perhaps, a user.
    pub(crate) fn holds_nothing(&self) -> bool {
        self.values.is_empty() && self.flashes.is_empty() && self.form_tokens.is_empty()
    }

    /// A value, and the version it has.
    pub(crate) fn value(&self, key: &str) -> Option<Versioned<'_>> {
        self.values.get(key).map(|json| Versioned::new(self.versions.get(key).copied(), json))
    }

    /// A value as the type of its key.
    pub(crate) fn read<T: DeserializeOwned>(&self, key: &impl KeyOf<T>) -> Result<Option<T>, Error> {
        self.value(key.text()).map(|found| key.shape().read(found)).transpose()
    }

    /// Puts in a value of this version. `None` does not care which version stands there; a version never replaces a newer one.
    pub(crate) fn put(&mut self, key: &str, version: Option<u32>, value: Box<RawValue>) -> Result<(), Error> {
        let found = self.value(key).map(|value| value.version());
        if let Some((found, known)) = found.zip(version).filter(|(found, known)| found > known) {
            return Err(Error::NewerValue { found, known });
        }
        match version {
            Some(version) if version > 1 => self.versions.insert(key.into(), version),
            _ => self.versions.remove(key),
        };
        self.values.insert(key.into(), value);
        Ok(())
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.values.remove(key);
        self.versions.remove(key);
    }

    /// Drops what it holds; whose it is and how long it lasts stay.
    pub(crate) fn clear(&mut self) {
        let Content { timeouts, remembered, .. } = *self;
        let (user, label) = (self.user.take(), self.label.take());
        *self = Content { user, label, timeouts, remembered, ..Content::default() };
    }

    pub(crate) fn is_same(&self, other: &Content) -> bool {
        self.user == other.user
            && self.label == other.label
            && self.timeouts == other.timeouts
            && self.remembered == other.remembered
            && self.versions == other.versions
            && self.flashes.is_same(&other.flashes)
            && self.form_tokens.is_same(&other.form_tokens)
            && self.values.len() == other.values.len()
            && self.values.iter().zip(&other.values).all(|(a, b)| a.0 == b.0 && a.1.get() == b.1.get())
    }
}

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
