//! What in the session directory is of a store's making, by its name.

use webstack_store::directory::is_furnished;

use super::fault::Fault;
use super::owners::OWNERS;
use super::root::Base;
use super::temporary::is_temporary;

/// What CGI programs note there.
const LAST_PURGE: &str = "last-purge";

/// Whether something of this name is of a store's making.
pub(super) fn is_own(name: &str) -> bool {
    is_shard(name) || is_temporary(name) || matches!(name, OWNERS | LAST_PURGE)
}

/// Whether other things are in the directory, and nothing of a store's making. Where there are sessions nobody needs to ask.
pub(super) fn is_foreign(base: &Base) -> Result<bool, Fault> {
    let (mut is_empty, mut has_own) = (true, false);
    base.names(".", &mut |name| {
        is_empty &= matches!(name, "." | "..");
        // The name of a shard says little without a session in it: a site in German has a directory `de`.
        has_own |= is_own(name) && !is_shard(name);
    })?;
    Ok(!is_empty && !has_own && !is_furnished(&base.fd))
}

/// Whether this is the first two digits of ids.
fn is_shard(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}
