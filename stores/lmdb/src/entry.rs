//! How an entry is written.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | the version of this format |
//! | 1 | 1: it has a deadline; 2: it has an owner |
//! | 8 | the entry's version, big-endian |
//! | 8 | the deadline, in milliseconds, big-endian; only if it has one |
//! | 32 | the owner; only if it has one |
//! | the rest | the record |

use bytes::Bytes;
use webstack_store::{Entry, OwnerKey, Stored, Timestamp, Version};

use crate::fault::Fault;

const FORMAT: u8 = 1;
const HAS_DEADLINE: u8 = 1;
const HAS_OWNER: u8 = 2;

pub(crate) fn encode(stored: &Stored) -> Vec<u8> {
    let Entry { bytes, expires, owner } = &stored.entry;
    let flags = if expires.is_some() { HAS_DEADLINE } else { 0 } | if owner.is_some() { HAS_OWNER } else { 0 };
    let mut text = Vec::with_capacity(2 + 8 + 8 + 32 + bytes.len());
    text.extend([FORMAT, flags]);
    text.extend(stored.version.get().to_be_bytes());
    if let Some(deadline) = expires {
        text.extend(deadline.as_millis().to_be_bytes());
    }
    if let Some(owner) = owner {
        text.extend(owner.as_bytes());
    }
    text.extend_from_slice(bytes);
    text
}

pub(crate) fn decode(text: &[u8]) -> Result<Stored, Fault> {
    let (&[format, flags], text) = take(text)?;
    if format != FORMAT || flags & !(HAS_DEADLINE | HAS_OWNER) != 0 {
        return Err(Fault::Malformed("another format"));
    }
    let (version, text) = take(text)?;
    let (expires, text) = match flags & HAS_DEADLINE {
        0 => (None, text),
        _ => take(text).map(|(deadline, rest)| (Some(Timestamp::from_millis(u64::from_be_bytes(*deadline))), rest))?,
    };
    let (owner, text) = match flags & HAS_OWNER {
        0 => (None, text),
        _ => take(text).map(|(owner, rest)| (Some(OwnerKey::from_bytes(*owner)), rest))?,
    };
    let entry = Entry { bytes: Bytes::copy_from_slice(text), expires, owner };
    Ok(Stored { entry, version: Version::new(u64::from_be_bytes(*version)) })
}

fn take<const N: usize>(text: &[u8]) -> Result<(&[u8; N], &[u8]), Fault> {
    text.split_first_chunk().ok_or(Fault::Malformed("it ends too early"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(expires: Option<u64>, owner: Option<[u8; 32]>) -> Stored {
        let entry = Entry {
            bytes: Bytes::from_static(b"record"),
            expires: expires.map(Timestamp::from_millis),
            owner: owner.map(OwnerKey::from_bytes),
        };
        Stored { entry, version: Version::new(7) }
    }

    #[test]
    fn what_was_written_is_read() {
        for expires in [None, Some(0), Some(u64::MAX)] {
            for owner in [None, Some([9; 32])] {
                let stored = stored(expires, owner);
                assert_eq!(decode(&encode(&stored)).expect("it is whole"), stored);
            }
        }
    }

    #[test]
    fn what_was_cut_or_made_by_others_is_malformed() {
        let whole = encode(&stored(Some(5), Some([9; 32])));
        for length in 0..whole.len() - b"record".len() {
            assert!(matches!(decode(&whole[..length]), Err(Fault::Malformed(_))), "{length}");
        }
        assert!(matches!(decode(&[2, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Err(Fault::Malformed(_))));
        assert!(matches!(decode(&[1, 4, 0, 0, 0, 0, 0, 0, 0, 0]), Err(Fault::Malformed(_))));
    }
}
