//! Periodic renewal: a token that is old makes way for the next one, without anybody noticing.
//!
//! The next secret is derived from the one that was presented, with a nonce that the record keeps, so that parallel requests
//! all hand out the same. The old one is honoured until the next one has been presented, and a little longer; the epoch
//! stays, so requests in flight go on. A change of privilege is no business of this: it takes fresh randomness and has no grace.

use std::time::Duration;

use crate::engine::Engine;
use crate::record::{Head, Record, Revision};
use crate::rotation::{Neighbour, Rotation, Standing};
use crate::seldom::MaybeEmpty as _;
use crate::{Error, SecretDigest, Timestamp, Token};

/// How long the old token is honoured after the next one has been presented: requests are under way with it.
const GRACE: Duration = Duration::from_secs(60);

/// The tokens of a session.
pub(crate) struct Tokens<'a> {
    head: Head<'a>,
    /// What is kept of the ones beside the present one.
    rotation: &'a Rotation,
}

impl Record {
    #[inline]
    pub(crate) fn tokens(&self) -> Tokens<'_> {
        Tokens { head: self.head(), rotation: &self.details().rotation }
    }
}

impl Revision<'_> {
    #[inline]
    pub(crate) fn tokens(&self) -> Tokens<'_> {
        Tokens { head: self.head(), rotation: &self.details.rotation }
    }
}

impl Tokens<'_> {
    /// What a token with this digest is to the session.
    #[inline]
    pub(crate) fn standing(&self, digest: &SecretDigest, now: impl FnOnce() -> Timestamp) -> Standing {
        let Rotation { next, previous, .. } = self.rotation;
        if self.head.digest() == *digest {
            Standing::Present
        } else if next.as_ref().is_some_and(|next| next.digest == *digest) {
            Standing::Next
        } else if let Some(previous) = previous.as_ref().filter(|previous| previous.digest == *digest) {
            if previous.is_honoured(now()) { Standing::Previous } else { Standing::Outdated }
        } else {
            Standing::Foreign
        }
    }

    /// True if something is due, now that this token was presented.
    #[inline]
    pub(crate) fn is_due(&self, engine: &Engine, token: &Token, now: Timestamp) -> bool {
        if engine.renew_every.is_none() && self.rotation.is_empty() {
            return false;
        }
        match (self.standing_of(engine, token, now), engine.renew_every) {
            (Standing::Next, _) => true,
            (Standing::Present, Some(every)) if self.rotation.next.is_none() => {
                let issued = self.rotation.issued.map_or(self.head.created(), Timestamp::from_millis);
                // Of the ones before only one is kept: it makes way for no other while it is honoured.
                let is_honoured = self.rotation.previous.as_ref().is_some_and(|previous| previous.is_honoured(now));
                now.since(issued) >= every && !is_honoured
            }
            _ => false,
        }
    }

    /// The token that whoever presented this one should have instead, if any.
    #[inline]
    pub(crate) fn successor(&self, engine: &Engine, token: &Token, now: Timestamp) -> Option<Token> {
        if self.rotation.is_empty() {
            return None;
        }
        let neighbour = match self.standing_of(engine, token, now) {
            Standing::Present => &self.rotation.next,
            Standing::Previous => &self.rotation.previous,
            Standing::Next | Standing::Outdated | Standing::Foreign => return None,
        };
        neighbour.as_ref().map(|neighbour| token.derived(&neighbour.nonce))
    }

    /// What a response that sends a token sends to whoever presented this one. Nothing if its time went by while the request ran:
    /// it would take the place of a good one.
    pub(crate) fn current(&self, engine: &Engine, token: &Token, now: Timestamp) -> Option<Token> {
        self.successor(engine, token, now).or_else(|| self.is_current(engine, token, now).then(|| token.clone()))
    }

    /// True if this token is one to be handed out.
    pub(crate) fn is_current(&self, engine: &Engine, token: &Token, now: Timestamp) -> bool {
        self.rotation.is_empty() || matches!(self.standing_of(engine, token, now), Standing::Present | Standing::Next)
    }

    fn standing_of(&self, engine: &Engine, token: &Token, now: Timestamp) -> Standing {
        self.standing(&engine.digests.of(token), || now)
    }
}

/// Does what is due: the next token becomes the present one, or there is a next one from now on.
pub(crate) fn turn(engine: &Engine, revision: &mut Revision<'_>, token: &Token, now: Timestamp) -> Result<(), Error> {
    if !revision.tokens().is_due(engine, token, now) {
        return Ok(());
    }
    let present = revision.head().digest();
    let rotation = &mut revision.details.get_or_default().rotation;
    if let Some(next) = rotation.next.take() {
        let until = Some((now + GRACE).as_millis());
        rotation.previous = Some(Neighbour { digest: present, nonce: next.nonce, until });
        rotation.issued = Some(now.as_millis());
        revision.set_digest(&next.digest);
    } else {
        let nonce = [getrandom::u64()?, getrandom::u64()?];
        let digest = engine.digests.of(&token.derived(&nonce));
        rotation.next = Some(Neighbour { digest, nonce, until: None });
    }
    Ok(())
}
