//! What is known of a session during a request: what was loaded, and what was done to it since.

use crate::base::Base;
use crate::content::{Content, View};
use crate::draft::Draft;
use crate::edits::{Edit, Edits};
use crate::lease::Hold;
use crate::search::{Found, Loaded};
use crate::seldom::Seldom;
use crate::unusual::Unusual;
use crate::{Carrier, Error};

/// How far an exchange has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    #[default]
    Unloaded,
    Open,
    Done,
}

/// What is known of the session during an exchange.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) stage: Stage,
    /// Loading, saving and finishing happen one after the other.
    pub(crate) turn_is_taken: bool,
    /// What is stored, as last seen; `None`: no session, or one that begins with this request.
    pub(crate) base: Option<Base>,
    /// What the request did and has not stored yet, if it did anything.
    draft: Option<Draft>,
    /// How often the request began a new session: what was under way for an earlier one is void.
    pub(crate) incarnation: u32,
    /// How often what was not stored was dropped: it does not come back if storing it fails.
    pub(crate) reverts: u32,
    /// The session ended or changed hands meanwhile: edits are void.
    pub(crate) gone: bool,
    /// The request presented a living session with something in it.
    pub(crate) found: bool,
    /// The request presented a token of a session, whether or not that lives.
    pub(crate) asked: bool,
    /// The session is one that the request presented.
    pub(crate) presented: bool,
    /// How the token came, and goes back; `None`: there was none.
    pub(crate) carrier: Option<Carrier>,
    /// The token was signed with a key that signs no more.
    pub(crate) is_outdated: bool,
    /// The store failed when the session was to be loaded, and the visitor is anonymous for this request.
    pub(crate) is_adrift: bool,
    /// The lock that the request holds.
    pub(crate) hold: Hold,
    /// What few requests come to.
    pub(crate) seldom: Seldom<Unusual>,
}

impl State {
    /// Takes up what was loaded, unless something was before.
    #[inline]
    pub(crate) fn take_up(&mut self, loaded: &mut Loaded) -> Result<(), Error> {
        match self.stage {
            Stage::Unloaded => {}
            Stage::Open => return Ok(()),
            Stage::Done => return Err(Error::TooLate),
        }
        (self.asked, self.is_adrift) = (loaded.asked, loaded.is_adrift);
        if !loaded.others.is_empty() || loaded.ticket.is_some() {
            let unusual = self.seldom.get_or_default();
            unusual.others = std::mem::take(&mut loaded.others);
            unusual.promised.ticket = loaded.ticket.take();
        }
        if let Some(Found { base, carrier, is_outdated }) = loaded.first.take() {
            (self.found, self.presented) = (!base.is_empty(), true);
            (self.carrier, self.is_outdated) = (Some(carrier), is_outdated);
            self.base = Some(base);
        }
        self.stage = Stage::Open;
        Ok(())
    }

