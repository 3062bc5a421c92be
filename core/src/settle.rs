//! Work taken out of a visit's state, and what came of it put back.

use crate::Error;
use crate::base::Base;
use crate::carrier::TokenReply;
use crate::committed::Committed;
use crate::lease::Hold;
use crate::state::State;
use crate::ticket::Promised;
use crate::work::Work;

impl State {
    /// Takes out what is to be stored; `None` if sessions are to be ended before.
    pub(crate) fn next_work(&mut self) -> Result<Option<Work>, Error> {
        if self.is_adrift_with_work() {
            return Err(Error::Unavailable("the session could not be loaded".into()));
        }
        if !self.seldom.ending.is_empty() {
            return Ok(None);
        }
        let draft = self.take_draft();
        if self.gone {
            return Err(Error::Gone);
        }
        let (base, newer, promised) = (self.base.clone(), self.take_newer(), self.seldom.promised.clone());
        let State { hold, incarnation, reverts, .. } = *self;
        Ok(Some(Work { base, newer, draft, promised, hold, incarnation, reverts }))
    }

    /// Takes out what somebody faster stored.
    fn take_newer(&mut self) -> Option<Box<Base>> {
        self.seldom.get_mut().and_then(|unusual| unusual.newer.take())
    }

    /// Takes out what the client is to be told of its token.
    pub(crate) fn take_token_change(&mut self) -> Option<TokenReply> {
        self.seldom.get_mut().and_then(|unusual| unusual.token_change.take())
    }

    /// Has the client told what became of its token.
    pub(crate) fn tell(&mut self, change: Option<TokenReply>) {
        if change.is_some() {
            self.seldom.get_or_default().token_change = change;
        }
    }

    /// Takes up what came of it.
    pub(crate) fn settle(&mut self, work: &mut Work, committed: Result<Committed, Error>) -> Result<(), Error> {
        if self.incarnation != work.incarnation {
            // Another handle ended the session while this one was storing it: what was stored is ended, too.
            if let Ok(Committed::Stored(base, _)) = committed {
                self.seldom.get_or_default().ending.push(*base.token.id());
            }
            return Err(Error::Gone);
        }
        match committed {
            Ok(Committed::Unchanged) => {
                if work.base.as_ref().is_none_or(|base| base.is_empty()) && self.reverts == work.reverts {
                    // There may be a label that waits for something worth a session.
                    self.restore(std::mem::take(&mut work.draft.edits));
                }
                self.rebase_unheard(work.base.take());
                Ok(())
            }
            Ok(Committed::Stored(base, change)) => {
                if let Some(unusual) = self.seldom.get_mut() {
                    unusual.promised = Promised::default();
                }
                if work.hold == self.hold && matches!(work.hold, Hold::Release(_)) {
                    self.hold = Hold::Nothing;
                }
                self.tell(change);
                // One that began is known to nobody else.
                self.presented &= self.base.as_ref().is_some_and(|seen| seen.token.id() == base.token.id());
                self.rebase_unheard(Some(*base));
                Ok(())
            }
            Ok(Committed::Gone) => {
                self.gone = true;
                if self.seldom.token_change.as_ref().is_some_and(|change| change.handed().is_some()) {
                    drop(self.take_token_change());
                }
                Err(Error::Gone)
            }
            Err(Error::LockLost) => {
                // What was seen under the lock is not what is stored any more, so nothing of it may ever be.
                self.hold = Hold::Nothing;
                self.gone = true;
                Err(Error::LockLost)
            }
            Err(error) => {
                if self.reverts == work.reverts {
                    self.restore(std::mem::take(&mut work.draft.edits));
                }
                Err(error)
            }
        }
    }
}
