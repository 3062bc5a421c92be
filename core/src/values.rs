//! The values of a session, packed as they are stored: for each the lengths of key and text, and then both, in the order of keys.
//!
//! Reading a record only finds out whether they are whole. A value is looked at when somebody asks for it. Before the first change all
//! of them are copied, once, and then changed where they stand.

use std::fmt;
use std::ops::Range;

use bytes::Buf as _;
use serde::Serialize;
use smallvec::SmallVec;

use crate::seldom::{MaybeEmpty, Seldom};

/// One value under its key, as it is packed among others.
pub(crate) struct Item(SmallVec<[u8; SHORT]>);

/// How much of an item needs no memory of its own.
const SHORT: usize = 48;

impl Item {
    #[inline]
    pub(crate) fn of<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<Self, serde_json::Error> {
        let (text_at, mut short) = (LENGTHS + key.len(), [0; SHORT]);
        let mut packed = match short.get_mut(LENGTHS..text_at) {
            Some(place) => {
                place.copy_from_slice(key.as_bytes());
                SmallVec::from_buf_and_len(short, text_at)
            }
            None => SmallVec::from_vec([&[0; LENGTHS], key.as_bytes()].concat()),
        };
        serde_json::to_writer(&mut packed, value)?;
        // A record that long is refused before it is stored.
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let lengths = [length(key.len()), length(packed.len() - text_at)];
        packed[..LENGTHS].copy_from_slice(lengths.as_flattened());
        Ok(Item(packed))
    }

    #[inline]
    fn parts(&self) -> (&[u8], &[u8]) {
        split(&mut &self.0[..]).unwrap_or_default()
    }

    #[inline]
    fn key(&self) -> &[u8] {
        self.parts().0
    }

    /// The key as a text, for what is done seldom.
    pub(crate) fn name(&self) -> &str {
        std::str::from_utf8(self.key()).unwrap_or_default()
    }

    /// The value: JSON, as it was written.
    pub(crate) fn text(&self) -> &[u8] {
        self.parts().1
    }
}

/// Values where they are packed, to be looked at.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Packed<'a> {
    bytes: &'a [u8],
    count: usize,
}

/// Values that change.
#[derive(Clone, Default)]
pub(crate) struct Values {
    bytes: Vec<u8>,
    count: usize,
    /// Where each begins, if they are so many that looking through them would take long.
    starts: Seldom<Starts>,
}

/// How many values are looked through one after the other.
const FEW: usize = 32;

/// The lengths before a key and its text.
const LENGTHS: usize = 8;

impl<'a> Packed<'a> {
    /// Values that were looked through before.
    pub(crate) fn known(bytes: &'a [u8], count: usize) -> Self {
        Packed { bytes, count }
    }

    /// True if these bytes are so many values, in order, and whole.
    #[inline]
    pub(crate) fn are(bytes: &[u8], count: usize) -> bool {
        let (mut rest, mut before, mut found) = (bytes, None, 0);
        while !rest.is_empty() {
            let Some((key, _)) = split(&mut rest) else { return false };
            // Nearly all are short, and ASCII.
            let is_text = key.is_ascii() || std::str::from_utf8(key).is_ok();
            if !is_text || before.is_some_and(|before| before >= key) {
                return false;
            }
            before = Some(key);
            found += 1;
        }
        found == count
    }

    pub(crate) fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    #[inline]
    pub(crate) fn get(self, key: &str) -> Option<&'a [u8]> {
        self.iter().find(|(other, _)| *other == key.as_bytes()).map(|(_, text)| text)
    }

    pub(crate) fn contains(self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn len(self) -> usize {
        self.count
    }

    pub(crate) fn is_empty(self) -> bool {
        self.count == 0
    }

    pub(crate) fn keys(self) -> impl Iterator<Item = &'a str> {
        self.iter().map(|(key, _)| std::str::from_utf8(key).unwrap_or_default())
    }

    /// Keys and texts.
    #[inline]
    fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || split(&mut rest))
    }

    /// Where a key and its text stand; nowhere, between others, if they are not there.
    #[inline]
    fn place(self, key: &[u8]) -> Range<usize> {
        let mut rest = self.bytes;
        loop {
            let start = self.bytes.len() - rest.len();
            match split(&mut rest) {
                Some((other, _)) if other < key => {}
                Some((other, _)) if other == key => return start..self.bytes.len() - rest.len(),
                _ => return start..start,
            }
        }
    }
}

impl Values {
    /// A copy of what is packed elsewhere, with room for one more.
    #[inline]
    pub(crate) fn of(Packed { bytes, count }: Packed<'_>) -> Self {
        const ROOM: usize = 64;
        let mut copy = Vec::with_capacity(bytes.len() + ROOM);
        copy.extend_from_slice(bytes);
        Values { bytes: copy, count, starts: Seldom::NONE }
    }

    #[inline]
    pub(crate) fn packed(&self) -> Packed<'_> {
        Packed { bytes: &self.bytes, count: self.count }
    }

    #[inline]
    pub(crate) fn insert(&mut self, item: &Item) {
        let place = self.place(item.key());
        self.make_room(place, item.0.len()).copy_from_slice(&item.0);
    }

    pub(crate) fn remove(&mut self, key: &str) {
        let place = self.place(key.as_bytes());
        if !place.is_empty() {
            self.make_room(place, 0);
        }
    }

    /// Where a key and its text stand, or between which others they would.
    #[inline]
    fn place(&mut self, key: &[u8]) -> Range<usize> {
        if self.count <= FEW {
            return self.packed().place(key);
        }
        if self.starts.is_empty() {
            self.starts = Seldom::new(Starts::of(&self.bytes));
        }
        self.starts.place(&self.bytes, key)
    }

    /// Puts one value of so many bytes, to be written, in the place of one that is there, or is not; or none in its place.
    #[inline]
    fn make_room(&mut self, place: Range<usize>, length: usize) -> &mut [u8] {
        self.count = self.count + usize::from(length > 0) - usize::from(!place.is_empty());
        if let Some(starts) = self.starts.get_mut() {
            starts.change(&place, length);
        }
        let (room, before) = (place.start..place.start + length, self.bytes.len());
        if place.len() != length {
            let after = before - place.len() + length;
            self.bytes.resize(before.max(after), 0);
            self.bytes.copy_within(place.end..before, room.end);
            self.bytes.truncate(after);
        }
        &mut self.bytes[room]
    }
}

