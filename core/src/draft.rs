//! What a request did to its session and has not stored yet, and what the session is by that.

use crate::Error;
use crate::content::{Content, View};
use crate::edits::{Edit, Edits};

/// What a request did and has not stored yet: by default nothing, to nothing that is known.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) edits: Edits,
    content: Content,
    /// The content is what all edits make of the session as it was last seen. Not if one failed on what others had stored.
    is_whole: bool,
}

impl Draft {
    /// Nothing was done yet to this.
    #[inline]
    pub(crate) fn of(content: Content) -> Self {
        Draft { edits: Edits::default(), content, is_whole: true }
    }

    /// Does the edits again, on this.
    pub(crate) fn rebase(&mut self, mut content: Content) -> Result<(), Error> {
        // Not whole, either, if a function of the application's panics.
        self.is_whole = false;
        let replayed = self.edits.replay(&mut content);
        self.content = content;
        self.is_whole = replayed.is_ok();
        replayed
    }

    /// The content as the handler sees it.
    pub(crate) fn view(&self) -> View<'_> {
        self.content.view()
    }

    /// True if that is what all edits make of the session as it was last seen.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Makes sure of it. What is known already is not computed again: functions of the application's run once.
    #[inline]
    pub(crate) fn complete(&mut self, seen: View<'_>) -> Result<(), Error> {
        if self.is_whole { Ok(()) } else { self.rebase(Content::of(seen)) }
    }

    /// The session is not what it was when it was last seen.
    pub(crate) fn set_outdated(&mut self) {
        self.is_whole = false;
    }

    #[inline]
    pub(crate) fn edit(&mut self, edit: Edit) -> Result<(), Error> {
        edit.apply(&mut self.content)?;
        self.edits.push(edit);
        Ok(())
    }

    /// Takes the edits; handles go on looking at what they made, which is not what the edits to come make by themselves.
    pub(crate) fn split_off(&mut self) -> Self {
        let (edits, is_whole) = (std::mem::take(&mut self.edits), std::mem::take(&mut self.is_whole));
        Draft { edits, content: self.content.clone(), is_whole }
    }
}
