//! What an entry says that is on its way from one store to the other.
//!
//! An entry that was never touched by a move, or has arrived, is written as it is. The others begin with bytes with which no
//! record begins.

use bytes::Bytes;

use crate::{Entry, Stored, Version};

const MAGIC: &[u8] = b"\0webstack moving 1\0";
const CLAIM: u8 = b'c';
const MARKER: u8 = b'm';
const PENDING: u8 = b'p';

/// An entry in the store that is left.
pub(super) enum Old {
    /// Nobody has begun to move it.
    Whole(Entry),
    /// Somebody moves it; this is what it was.
    Claim(Entry),
    /// It has gone to the other store, where it was pending with this version.
    Marker(Version),
}

/// An entry in the store that is moved to.
pub(super) enum New {
    /// It has arrived, or began there.
    Whole,
    /// It counts only if the old store says so, of this version.
    Pending(Entry),
}

pub(super) fn read_old(stored: Stored) -> Old {
    match mark(&stored.entry) {
        Some((CLAIM, bytes)) => Old::Claim(Entry { bytes, ..stored.entry }),
        Some((_, bytes)) => {
            let version = bytes.first_chunk().copied().map_or(0, u64::from_be_bytes);
            Old::Marker(Version::new(version))
        }
        None => Old::Whole(stored.entry),
    }
}

pub(super) fn read_new(stored: &Stored) -> New {
    match mark(&stored.entry) {
        Some((PENDING, bytes)) => New::Pending(Entry { bytes, ..stored.entry.clone() }),
        // Any other mark would stand in the old store, and is none of ours here.
        _ => New::Whole,
    }
}

pub(super) fn claim(entry: &Entry) -> Entry {
    Entry { bytes: marked(CLAIM, &entry.bytes), ..entry.clone() }
}

pub(super) fn pending(entry: &Entry) -> Entry {
    Entry { bytes: marked(PENDING, &entry.bytes), ..entry.clone() }
}

/// It stays in its owner's index, where it vouches for what is pending, for as long as that could live.
pub(super) fn marker(entry: &Entry, pending: Version) -> Entry {
    Entry { bytes: marked(MARKER, &pending.get().to_be_bytes()), ..entry.clone() }
}

fn marked(mark: u8, bytes: &[u8]) -> Bytes {
    [MAGIC, &[mark], bytes].concat().into()
}

fn mark(entry: &Entry) -> Option<(u8, Bytes)> {
    let (mark, _) = entry.bytes.strip_prefix(MAGIC)?.split_first()?;
    Some((*mark, entry.bytes.slice(MAGIC.len() + 1..)))
}
