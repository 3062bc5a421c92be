//! The first thing that is put into a session, stored at once.

use std::sync::atomic::Ordering;

use super::Attempt;
use crate::Token;
use crate::carrier::TokenReply;
use crate::create::New;
use crate::draft::Draft;
use crate::engine::Engine;
use crate::store::{Created, StoreError};

pub(super) fn create(engine: &Engine, draft: &Draft) -> Attempt {
    if !engine.at_once.create.load(Ordering::Relaxed) || engine.user_sessions.number().is_some() {
        return Attempt::NotYet(None);
    }
    // What is to be made of nothing is known, unless an edit failed.
    if !draft.is_whole() || draft.view().is_empty() {
        return Attempt::NotYet(None);
    }
    let token = match Token::generate() {
        Ok(token) => token,
        Err(error) => return Attempt::Failed(error),
    };
    let New { mut revision, expires, max_age } = New::of(engine, &token, None, &draft.edits, draft.view());
    let entry = match engine.entry(&mut revision, expires) {
        Ok(entry) => entry,
        Err(error) => return Attempt::Failed(error),
    };
    match engine.store.create_at_once(token.id(), entry) {
        Ok(Ok(Created::New(_))) => return Attempt::Stored(Some(TokenReply::hand_out(token, max_age))),
        Ok(Ok(Created::Exists) | Err(StoreError::Busy)) => {}
        Ok(Err(error)) => return Attempt::Failed(error.into()),
        Err(_) => engine.at_once.create.store(false, Ordering::Relaxed),
    }
    Attempt::NotYet(None)
}
