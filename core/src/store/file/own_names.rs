//! What in the session directory is of a store's making.

use rustix::fs::OFlags;

use webstack_store::directory::{holds_only, is_furnished};

use super::fault::Fault;
use super::owners::OWNERS;
use super::root::Base;
use super::temporary::is_temporary;
use crate::SessionId;

/// What CGI programs note there.
const LAST_PURGE: &str = "last-purge";

/// What is on top of a volume of its own.
const LOST_AND_FOUND: &str = "lost+found";

/// Whether what has this name is of a store's making, or says nothing of whose the directory is. The name of a directory alone says
/// little: a site in German has a directory `de`, and any may have owners.
pub(super) fn is_own(base: &Base, name: &str) -> bool {
    match name {
        LAST_PURGE | LOST_AND_FOUND => true,
        OWNERS => has_only(base, name, is_shard),
        _ if is_shard(name) => has_only(base, name, |inner| {
            is_temporary(inner) || inner.starts_with(name) && inner.parse::<SessionId>().is_ok()
        }),
        _ => is_temporary(name),
    }
}

/// Whether other things are in the directory, and nothing of a store's making. Where there are sessions nobody needs to ask.
pub(super) fn is_foreign(base: &Base) -> Result<bool, Fault> {
    let holds_own = holds_only(&base.fd, |name| is_own(base, name))
        .map_err(|source| Fault::Io { doing: "read the session directory", source })?;
    Ok(!holds_own && !is_furnished(&base.fd) && base.look_at(LAST_PURGE)?.is_none())
}

/// Whether a directory is one, and has only such names in it.
fn has_only(base: &Base, directory: &str, is_own: impl Fn(&str) -> bool) -> bool {
    let opened = base.open(directory, OFlags::RDONLY | OFlags::DIRECTORY);
    opened.is_ok_and(|directory| holds_only(&directory, is_own).unwrap_or(false))
}

/// Whether this is the first two digits of ids.
fn is_shard(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}
