//! How an entry stands in a slot: a header of fixed length, the payload, and zeros to the end.
//!
//! | offset | length | what |
//! |---|---|---|
//! | 0 | 4 | `WSF` and the version of this format |
//! | 4 | 4 | CRC-32 of everything behind it, to the end of the slot |
//! | 8 | 8 | generation |
//! | 16 | 8 | deadline, milliseconds since 1970; 0 if there is none |
//! | 24 | 4 | flags: 1, there is a deadline; 2, there is an owner |
//! | 28 | 4 | length of the payload |
//! | 32 | 32 | owner; zeros if there is none |
//! | 64 | … | payload |
//!
//! Numbers are little-endian. Every bit is accounted for: a slot that differs in one of them does not verify. The last of all
//! generations is none, because nothing can follow it.

use bytes::Bytes;

use super::fault::Fault;
use crate::Timestamp;
use crate::store::{Entry, OwnerKey, Stored, Version};

/// The smallest slot: what a disk writes at once.
pub(super) const SMALLEST: usize = 512;
/// The largest slot. Nothing the engine stores comes near it.
pub(super) const LARGEST: usize = 16 << 20;

const MAGIC: [u8; 4] = *b"WSF\x01";
const HEADER: usize = 64;
const HAS_DEADLINE: u32 = 1;
const HAS_OWNER: u32 = 2;

/// The size of the smallest slot that holds this entry.
pub(super) fn size_for(entry: &Entry) -> Result<usize, Fault> {
    match HEADER.saturating_add(entry.bytes.len()) {
        length @ ..=LARGEST => Ok(length.next_power_of_two().max(SMALLEST)),
        _ => Err(Fault::TooLarge),
    }
}

/// Fills a slot, which is large enough.
pub(super) fn fill(slot: &mut [u8], entry: &Entry, version: Version) {
    let flags =
        if entry.expires.is_some() { HAS_DEADLINE } else { 0 } | if entry.owner.is_some() { HAS_OWNER } else { 0 };
    let payload = u32::try_from(entry.bytes.len()).expect("it fits a slot, and no slot is that large");
    let mut rest = &mut slot[8..];
    put(&mut rest, &version.get().to_le_bytes());
    put(&mut rest, &entry.expires.map_or(0, Timestamp::as_millis).to_le_bytes());
    put(&mut rest, &flags.to_le_bytes());
    put(&mut rest, &payload.to_le_bytes());
    put(&mut rest, entry.owner.as_ref().map_or(&[0; 32], |owner| owner.as_bytes()));
    put(&mut rest, &entry.bytes);
    // Nothing that stood here before stays behind it.
    rest.fill(0);
    let sum = crc32fast::hash(&slot[8..]);
    slot[..4].copy_from_slice(&MAGIC);
    slot[4..8].copy_from_slice(&sum.to_le_bytes());
}

/// The generation behind this one.
pub(super) fn following(version: Version) -> Result<Version, Fault> {
    match Version::new(version.get().wrapping_add(1)) {
        END => Err(NO_GENERATION),
        next => Ok(next),
    }
}

/// Behind all generations.
const END: Version = Version::new(u64::MAX);
const NO_GENERATION: Fault = Fault::Malformed("its generation cannot be followed by another");

/// What stands in a slot that verifies.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    pub(super) version: Version,
    pub(super) expires: Option<Timestamp>,
    pub(super) owner: Option<OwnerKey>,
    payload: &'a [u8],
}

impl<'a> Slot<'a> {
    /// Looks whether a slot was written whole.
    pub(super) fn verify(slot: &'a [u8]) -> Result<Self, Fault> {
        let Some((mut header, payload)) = slot.split_at_checked(HEADER) else {
            return Err(Fault::Malformed("it is shorter than a header"));
        };
        if take(&mut header) != MAGIC {
            return Err(Fault::Malformed("it is not of this format or version"));
        }
        if u32::from_le_bytes(take(&mut header)) != crc32fast::hash(&slot[8..]) {
            return Err(Fault::Malformed("its checksum is wrong"));
        }
        let version = Version::new(u64::from_le_bytes(take(&mut header)));
        let deadline = u64::from_le_bytes(take(&mut header));
        let flags = u32::from_le_bytes(take(&mut header));
        let length = usize::try_from(u32::from_le_bytes(take(&mut header))).unwrap_or(usize::MAX);
        let owner = take::<32>(&mut header);
        let is_without = |flag, field_is_empty: bool| flags & flag != 0 || field_is_empty;
        let agrees = flags & !(HAS_DEADLINE | HAS_OWNER) == 0
            && length <= payload.len()
            && is_without(HAS_DEADLINE, deadline == 0)
            && is_without(HAS_OWNER, owner == [0; 32]);
        if !agrees {
            return Err(Fault::Malformed("its header contradicts itself"));
        }
        if version == END {
            return Err(NO_GENERATION);
        }
        let expires = (flags & HAS_DEADLINE != 0).then(|| Timestamp::from_millis(deadline));
        let owner = (flags & HAS_OWNER != 0).then(|| OwnerKey::from_bytes(owner));
        Ok(Slot { version, expires, owner, payload: &payload[..length] })
    }

    /// The order in which slots were written: a touch keeps the version and moves the deadline on.
    pub(super) fn order(&self) -> (u64, u64) {
        (self.version.get(), self.expires.map_or(u64::MAX, Timestamp::as_millis))
    }

    /// The entry without its payload.
    pub(super) fn head(&self) -> Entry {
        Entry { bytes: Bytes::new(), expires: self.expires, owner: self.owner }
    }

    /// A copy that does not hold on to the whole file.
    pub(super) fn to_stored(&self) -> Stored {
        let entry = Entry { bytes: Bytes::copy_from_slice(self.payload), ..self.head() };
        Stored { entry, version: self.version }
    }
}

/// Puts the next field into the slot.
fn put(rest: &mut &mut [u8], field: &[u8]) {
    let (place, behind) = std::mem::take(rest).split_at_mut(field.len());
    place.copy_from_slice(field);
    *rest = behind;
}

/// Takes the next field off the header.
fn take<const N: usize>(header: &mut &[u8]) -> [u8; N] {
    let (field, rest) = header.split_first_chunk().expect("the fields together are as long as the header");
    *header = rest;
    *field
}
