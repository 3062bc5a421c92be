//! An entry as bytes: what stands under its key.
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 4 | `wst1`, by which our entries are known |
//! | 4 | 1 | 1: it has a deadline; 2: it has an owner; 3: both |
//! | 5 | 8 | version |
//! | 13 | 8 | deadline, in milliseconds |
//! | 21 | 32 + 8 + 8 | owner, nonce of the marker at the owner, until when that marker is good; only with an owner |
//! | 21 or 69 | | what the store was given |
//!
//! Numbers begin with the highest byte. The scripts read and write the same.

use bytes::Bytes;
use webstack_store::{Entry, OwnerKey, Stored, Timestamp, Version};

use crate::fault::Fault;

const MAGIC: &[u8; 4] = b"wst1";
const EXPIRES: u8 = 1;
const OWNED: u8 = 2;

/// An entry with all that is stored of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) stored: Stored,
    /// Which marker at the owner belongs to this entry.
    pub(crate) nonce: Option<[u8; 8]>,
}

impl Record {
    pub(crate) fn parse(bytes: &Bytes) -> Result<Record, Fault> {
        Record::read(bytes).ok_or(Fault::Malformed)
    }

    fn read(bytes: &Bytes) -> Option<Record> {
        let mut rest = &bytes[..];
        let magic: &[u8; 4] = take(&mut rest)?;
        let [flags] = *take(&mut rest)?;
        let version = u64::from_be_bytes(*take(&mut rest)?);
        let deadline = u64::from_be_bytes(*take(&mut rest)?);
        if magic != MAGIC || flags > EXPIRES | OWNED {
            return None;
        }
        let (mut owner, mut nonce) = (None, None);
        if flags & OWNED != 0 {
            owner = Some(OwnerKey::from_bytes(*take(&mut rest)?));
            nonce = Some(*take(&mut rest)?);
            let _until: &[u8; 8] = take(&mut rest)?;
        }
        let expires = (flags & EXPIRES != 0).then_some(Timestamp::from_millis(deadline));
        let entry = Entry { bytes: bytes.slice_ref(rest), expires, owner };
        Some(Record { stored: Stored { entry, version: Version::new(version) }, nonce })
    }
}

/// How much of an entry says everything about it but what the store was given.
pub(crate) const LONGEST_HEAD: usize = 69;

/// The part of an entry that stands before its owner.
pub(crate) fn front(entry: &Entry, version: Version) -> Vec<u8> {
    let mut flags = 0;
    flags |= if entry.expires.is_some() { EXPIRES } else { 0 };
    flags |= if entry.owner.is_some() { OWNED } else { 0 };
    let deadline = entry.expires.map_or(0, Timestamp::as_millis);
    [&MAGIC[..], &[flags], &version.get().to_be_bytes(), &deadline.to_be_bytes()].concat()
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (first, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(owner: Option<OwnerKey>, expires: Option<Timestamp>) -> Entry {
        Entry { bytes: "text".into(), expires, owner }
    }

    #[test]
    fn what_is_written_is_read() {
        for expires in [None, Some(Timestamp::from_millis(0)), Some(Timestamp::MAX)] {
            for owner in [None, Some(OwnerKey::from_bytes([7; 32]))] {
                let given = entry(owner, expires);
                let mut bytes = front(&given, Version::new(u64::MAX));
                if let Some(owner) = owner {
                    bytes.extend([&owner.as_bytes()[..], &[1; 8], &[2; 8]].concat());
                    assert_eq!(bytes.len(), LONGEST_HEAD);
                }
                bytes.extend(b"text");
                let record = Record::read(&bytes.into()).expect("what was written");
                assert_eq!(record.stored, Stored { entry: given, version: Version::new(u64::MAX) });
                assert_eq!(record.nonce, owner.map(|_| [1; 8]));
            }
        }
    }

    #[test]
    fn anything_else_is_none_of_ours() {
        let whole = [&front(&entry(Some(OwnerKey::from_bytes([7; 32])), None), Version::new(1))[..], &[0; 48]].concat();
        assert!(Record::read(&Bytes::copy_from_slice(&whole)).is_some());
        for length in 0..whole.len() {
            assert!(Record::read(&Bytes::copy_from_slice(&whole[..length])).is_none(), "{length} bytes of it");
        }
        let foreign = [&b"wst2"[..], &whole[4..]].concat();
        assert!(Record::read(&foreign.into()).is_none());
        let flags = [&b"wst1\x04"[..], &whole[5..]].concat();
        assert!(Record::read(&flags.into()).is_none());
    }
}
