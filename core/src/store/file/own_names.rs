//! Which names in the session directory are those of a store of files.

use super::owners::OWNERS;
use super::temporary::is_temporary;

/// What CGI programs note there.
const LAST_PURGE: &str = "last-purge";

/// Whether something of this name is of a store's making.
pub(super) fn is_own(name: &str) -> bool {
    is_shard(name) || is_temporary(name) || matches!(name, OWNERS | LAST_PURGE)
}

/// Whether this is the first two digits of ids.
fn is_shard(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}
