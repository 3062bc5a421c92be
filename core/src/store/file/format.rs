//! How an entry is written: a header of fixed length, then the payload.
//!
//! | offset | length | what |
//! |---|---|---|
//! | 0 | 4 | `WSF` and the version of this format |
//! | 4 | 4 | CRC-32 of everything behind it |
//! | 8 | 8 | generation |
//! | 16 | 8 | deadline, milliseconds since 1970; 0 if there is none |
//! | 24 | 4 | flags: 1, there is a deadline; 2, there is an owner |
//! | 28 | 4 | length of the payload |
//! | 32 | 32 | owner; zeros if there is none |
//! | 64 | … | payload, to the end of the file |
//!
//! Numbers are little-endian. Every bit is accounted for: a file that differs in one of them is malformed.

use bytes::Bytes;

use super::fault::Fault;
use crate::Timestamp;
use crate::store::{Entry, OwnerKey, Stored, Version};

/// The longest file that is written or read. Nothing the engine stores comes near it.
pub(super) const MAX_FILE: usize = 16 << 20;

const MAGIC: [u8; 4] = *b"WSF\x01";
const HEADER: usize = 64;
const HAS_DEADLINE: u32 = 1;
const HAS_OWNER: u32 = 2;

/// The bytes of a file.
pub(super) fn encode(entry: &Entry, version: Version) -> Result<Vec<u8>, Fault> {
    let length = HEADER + entry.bytes.len();
    if length > MAX_FILE {
        return Err(Fault::TooLarge);
    }
    let flags =
        if entry.expires.is_some() { HAS_DEADLINE } else { 0 } | if entry.owner.is_some() { HAS_OWNER } else { 0 };
    let payload = u32::try_from(entry.bytes.len()).map_err(|_| Fault::TooLarge)?;

    let mut file = Vec::with_capacity(length);
    file.extend_from_slice(&MAGIC);
    file.extend_from_slice(&[0; 4]);
    file.extend_from_slice(&version.get().to_le_bytes());
    file.extend_from_slice(&entry.expires.map_or(0, Timestamp::as_millis).to_le_bytes());
    file.extend_from_slice(&flags.to_le_bytes());
    file.extend_from_slice(&payload.to_le_bytes());
    file.extend_from_slice(entry.owner.as_ref().map_or(&[0; 32][..], |owner| owner.as_bytes()));
    file.extend_from_slice(&entry.bytes);
    let sum = crc32fast::hash(&file[8..]);
    file[4..8].copy_from_slice(&sum.to_le_bytes());
    Ok(file)
}

/// What stands in a file that is not empty.
pub(super) fn decode(file: Vec<u8>) -> Result<Stored, Fault> {
    let Some((header, payload)) = file.split_first_chunk::<HEADER>() else {
        return Err(Fault::Malformed("it is shorter than a header"));
    };
    let mut header = &header[..];
    if take(&mut header) != MAGIC {
        return Err(Fault::Malformed("it is not of this format or version"));
    }
    if u32::from_le_bytes(take(&mut header)) != crc32fast::hash(&file[8..]) {
        return Err(Fault::Malformed("its checksum is wrong"));
    }
    let version = Version::new(u64::from_le_bytes(take(&mut header)));
    let deadline = u64::from_le_bytes(take(&mut header));
    let flags = u32::from_le_bytes(take(&mut header));
    let length = u32::from_le_bytes(take(&mut header));
    let owner = take::<32>(&mut header);
    if flags & !(HAS_DEADLINE | HAS_OWNER) != 0 || usize::try_from(length) != Ok(payload.len()) {
        return Err(Fault::Malformed("its header contradicts itself"));
    }
    let expires = (flags & HAS_DEADLINE != 0).then(|| Timestamp::from_millis(deadline));
    let owner = (flags & HAS_OWNER != 0).then(|| OwnerKey::from_bytes(owner));
    Ok(Stored { entry: Entry { bytes: payload_of(file), expires, owner }, version })
}

/// Copies a small payload, so that it does not hold on to a whole read buffer; keeps a large one where it is.
fn payload_of(file: Vec<u8>) -> Bytes {
    const SMALL: usize = 4096;
    match file.len() {
        ..=SMALL => Bytes::copy_from_slice(&file[HEADER..]),
        _ => Bytes::from(file).slice(HEADER..),
    }
}

/// Takes the next field off the header.
fn take<const N: usize>(header: &mut &[u8]) -> [u8; N] {
    let (field, rest) = header.split_first_chunk().expect("the fields together are as long as the header");
    *header = rest;
    *field
}
