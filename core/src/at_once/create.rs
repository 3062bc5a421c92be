//! The first thing that is put into a session, stored at once.

use std::sync::atomic::Ordering;

use crate::call::Call;
use crate::carrier::TokenReply;
use crate::create::New;
use crate::held::Held;
use crate::store::{Created, StoreError};
use crate::{Error, ReplyHeaders, Token};

impl Call {
    #[inline(never)]
    pub(super) fn create_at_once(&self, mut state: Held<'_>) -> Option<Result<ReplyHeaders, Error>> {
        let engine = &*self.engine;
        if !engine.at_once.create.load(Ordering::Relaxed) || engine.user_sessions.number().is_some() {
            return None;
        }
        // What is to be made of nothing is known, unless an edit failed.
        let draft = state.draft().filter(|draft| draft.is_whole() && !draft.view().is_empty())?;
        let made = Token::generate().and_then(|token| {
            let New { mut revision, expires, max_age } = New::of(engine, &token, None, &draft.edits, draft.view());
            Ok((engine.entry(&mut revision, expires)?, token, max_age))
        });
        let (told, draft) = (state.take_told(), state.end());
        let left = state.leave();
        let (entry, token, max_age) = match made {
            Ok(made) => made,
            Err(error) => return self.failed(error),
        };
        match engine.store.create_at_once(token.id(), entry) {
            Ok(Ok(Created::New(_))) => {
                let change = Some(TokenReply::hand_out(token, max_age));
                return Some(Ok(self.headers(told.with(change))));
            }
            Ok(Ok(Created::Exists) | Err(StoreError::Busy)) => {}
            Ok(Err(error)) => return self.failed(error.into()),
            Err(_) => engine.at_once.create.store(false, Ordering::Relaxed),
        }
        Self::not_yet(left, draft)
    }
}
