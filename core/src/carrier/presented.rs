//! What a request presented, before anybody looked closer; and what it turned out to be.

use smallvec::SmallVec;

use super::{Carrier, Carriers};
use crate::events::{Event, Events};
use crate::wire::{LONGEST, Unreadable};
use crate::{Timestamp, Token};

/// How many tokens one request may present; the rest is not tried.
const MOST_TOKENS: usize = 8;

/// How many texts are looked at closer in search of them: signatures cost something, and forged ones are cheap to send.
const MOST_TEXTS: usize = 32;

/// What may be tokens, in the order in which they are tried.
#[derive(Debug, Default)]
pub(crate) struct Presented {
    texts: SmallVec<[Text; 1]>,
    /// Something stood in a token's place that cannot be one.
    malformed: bool,
}

/// A text that may be a token: nothing is computed for requests that do not ask for their session.
struct Text {
    carrier: Carrier,
    length: usize,
    bytes: [u8; LONGEST],
}

/// The tokens of a request: one, as a rule.
pub(crate) type Arrivals = SmallVec<[Arrived; 1]>;

/// A token that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) token: Token,
    pub(crate) carrier: Carrier,
    /// It was signed with a key that signs no more.
    pub(crate) is_outdated: bool,
    /// It is a ticket, issued then.
    pub(crate) issued: Option<Timestamp>,
}

impl Presented {
    #[inline]
    pub(super) fn take(&mut self, carrier: Carrier, text: &[u8], may_be_token: bool) {
        if !may_be_token {
            self.malformed = true;
        } else if self.texts.len() < MOST_TEXTS {
            let mut bytes = [0; LONGEST];
            bytes[..text.len()].copy_from_slice(text);
            self.texts.push(Text { carrier, length: text.len(), bytes });
        }
    }

    /// Reads the texts.
    #[inline]
    pub(crate) fn verify(&self, carriers: &Carriers, events: &Events) -> Arrivals {
        let mut malformed = self.malformed;
        let mut arrived = Arrivals::new();
        for text in &self.texts {
            match carriers.wire.read(&text.bytes[..text.length]) {
                // A ticket is good in URLs only.
                Ok(read) if read.issued.is_some() && text.carrier != Carrier::Query => malformed = true,
                Ok(read) => {
                    let (token, is_outdated, issued) = (read.token, read.is_outdated, read.issued);
                    arrived.push(Arrived { token, carrier: text.carrier, is_outdated, issued });
                    if arrived.len() == MOST_TOKENS {
                        break;
                    }
                }
                Err(Unreadable::Malformed) => malformed = true,
                Err(Unreadable::Forged) => events.report(Event::ForgedToken),
            }
        }
        if malformed {
            events.report(Event::MalformedToken);
        }
        arrived
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").field("carrier", &self.carrier).finish_non_exhaustive()
    }
}