    /// The content as the handler sees it.
    #[inline]
    pub(crate) fn content(&self) -> Option<View<'_>> {
        let stored = || self.base.as_ref().map(|base| base.record.view());
        self.draft.as_ref().map(|draft| draft.view()).or_else(stored)
    }

    /// What the request did and has not stored yet; `None`: nothing.
    pub(crate) fn edits(&self) -> Option<&Edits> {
        self.draft.as_ref().map(|draft| &draft.edits).filter(|edits| !edits.is_empty())
    }

    /// What the request did and has not stored yet, and what is known of it, if it did anything.
    pub(crate) fn draft(&self) -> Option<&Draft> {
        self.draft.as_ref()
    }

    /// The same for a session that is stored.
    #[inline]
    pub(crate) fn drafted(&self) -> Option<(&Base, &Draft)> {
        self.base.as_ref().zip(self.draft.as_ref())
    }

    pub(crate) fn has_edits(&self) -> bool {
        self.edits().is_some()
    }

    /// Applies an edit to what the handler sees, and remembers it.
    pub(crate) fn edit(&mut self, edit: Edit) -> Result<(), Error> {
        if self.draft.is_none() {
            self.draft = Some(Draft::of(self.content().map(Content::of).unwrap_or_default()));
        }
        match &mut self.draft {
            Some(draft) => draft.edit(edit),
            None => Ok(()),
        }
    }

    /// Ends the sessions that the request presented or began; what follows begins a new one.
    #[must_use = "what is in it of the application's may look at the session while it goes"]
    pub(crate) fn invalidate(&mut self) -> Option<Draft> {
        let spent = self.draft.take();
        let before = std::mem::take(self.seldom.get_or_default());
        let mut ending = before.ending;
        ending.extend(self.base.take().map(|base| *base.token.id()));
        ending.extend(before.others);
        let (waiting, token_change) = (before.waiting, before.token_change);
        *self = State {
            stage: self.stage,
            turn_is_taken: self.turn_is_taken,
            seldom: Seldom::new(Unusual { waiting, ending, token_change, ..Unusual::default() }),
            incarnation: self.incarnation + 1,
            asked: self.asked,
            carrier: self.carrier,
            is_adrift: self.is_adrift,
            reverts: self.reverts,
            ..State::default()
        };
        spent
    }

    /// True if there is something to store, or to end, beside a session that could not be loaded.
    pub(crate) fn is_adrift_with_work(&self) -> bool {
        self.is_adrift && (self.has_edits() || self.incarnation > 0)
    }

    /// True if something is to be done however the request ends: a session to be ended, a lock to be given back.
    pub(crate) fn has_duties(&self) -> bool {
        !self.seldom.ending.is_empty() || self.hold != Hold::Nothing
    }

    /// Takes out what is to be stored. As long as the session can be used, handles go on looking at what it makes.
    pub(crate) fn take_draft(&mut self) -> Draft {
        match &mut self.draft {
            Some(draft) if self.stage != Stage::Done => draft.split_off(),
            draft => draft.take().unwrap_or_default(),
        }
    }

    /// Lets nobody do anything any more, and takes out what is to be stored: so nobody stores it again, and nothing of the
    /// application's that is in it outlives the response.
    #[inline]
    #[must_use = "what is in it of the application's may look at the session while it goes"]
    pub(crate) fn end(&mut self) -> Option<Draft> {
        self.close(true);
        self.draft.take()
    }

    /// Puts back what was taken out so, and could not be stored.
    pub(crate) fn put_back(&mut self, draft: Option<Draft>) {
        self.draft = draft;
    }

    /// Takes back an edit that could not be stored.
    #[must_use = "what is in it of the application's may look at the session while it goes"]
    pub(crate) fn withdraw(&mut self, index: usize) -> Option<Edit> {
        let spent = self.draft.as_mut().and_then(|draft| draft.edits.withdraw(index));
        let base = self.base.clone();
        self.rebase_unheard(base);
        spent
    }

    /// Puts edits that could not be stored before the ones that came since.
    pub(crate) fn restore(&mut self, earlier: Edits) {
        if !earlier.is_empty() {
            self.draft.get_or_insert_default().edits.restore(earlier);
        }
    }

    /// Lets what is not stored go.
    #[must_use = "what is in it of the application's may look at the session while it goes"]
    pub(crate) fn discard_edits(&mut self) -> Option<Draft> {
        self.reverts += 1;
        self.draft.take()
    }

    /// Takes up what is stored now, under edits that came since. One that fails on it is told whoever stores it, and not
    /// whoever stored this.
    pub(crate) fn rebase_unheard(&mut self, base: Option<Base>) {
        let _ = self.rebase(base);
    }

    /// Takes up what is stored now, under the edits that are not.
    pub(crate) fn rebase(&mut self, base: Option<Base>) -> Result<(), Error> {
        self.base = base;
        match &mut self.draft {
            Some(draft) if !draft.edits.is_empty() => {
                let stored = self.base.as_ref().map(|base| Content::of(base.record.view()));
                draft.rebase(stored.unwrap_or_default())
            }
            draft => {
                *draft = None;
                Ok(())
            }
        }
    }
}
