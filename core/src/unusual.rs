//! What few requests come to know of their session, or to do with it.

use std::task::Waker;

use crate::SessionId;
use crate::base::Base;
use crate::carrier::TokenReply;
use crate::search::Search;
use crate::seldom::MaybeEmpty;
use crate::ticket::Promised;

/// What most requests have nothing of.
#[derive(Debug, Default)]
pub(crate) struct Unusual {
    /// Who waits for a turn. Some of them may not be waiting any more.
    pub(crate) waiting: Vec<Waker>,
    /// How far the search for the session has come, if it has to be waited for.
    pub(crate) search: Option<Box<Search>>,
    /// What somebody faster stored, if the first attempt to store something met them.
    pub(crate) newer: Option<Box<Base>>,
    /// The other living sessions that the request presented.
    pub(crate) others: Vec<SessionId>,
    /// The sessions that are to end with this request.
    pub(crate) ending: Vec<SessionId>,
    /// Tokens that links of this response carry already.
    pub(crate) promised: Promised,
    /// What the client is told of its token, as far as that is decided.
    pub(crate) token_change: Option<TokenReply>,
}

impl MaybeEmpty for Unusual {
    const EMPTY: &'static Self = &Unusual {
        waiting: Vec::new(),
        search: None,
        newer: None,
        others: Vec::new(),
        ending: Vec::new(),
        promised: Promised::NONE,
        token_change: None,
    };

    fn is_empty(&self) -> bool {
        let Unusual { waiting, search, newer, others, ending, promised, token_change } = self;
        waiting.is_empty()
            && search.is_none()
            && newer.is_none()
            && others.is_empty()
            && ending.is_empty()
            && promised.is_nothing()
            && token_change.is_none()
    }
}
