//! A change of a session, stored at once.

use std::sync::atomic::Ordering;

use crate::base::Base;
use crate::call::Call;
use crate::draft::Draft;
use crate::events::Event;
use crate::held::Held;
use crate::lease::Hold;
use crate::policy::OnGone;
use crate::revise::{changes, date};
use crate::state::State;
use crate::store::{StoreError, Stored, Updated};
use crate::{Error, ReplyHeaders};

impl Call {
    #[inline(never)]
    pub(super) fn update_at_once(&self, mut state: Held<'_>) -> Option<Result<ReplyHeaders, Error>> {
        let engine = &*self.engine;
        let (base, draft) = state.drafted()?;
        let id = *base.token.id();
        let may_be_asked = engine.at_once.update.load(Ordering::Relaxed);
        let is_free = base.record.details().lease.is_none() && !engine.queues.is_busy(&id);
        // What the edits make of it is known, unless one failed.
        if !may_be_asked || engine.user_sessions.number().is_some() || !is_free || !draft.is_whole() {
            return None;
        }
        let renewed = match draft.edits.renews().then(|| base.token.renewed()).transpose() {
            Ok(renewed) => renewed,
            Err(error) => {
                let spent = state.end();
                drop(state);
                drop(spent);
                return self.failed(error);
            }
        };
        let made = draft.view();
        if !changes(base, made, renewed.as_ref(), Hold::Nothing) {
            // Its deadline may have to move.
            return None;
        }
        let mut revision = base.record.revised(made);
        let dated = date(engine, base, &draft.edits, renewed.as_ref(), Hold::Nothing, &mut revision);
        let dated = dated.and_then(|(expires, change)| Ok((engine.entry(&mut revision, expires)?, change)));
        let (version, was_empty) = (base.version, base.is_empty());
        let (told, draft) = (state.take_told(), state.end());
        let left = state.leave();
        let (entry, change) = match dated {
            Ok(dated) => dated,
            Err(error) => return self.failed(error),
        };
        match engine.store.update_at_once(&id, version, entry) {
            Ok(Ok(Updated::Applied(_))) => {
                if renewed.is_some() {
                    engine.events.report(Event::Renewed(id));
                }
                Some(Ok(self.headers(told.with(change))))
            }
            Ok(Ok(Updated::Conflict(stored))) => {
                let mut state = left.hold();
                let overwrites = state.meet(stored, draft.as_ref());
                let left = state.leave();
                if overwrites {
                    engine.events.report(Event::Overwritten(id));
                }
                Self::not_yet(left, draft)
            }
            // One that was empty is begun anew.
            Ok(Ok(Updated::Gone)) if was_empty => Self::not_yet(left, draft),
            Ok(Ok(Updated::Gone)) => {
                engine.events.report(Event::Gone(id));
                Some(match engine.policies.gone {
                    OnGone::Ignore => Ok(self.headers(told)),
                    OnGone::Respond => Err(Error::Gone),
                })
            }
            Ok(Err(StoreError::Busy | StoreError::Corrupt(_))) => Self::not_yet(left, draft),
            Ok(Err(error)) => self.failed(error.into()),
            Err(_) => {
                engine.at_once.update.store(false, Ordering::Relaxed);
                Self::not_yet(left, draft)
            }
        }
    }
}

impl State {
    /// Takes in what somebody faster stored; true if an insertion is going to replace a value of theirs.
    fn meet(&mut self, stored: Stored, draft: Option<&Draft>) -> bool {
        let Some((base, draft)) = self.base.as_ref().zip(draft) else { return false };
        // If it cannot be read, whoever tries next is told so.
        let Ok(newer) = Base::read(base.token.clone(), stored) else { return false };
        let overwrites = draft.edits.overwrite(base.record.view(), newer.record.view());
        self.seldom.get_or_default().newer = Some(Box::new(newer));
        overwrites
    }
}
