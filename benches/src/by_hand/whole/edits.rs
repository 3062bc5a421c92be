//! What a request did, as operations that can be done again on what others stored meanwhile.

use serde::Serialize;
use smallvec::SmallVec;

use super::Refused;
use super::record::{self, LENGTHS, Record, split};

/// A key and its text, as they stand in a record.
pub(super) type Packed = SmallVec<[u8; SHORT]>;
const SHORT: usize = 48;
/// Computes a value from the one that stands there.
pub(super) type Change = Box<dyn Fn(Option<&[u8]>) -> Result<Packed, Refused> + Send>;

#[allow(dead_code, reason = "no request that is measured removes anything")]
pub(super) enum Edit {
    Insert(Packed),
    Remove(Box<str>),
    /// And what it made of what was there then.
    Update(Box<str>, Change, Packed),
    Clear,
}

pub(super) type Edits = SmallVec<[Edit; 1]>;

/// A key and a value.
#[inline]
pub(super) fn packed<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<Packed, Refused> {
    let (begin, mut first) = (LENGTHS + key.len(), [0; SHORT]);
    let mut packed = match first.get_mut(LENGTHS..begin) {
        Some(place) => {
            place.copy_from_slice(key.as_bytes());
            Packed::from_buf_and_len(first, begin)
        }
        None => Packed::from_vec([&[0; LENGTHS], key.as_bytes()].concat()),
    };
    serde_json::to_writer(&mut packed, value).map_err(|_| Refused::Value)?;
    // A record that long is refused before it is stored.
    let length = |length: usize| u64::from(u32::try_from(length).unwrap_or(u32::MAX));
    let lengths = length(key.len()) | length(packed.len() - begin) << 32;
    packed[..LENGTHS].copy_from_slice(&lengths.to_le_bytes());
    Ok(packed)
}

#[inline]
fn parts(mut packed: &[u8]) -> (&[u8], &[u8]) {
    split(&mut packed).unwrap_or_default()
}

/// What a key's value is after the edits.
pub(super) fn get<'a>(stored: Option<Record<'a>>, edits: &'a [Edit], key: &[u8]) -> Option<&'a [u8]> {
    for edit in edits.iter().rev() {
        match edit {
            Edit::Insert(packed) | Edit::Update(_, _, packed) => match parts(packed) {
                (other, text) if other == key => return Some(text),
                _ => {}
            },
            Edit::Remove(other) if other.as_bytes() == key => return None,
            Edit::Clear => return None,
            Edit::Remove(_) => {}
        }
    }
    stored?.get(key)
}

/// What the edits make of a record, and how many values it then has; its head is to be dated.
#[inline]
pub(super) fn revised(stored: &[u8], edits: &[Edit], again: bool) -> Result<(Vec<u8>, u64), Refused> {
    let seen = Record(stored);
    if let [Edit::Insert(packed)] = edits {
        // Nearly always: it is put together at once.
        let place = seen.place(parts(packed).0);
        let mut bytes = Vec::with_capacity(stored.len() - place.len() + packed.len());
        bytes.extend_from_slice(&stored[..place.start]);
        bytes.extend_from_slice(packed);
        bytes.extend_from_slice(&stored[place.end..]);
        return Ok((bytes, seen.count() + u64::from(place.is_empty())));
    }
    let (mut bytes, mut count) = (stored.to_vec(), seen.count());
    for edit in edits {
        apply(&mut bytes, &mut count, edit, again)?;
    }
    Ok((bytes, count))
}

fn apply(bytes: &mut Vec<u8>, count: &mut u64, edit: &Edit, again: bool) -> Result<(), Refused> {
    let changed;
    let (key, value): (&[u8], &[u8]) = match edit {
        Edit::Insert(packed) => (parts(packed).0, packed),
        Edit::Update(key, change, _) if again => {
            changed = change(Record(bytes).get(key.as_bytes()))?;
            (key.as_bytes(), &changed)
        }
        Edit::Update(key, _, packed) => (key.as_bytes(), packed),
        Edit::Remove(key) => (key.as_bytes(), &[]),
        Edit::Clear => {
            record::clear(bytes);
            *count = 0;
            return Ok(());
        }
    };
    let place = Record(bytes).place(key);
    *count = *count + u64::from(!value.is_empty()) - u64::from(!place.is_empty());
    bytes.splice(place, value.iter().copied());
    Ok(())
}
