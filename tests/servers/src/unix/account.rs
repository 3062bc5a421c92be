//! Whom servers run as that refuse to be run by root.

use nix::unistd::{Gid, Uid, User};

use crate::NotStarted;

/// A user without privileges.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Account {
    /// For root the user of this name, or `nobody` if there is none; for others `None`: they are good enough themselves.
    pub(crate) fn instead_of_root(name: &str) -> Result<Option<Account>, NotStarted> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        let found = [name, "nobody"].into_iter().find_map(|name| User::from_name(name).ok().flatten());
        let found =
            found.ok_or_else(|| NotStarted::failed(format!("root needs a user {name} or nobody to run it as")))?;
        let (user, group): (Uid, Gid) = (found.uid, found.gid);
        Ok(Some(Account { user: user.as_raw(), group: group.as_raw() }))
    }
}
