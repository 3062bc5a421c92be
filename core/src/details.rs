//! The part of a record that few sessions have: a JSON object, and no byte for those that have nothing of it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::content::Extras;
use crate::flash::Flashes;
use crate::form_token::FormTokens;
use crate::lease::Lease;
use crate::rotation::Rotation;
use crate::seldom::MaybeEmpty;
use crate::{Timeouts, Timestamp};

/// What few sessions have beside what all have, and is not for the application.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    /// What is kept of the tokens before and behind the present one.
    pub(crate) rotation: Rotation,
    /// When the ticket that began the session, if one did, is good no more.
    pub(crate) ticket_ends: Option<Timestamp>,
    /// Who has locked the session.
    pub(crate) lease: Option<Lease>,
}

impl MaybeEmpty for Details {
    const EMPTY: &'static Self = &Details { rotation: Rotation::NONE, ticket_ends: None, lease: None };

    fn is_empty(&self) -> bool {
        self.rotation.is_empty() && self.ticket_ends.is_none() && self.lease.is_none()
    }
}

pub(crate) fn encode(details: &Details, extras: &Extras) -> Result<Vec<u8>, serde_json::Error> {
    let Details { rotation, ticket_ends, lease } = details;
    let Extras { label, versions, timeouts, remembered, flashes, form_tokens } = extras;
    serde_json::to_vec(&Written {
        rotation,
        ticket_ends: ticket_ends.map(Timestamp::as_millis),
        lease: *lease,
        label: label.as_deref(),
        timeouts: timeouts.map(|timeouts| [timeouts.idle.map(millis), timeouts.absolute.map(millis)]),
        remembered: remembered.map(millis),
        versions,
        flashes,
        form_tokens,
    })
}

pub(crate) fn decode(bytes: &[u8]) -> Result<(Details, Extras), serde_json::Error> {
    let Read { rotation, ticket_ends, lease, label, timeouts, remembered, versions, flashes, form_tokens } =
        serde_json::from_slice(bytes)?;
    let timeouts = timeouts.map(|[idle, absolute]| Timeouts {
        idle: idle.map(Duration::from_millis),
        absolute: absolute.map(Duration::from_millis),
    });
    let remembered = remembered.map(Duration::from_millis);
    let details = Details { rotation, ticket_ends: ticket_ends.map(Timestamp::from_millis), lease };
    Ok((details, Extras { label, versions, timeouts, remembered, flashes, form_tokens }))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// As they are written; `docs/storage-format.md` explains the fields.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "is_plain")]
    rotation: &'a Rotation,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket_ends: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeouts: Option<[Option<u64>; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remembered: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    versions: &'a BTreeMap<Box<str>, u32>,
    #[serde(skip_serializing_if = "Flashes::is_empty")]
    flashes: &'a Flashes,
    #[serde(skip_serializing_if = "FormTokens::is_empty")]
    form_tokens: &'a FormTokens,
}

/// As they are read.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Read {
    rotation: Rotation,
    ticket_ends: Option<u64>,
    lease: Option<Lease>,
    label: Option<Box<str>>,
    timeouts: Option<[Option<u64>; 2]>,
    remembered: Option<u64>,
    versions: BTreeMap<Box<str>, u32>,
    flashes: Flashes,
    form_tokens: FormTokens,
}

fn is_plain(rotation: &Rotation) -> bool {
    rotation.is_empty()
}
