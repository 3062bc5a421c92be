//! What a record keeps of the tokens before and behind the present one, where tokens renew themselves.

use serde::{Deserialize, Serialize};

use crate::seldom::MaybeEmpty;
use crate::{SecretDigest, Timestamp};

/// What is added to a secret to derive the next one.
pub(crate) type Nonce = [u64; 2];

/// Where the tokens of a session stand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// Since when the present token is the present one, in milliseconds since 1970; since the session began if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issued: Option<u64>,
    /// The one that is handed out, and was not presented yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<Neighbour>,
    /// The one before, and until when it is honoured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<Neighbour>,
}

/// A token beside the present one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Neighbour {
    pub(crate) digest: SecretDigest,
    /// What derives the later of the two from the earlier.
    pub(crate) nonce: Nonce,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<u64>,
}

impl Neighbour {
    pub(crate) fn is_honoured(&self, now: Timestamp) -> bool {
        now < Timestamp::from_millis(self.until.unwrap_or(0))
    }
}

impl PartialEq for Neighbour {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest && self.nonce == other.nonce && self.until == other.until
    }
}

/// What a token is to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Present,
    Next,
    Previous,
    /// The one before, when it is honoured no more.
    Outdated,
    Foreign,
}

impl Rotation {
    pub(crate) const NONE: Rotation = Rotation { issued: None, next: None, previous: None };

    /// Where they stand when a new token took the place of all others; the moment counts if tokens are to be renewed at all.
    pub(crate) fn beginning(now: Option<Timestamp>) -> Self {
        Rotation { issued: now.map(Timestamp::as_millis), next: None, previous: None }
    }
}

impl MaybeEmpty for Rotation {
    const EMPTY: &'static Self = &Rotation::NONE;

    fn is_empty(&self) -> bool {
        *self == *Rotation::EMPTY
    }
}
