//! The values of a session, packed as they are stored: for each the lengths of key and text, and then both, in the order of keys.
//!
//! Reading a record only finds out where each value stands. A value is looked at when somebody asks for it. The first one that is
//! put in has all of them copied, once, to where the next record will have them.

use std::fmt;
use std::ops::Range;

use bytes::{Buf as _, BufMut as _, Bytes};
use serde::Serialize;
use smallvec::SmallVec;

/// A value's text: JSON, as it was written.
#[derive(PartialEq, Eq)]
pub(crate) struct Json(SmallVec<[u8; 32]>);

impl Json {
    pub(crate) fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        let mut text = SmallVec::new();
        serde_json::to_writer(&mut text, value)?;
        Ok(Json(text))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What a session holds under its keys.
#[derive(Clone, Default)]
pub(crate) struct Values {
    /// As they were read.
    read: Bytes,
    /// What stands in their place, if some were put in since, or taken out.
    changed: Option<Vec<u8>>,
    count: usize,
}

/// The lengths before a key and its text.
const LENGTHS: usize = 8;

impl Values {
    /// Takes packed values to the end of the bytes; `None` if these are not so many, in order, and whole.
    #[inline]
    pub(crate) fn unpack(packed: Bytes, count: usize) -> Option<Self> {
        let (mut rest, mut before, mut found) = (&packed[..], None, 0);
        while !rest.is_empty() {
            let (key, _) = split(&mut rest)?;
            // Nearly all are short, and ASCII.
            let is_text = key.is_ascii() || std::str::from_utf8(key).is_ok();
            if !is_text || before.is_some_and(|before| before >= key) {
                return None;
            }
            before = Some(key);
            found += 1;
        }
        (found == count).then_some(Values { read: packed, changed: None, count })
    }

    /// The values, packed.
    #[inline]
    pub(crate) fn packed(&self) -> &[u8] {
        self.changed.as_deref().unwrap_or(&self.read)
    }

    #[inline]
    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        self.iter().find(|(other, _)| *other == key.as_bytes()).map(|(_, text)| text)
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    #[inline]
    pub(crate) fn insert(&mut self, key: &str, value: &Json) {
        let (place, text) = (self.place(key), value.as_bytes());
        self.count += usize::from(place.is_empty());
        // A record that long is refused before it is stored.
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let mut room = self.make_room(place, LENGTHS + key.len() + text.len());
        room.put_u32_le(length(key.as_bytes()));
        room.put_u32_le(length(text));
        room.put_slice(key.as_bytes());
        room.put_slice(text);
    }

    pub(crate) fn remove(&mut self, key: &str) {
        let place = self.place(key);
        if !place.is_empty() {
            self.count -= 1;
            self.make_room(place, 0);
        }
    }

    /// Where a key and its text stand; nowhere, between others, if they are not there.
    #[inline]
    fn place(&self, key: &str) -> Range<usize> {
        let (packed, mut rest) = (self.packed(), self.packed());
        loop {
            let start = packed.len() - rest.len();
            match split(&mut rest) {
                Some((other, _)) if other < key.as_bytes() => {}
                Some((other, _)) if other == key.as_bytes() => return start..packed.len() - rest.len(),
                _ => return start..start,
            }
        }
    }

    /// Puts so many bytes, to be written, in the place of others.
    #[inline]
    fn make_room(&mut self, place: Range<usize>, length: usize) -> &mut [u8] {
        let bytes = self.changed.get_or_insert_with(|| {
            let mut bytes = Vec::with_capacity(self.read.len() + length);
            bytes.extend_from_slice(&self.read);
            bytes
        });
        let (room, before) = (place.start..place.start + length, bytes.len());
        let after = before - place.len() + length;
        bytes.resize(before.max(after), 0);
        bytes.copy_within(place.end..before, room.end);
        bytes.truncate(after);
        &mut bytes[room]
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| std::str::from_utf8(key).unwrap_or_default())
    }

    /// Keys and texts, which were looked through when they were read.
    #[inline]
    fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut rest = self.packed();
        std::iter::from_fn(move || split(&mut rest))
    }
}

/// Takes the next key and text off.
#[inline]
fn split<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (mut lengths, behind) = rest.split_at_checked(LENGTHS)?;
    let key = usize::try_from(lengths.get_u32_le()).ok()?;
    let text = usize::try_from(lengths.get_u32_le()).ok()?;
    let (key, behind) = behind.split_at_checked(key)?;
    let (text, behind) = behind.split_at_checked(text)?;
    *rest = behind;
    Some((key, text))
}

/// The same values have the same bytes.
impl PartialEq for Values {
    fn eq(&self, other: &Values) -> bool {
        self.packed() == other.packed()
    }
}

/// Shows the keys only.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Json(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, u32)]) -> Values {
        let mut values = Values::default();
        for (key, number) in pairs {
            values.insert(key, &Json::of(number).expect("a number"));
        }
        values
    }

    fn packed(values: &Values) -> Values {
        Values::unpack(values.packed().to_vec().into(), values.len()).expect("what was packed")
    }

    fn shown(values: &Values) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a text");
        values.iter().map(|(key, json)| (text(key), text(json))).collect()
    }

    #[test]
    fn what_is_put_in_and_taken_out_stands_in_the_order_of_keys() {
        let mut read = packed(&values(&[("b", 1), ("d", 2), ("f", 3)]));
        for (key, number) in [("a", 4), ("d", 5), ("e", 6), ("g", 7)] {
            read.insert(key, &Json::of(&number).expect("a number"));
        }
        read.remove("f");
        read.remove("e");
        read.remove("nothing");
        let expected = [("a", "4"), ("b", "1"), ("d", "5"), ("g", "7")];
        assert_eq!(shown(&read), expected.map(|(key, text)| (key.to_owned(), text.to_owned())));
        assert_eq!((read.len(), read.get("d"), read.get("f")), (4, Some(&b"5"[..]), None));
        let again = packed(&read);
        assert!(again == read && shown(&again) == shown(&read));
        assert!(again != values(&[("a", 4), ("b", 1), ("d", 5), ("g", 8)]));
    }

    #[test]
    fn what_is_not_whole_in_order_and_so_many_is_refused() {
        let mut bytes = values(&[("a", 1), ("b", 2)]).packed().to_vec();
        let half = bytes.len() / 2;
        assert!(Values::unpack(bytes.clone().into(), 2).is_some());
        assert!(Values::unpack(bytes.clone().into(), 1).is_none());
        for length in 0..bytes.len() {
            assert!(Values::unpack(bytes[..length].to_vec().into(), 2).is_none(), "{length} bytes");
        }
        let turned = [&bytes[half..], &bytes[..half]].concat();
        assert!(Values::unpack(turned.into(), 2).is_none());
        assert!(Values::unpack([&bytes[..half], &bytes[..half]].concat().into(), 2).is_none());
        bytes[half + LENGTHS] = 0xff;
        assert!(Values::unpack(bytes.into(), 2).is_none(), "a key that is no text, in its place");
    }
}
