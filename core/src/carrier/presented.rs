//! What a request presented, before anybody looked closer; and what it turned out to be.

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
    first: Option<Text>,
    /// Hardly ever is there another one.
    others: Vec<Text>,
    /// Something stood in a token's place that cannot be one.
    malformed: bool,
}

/// A text that may be a token: nothing is computed for requests that do not ask for their session.
struct Text {
    carrier: Carrier,
    characters: Characters,
}

enum Characters {
    /// As many as a token has that nobody signed.
    Token([u8; TOKEN_TEXT]),
    More(Box<[u8]>),
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
        } else if self.first.is_none() {
            self.first = Some(Text::new(carrier, text));
        } else {
            self.take_another(carrier, text);
        }
    }

    #[cold]
    fn take_another(&mut self, carrier: Carrier, text: &[u8]) {
        // What nobody could write a token with is no reason to look at fewer others.
        if text.iter().any(|byte| matches!(byte, b';' | b' ' | b'\t')) {
            self.malformed = true;
        } else if self.others.len() + 1 < MOST_TEXTS {
            self.others.push(Text::new(carrier, text));
        }
    }

    #[inline]
    fn text(&self, index: usize) -> Option<&Text> {
        index.checked_sub(1).map_or(self.first.as_ref(), |index| self.others.get(index))
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
            && let Some(Text { carrier, characters }) = presented.text(self.texts)
        {
            self.texts += 1;
            match carriers.wire.read(characters.as_bytes()) {
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

impl Text {
    #[inline]
    fn new(carrier: Carrier, text: &[u8]) -> Self {
        let characters = match text.try_into() {
            Ok(token) => Characters::Token(token),
            Err(_) => Characters::More(text.into()),
        };
        Text { carrier, characters }
    }
}

impl Characters {
    #[inline]
    fn as_bytes(&self) -> &[u8] {
        match self {
            Characters::Token(token) => token,
            Characters::More(text) => text,
        }
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").field("carrier", &self.carrier).finish_non_exhaustive()
    }
}
