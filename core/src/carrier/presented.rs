//! What a request presented, before anybody looked closer; and what it turned out to be.

use smallvec::SmallVec;

use super::{Carrier, Carriers};
use crate::events::{Event, Events};
use crate::ticket::Ticket;
use crate::token::TOKEN_TEXT;
use crate::wire::{Read, Unreadable};
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
    text: SmallVec<[u8; TOKEN_TEXT]>,
}

/// A token that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) token: Token,
    pub(crate) carrier: Carrier,
    /// It was signed with a key that signs no more.
    pub(crate) is_outdated: bool,
    /// It is a ticket, issued then.
    issued: Option<Timestamp>,
}

impl Arrived {
    /// The ticket that it is, if it is one.
    pub(crate) fn ticket(&self) -> Option<Ticket> {
        self.issued.map(|issued| Ticket { token: self.token.clone(), issued })
    }
}

impl Presented {
    #[inline]
    pub(super) fn take(&mut self, carrier: Carrier, text: &[u8], may_be_token: bool) {
        if !may_be_token {
            self.malformed = true;
        } else if self.texts.len() < MOST_TEXTS {
            self.texts.push(Text { carrier, text: SmallVec::from_slice(text) });
        }
    }
}

/// How far the reading of a request's tokens has come.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// How many of the texts were read.
    texts: usize,
    /// How many of them were tokens.
    tokens: usize,
    /// One of them was none.
    malformed: bool,
}

impl Arrivals {
    /// The next token; at the end, which is to be come to once, it is told if something was none.
    #[inline]
    pub(crate) fn next(&mut self, presented: &Presented, carriers: &Carriers, events: &Events) -> Option<Arrived> {
        while self.tokens < MOST_TOKENS
            && let Some(Text { carrier, text }) = presented.texts.get(self.texts)
        {
            self.texts += 1;
            match carriers.wire.read(text) {
                // A ticket is good in URLs only.
                Ok(read) if read.issued.is_some() && *carrier != Carrier::Query => self.malformed = true,
                Ok(Read { token, is_outdated, issued }) => {
                    self.tokens += 1;
                    return Some(Arrived { token, carrier: *carrier, is_outdated, issued });
                }
                Err(Unreadable::Malformed) => self.malformed = true,
                Err(Unreadable::Forged) => events.report(Event::ForgedToken),
            }
        }
        if presented.malformed || self.malformed {
            events.report(Event::MalformedToken);
        }
        None
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").field("carrier", &self.carrier).finish_non_exhaustive()
    }
}
