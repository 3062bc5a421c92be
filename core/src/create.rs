//! The first thing that is put into a session, stored.

use std::time::Duration;

use crate::base::Base;
use crate::carrier::TokenReply;
use crate::committed::Committed;
use crate::content::View;
use crate::draft::Draft;
use crate::edits::Edits;
use crate::engine::Engine;
use crate::expiry::EMPTIED_LIFETIME;
use crate::limit;
use crate::patience::Patience;
use crate::record::Revision;
use crate::store::{Created, StoreError, Stored};
use crate::ticket::{Promised, Ticket};
use crate::{Error, Timestamp, Token};

/// What became of an attempt to begin a session.
pub(crate) enum Begun {
    /// What a commit comes to.
    Committed(Committed),
    /// Another request with the same ticket had begun it: this is the session.
    Meanwhile(Box<Base>),
}

/// A session that begins.
pub(crate) struct New<'a> {
    pub(crate) revision: Revision<'a>,
    pub(crate) expires: Option<Timestamp>,
    /// How long its cookie lasts.
    pub(crate) max_age: Option<Duration>,
}

impl<'a> New<'a> {
    /// With this token, which may be a ticket's, and what the edits make.
    pub(crate) fn of(
        engine: &Engine,
        token: &Token,
        ticket_ends: Option<Timestamp>,
        edits: &Edits,
        view: View<'a>,
    ) -> Self {
        let now = engine.clock.now();
        let mut revision = Revision::first(&engine.digests.of(token), now, view);
        if ticket_ends.is_some() {
            revision.details.get_or_default().ticket_ends = ticket_ends;
        }
        if edits.signs_in() {
            revision.set_signed_in(now);
        }
        let terms = revision.terms(engine);
        let max_age = terms.cookie_age(now);
        revision.set_cookie_expires(max_age.map(|age| now + age));
        New { revision, expires: terms.deadline(now), max_age }
    }
}

/// Begins a session with what the edits make, if that is something.
pub(crate) async fn create(engine: &Engine, draft: &mut Draft, promised: &Promised) -> Result<Begun, Error> {
    draft.complete(View::of_nothing())?;
    let made = draft.view();
    if made.is_empty() {
        return Ok(Begun::Committed(Committed::Unchanged));
    }
    // Whoever handed out the ticket may be somebody else: a login gets a token that only this client knows.
    let mut ticket = promised.ticket.clone().filter(|_| !draft.edits.signs_in());
    let mut renewed = promised.renewed.clone();
    let mut patience = Patience::new(engine);
    // The same one however often it has to be tried: links may carry it, and a place is reserved for its id.
    let mut token = match (&ticket, renewed.take()) {
        (Some(ticket), _) => ticket.token.clone(),
        (None, Some(token)) => *token,
        (None, None) => Token::generate()?,
    };
    loop {
        let ticket_ends = ticket.as_ref().map(|ticket| ticket.ends(&engine.lifetime));
        let New { mut revision, expires, max_age } = New::of(engine, &token, ticket_ends, &draft.edits, made);
        let entry = engine.entry(&mut revision, expires)?;
        if let Some(user) = made.user {
            limit::admit(engine, token.id(), user, &mut patience).await?;
        }
        match engine.store.create(token.id(), entry.clone()).await {
            Ok(Created::New(version)) => {
                let change = Some(TokenReply::hand_out(token.clone(), max_age));
                let base = Base::stored(token, Stored { entry, version })?;
                return Ok(Begun::Committed(Committed::Stored(Box::new(base), change)));
            }
            Ok(Created::Exists) => {
                if let Some(ticket) = ticket.take()
                    && let Some(base) = begun_meanwhile(engine, &ticket).await?
                {
                    return Ok(Begun::Meanwhile(Box::new(base)));
                }
                token = match renewed.take() {
                    Some(token) => *token,
                    None => Token::generate()?,
                };
            }
            Err(StoreError::Busy) => patience.pause().await?,
            Err(error) => return Err(error.into()),
        }
    }
}

/// The session that another request with the same ticket began, if it is as it was then: a login since has made it
/// somebody's.
async fn begun_meanwhile(engine: &Engine, ticket: &Ticket) -> Result<Option<Base>, Error> {
    let token = &ticket.token;
    let Some(stored) = engine.behind.load(token.id()).await? else { return Ok(None) };
    let base = Base::read(token.clone(), stored).ok();
    let is_its = |base: &Base| base.record.head().digest() == engine.digests.of(token);
    Ok(base.filter(is_its))
}

/// Begins a session with nothing in it under its ticket, or finds the one that somebody else began so.
pub(crate) async fn begin_empty(engine: &Engine, ticket: &Ticket) -> Result<Option<Base>, Error> {
    let now = engine.clock.now();
    let token = ticket.token.clone();
    let mut revision = Revision::first(&engine.digests.of(&token), now, View::of_nothing());
    revision.details.get_or_default().ticket_ends = Some(ticket.ends(&engine.lifetime));
    let entry = engine.entry(&mut revision, Some(now + EMPTIED_LIFETIME))?;
    let mut patience = Patience::new(engine);
    loop {
        match engine.store.create(token.id(), entry.clone()).await {
            Ok(Created::New(version)) => return Base::stored(token, Stored { entry, version }).map(Some),
            Ok(Created::Exists) => return begun_meanwhile(engine, ticket).await,
            Err(StoreError::Busy) => patience.pause().await?,
            Err(error) => return Err(error.into()),
        }
    }
}
