//! The replayable log of what a request did to its session.
//!
//! Edits are kept as operations, not as their result, so that they can be applied again to whatever another request
//! stored meanwhile. That is why parallel requests lose nothing.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use smallvec::SmallVec;
use triomphe::Arc;

use crate::content::{Content, View};
use crate::flash::Flash;
use crate::form_token::Issued;
use crate::key::Versioned;
use crate::values::Item;
use crate::{Error, SecretDigest, Timeouts};

/// Computes a value from the one that stands there.
pub(crate) trait Change: Send {
    /// The key of both.
    fn key(&self) -> &str;

    fn of(&self, value: Option<Versioned<'_>>) -> Result<Item, Error>;
}

/// One operation on a session's content.
pub(crate) enum Edit {
    /// The version is the value's; `None`: put in by name alone.
    Insert(Item, Option<u32>),
    Remove(Box<str>),
    /// The version is the result's; `None`: it stays.
    Update(Box<dyn Change>, Option<u32>),
    Clear,
    Flash(Flash),
    TakeFlashes(Vec<u64>),
    KeepFlashes(Vec<Flash>),
    IssueFormToken(Issued),
    /// Says in the flag whether the token was there to be spent.
    SpendFormToken(SecretDigest, Arc<AtomicBool>),
    SetUser(Option<Box<str>>),
    SetLabel(Option<Box<str>>),
    SetTimeouts(Option<Timeouts>),
    Remember(Option<Duration>),
    Renew,
}

impl Edit {
    #[inline]
    pub(crate) fn apply(&self, content: &mut Content) -> Result<(), Error> {
        match self {
            Edit::Insert(item, version) => content.put(item, *version)?,
            Edit::Remove(key) => content.remove(key),
            Edit::Update(change, version) => {
                let found = content.view().value(change.key());
                let version = version.or(found.map(|value| value.version()));
                let item = change.of(found)?;
                content.put(&item, version)?;
            }
            Edit::Clear => content.clear(),
            Edit::Flash(message) => content.extras().flashes.push(message.clone()),
            Edit::TakeFlashes(shown) => content.extras().flashes.take(shown),
            Edit::KeepFlashes(messages) => content.extras().flashes.keep(messages),
            Edit::IssueFormToken(issued) => content.extras().form_tokens.push(issued.clone()),
            Edit::SpendFormToken(digest, spent) => {
                let was_there = content.present_extras().is_some_and(|extras| extras.form_tokens.spend(digest));
                spent.store(was_there, Ordering::Relaxed);
            }
            Edit::SetUser(user) => content.set_user(user.as_deref()),
            Edit::SetLabel(label) => content.extras().label.clone_from(label),
            Edit::SetTimeouts(timeouts) => content.extras().timeouts = *timeouts,
            Edit::Remember(duration) => content.extras().remembered = *duration,
            Edit::Renew => {}
        }
        Ok(())
    }
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Edit::Insert(..) => "Insert",
            Edit::Remove(_) => "Remove",
            Edit::Update(..) => "Update",
            Edit::Clear => "Clear",
            Edit::Flash(_) => "Flash",
            Edit::TakeFlashes(_) => "TakeFlashes",
            Edit::KeepFlashes(_) => "KeepFlashes",
            Edit::IssueFormToken(_) => "IssueFormToken",
            Edit::SpendFormToken(..) => "SpendFormToken",
            Edit::SetUser(_) => "SetUser",
            Edit::SetLabel(_) => "SetLabel",
            Edit::SetTimeouts(_) => "SetTimeouts",
            Edit::Remember(_) => "Remember",
            Edit::Renew => "Renew",
        })
    }
}

/// The edits of a request that are not stored yet, in their order.
#[derive(Debug, Default)]
pub(crate) struct Edits(SmallVec<[Edit; 1]>);

impl Edits {
    pub(crate) fn push(&mut self, edit: Edit) {
        self.0.push(edit);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes one edit out.
    pub(crate) fn withdraw(&mut self, index: usize) -> Option<Edit> {
        (index < self.0.len()).then(|| self.0.remove(index))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts these edits before the ones that came since.
    pub(crate) fn restore(&mut self, mut earlier: Edits) {
        earlier.0.append(&mut self.0);
        *self = earlier;
    }

    pub(crate) fn replay(&self, content: &mut Content) -> Result<(), Error> {
        self.0.iter().try_for_each(|edit| edit.apply(content))
    }

    /// What they make of this.
    pub(crate) fn replayed(&self, content: View<'_>) -> Result<Content, Error> {
        let mut content = Content::of(content);
        self.replay(&mut content)?;
        Ok(content)
    }

    /// True if the token has to change: a change of privilege, or a renewal asked for.
    pub(crate) fn renews(&self) -> bool {
        self.0.iter().any(|edit| matches!(edit, Edit::Renew | Edit::SetUser(_)))
    }

    /// True if a user signed in: the absolute lifetime begins anew.
    pub(crate) fn signs_in(&self) -> bool {
        self.0.iter().any(|edit| matches!(edit, Edit::SetUser(Some(_))))
    }

    /// True if an insertion replaces a value that somebody else stored since `seen` was read.
    pub(crate) fn overwrite(&self, seen: View<'_>, found: View<'_>) -> bool {
        self.0.iter().any(|edit| match edit {
            Edit::Insert(item, _) => seen.values.get(item.name()) != found.values.get(item.name()),
            _ => false,
        })
    }
}