/// Where each of many values begins, in packed bytes.
#[derive(Clone, Default)]
struct Starts(Vec<usize>);

impl Starts {
    #[cold]
    fn of(bytes: &[u8]) -> Self {
        let mut rest = bytes;
        let starts = std::iter::from_fn(|| {
            let start = bytes.len() - rest.len();
            split(&mut rest).map(|_| start)
        });
        Starts(starts.collect())
    }

    /// Where a key and its text stand, or between which others they would.
    #[cold]
    fn place(&self, bytes: &[u8], key: &[u8]) -> Range<usize> {
        let key_at = |start: &usize| split(&mut &bytes[*start..]).map_or(&[][..], |(key, _)| key);
        let start = |at| self.0.get(at).copied().unwrap_or(bytes.len());
        match self.0.binary_search_by(|start| key_at(start).cmp(key)) {
            Ok(at) => start(at)..start(at + 1),
            Err(at) => start(at)..start(at),
        }
    }

    /// One value of so many bytes comes into the place of one that is there, or is not; or none into its place.
    #[cold]
    fn change(&mut self, place: &Range<usize>, length: usize) {
        let (had, has) = (usize::from(!place.is_empty()), usize::from(length > 0));
        let at = self.0.partition_point(|start| *start < place.start);
        self.0.splice(at..at + had, (has > 0).then_some(place.start));
        self.0[at + has..].iter_mut().for_each(|start| *start = *start - place.len() + length);
    }
}

impl MaybeEmpty for Starts {
    const EMPTY: &'static Self = &Starts(Vec::new());

    fn is_empty(&self) -> bool {
        self.0.is_empty()
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

/// Shows the keys only.
impl fmt::Debug for Packed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.packed().fmt(f)
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item").field("key", &self.name()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, u32)]) -> Values {
        let mut values = Values::default();
        for (key, number) in pairs {
            values.insert(&Item::of(key, number).expect("a number"));
        }
        values
    }

    fn packed(values: &Values) -> Values {
        let packed = values.packed();
        assert!(Packed::are(packed.as_bytes(), packed.len()));
        Values::of(packed)
    }

    fn shown(values: &Values) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a text");
        values.packed().iter().map(|(key, json)| (text(key), text(json))).collect()
    }

    #[test]
    fn what_is_put_in_and_taken_out_stands_in_the_order_of_keys() {
        let mut read = packed(&values(&[("b", 1), ("d", 2), ("f", 3)]));
        for (key, number) in [("a", 4), ("d", 5), ("e", 6), ("g", 7)] {
            read.insert(&Item::of(key, &number).expect("a number"));
        }
        read.remove("f");
        read.remove("e");
        read.remove("nothing");
        let expected = [("a", "4"), ("b", "1"), ("d", "5"), ("g", "7")];
        assert_eq!(shown(&read), expected.map(|(key, text)| (key.to_owned(), text.to_owned())));
        let look = read.packed();
        assert_eq!((look.len(), look.get("d"), look.get("f")), (4, Some(&b"5"[..]), None));
        let again = packed(&read);
        assert!(again.packed() == look && shown(&again) == shown(&read));
        assert!(again.packed() != values(&[("a", 4), ("b", 1), ("d", 5), ("g", 8)]).packed());
    }

    #[test]
    fn many_values_are_what_a_map_would_hold() {
        let (mut values, mut map, mut state) = (Values::default(), std::collections::BTreeMap::new(), 1_u64);
        for step in 0..4_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step | 1);
            // As many as grow, then as many as dwindle.
            let (key, removes) = (format!("k{}", (state >> 33) % 90), (state >> 20) % 10 < step / 500);
            if removes {
                values.remove(&key);
                map.remove(&key);
            } else {
                let number = state >> (state % 60);
                values.insert(&Item::of(&key, &number).expect("a number"));
                map.insert(key, number.to_string());
            }
            assert_eq!((values.packed().len(), values.packed().as_bytes().is_empty()), (map.len(), map.is_empty()));
            if step % 50 == 0 {
                assert_eq!(shown(&packed(&values)), map.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn what_is_not_whole_in_order_and_so_many_is_refused() {
        let mut bytes = values(&[("a", 1), ("b", 2)]).packed().as_bytes().to_vec();
        let half = bytes.len() / 2;
        assert!(Packed::are(&bytes, 2));
        assert!(!Packed::are(&bytes, 1));
        for length in 0..bytes.len() {
            assert!(!Packed::are(&bytes[..length], 2), "{length} bytes");
        }
        let turned = [&bytes[half..], &bytes[..half]].concat();
        assert!(!Packed::are(&turned, 2));
        assert!(!Packed::are(&[&bytes[..half], &bytes[..half]].concat(), 2));
        bytes[half + LENGTHS] = 0xff;
        assert!(!Packed::are(&bytes, 2), "a key that is no text, in its place");
    }
}
