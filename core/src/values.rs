//! The values of a session: as they were read, and what changed since.
//!
//! Reading a record only finds out where each value stands. A value is looked at when somebody asks for it, and copied
//! when the next record is written.

use std::fmt;
use std::ops::Range;

use bytes::{Buf as _, Bytes};
use serde::Serialize;
use serde::ser::Error as _;
use smallvec::SmallVec;
use smol_str::SmolStr;

/// A value's text: JSON, as it was written.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Json(SmolStr);

impl Json {
    pub(crate) fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        let mut text = SmallVec::<[u8; 128]>::new();
        serde_json::to_writer(&mut text, value)?;
        Ok(Json(std::str::from_utf8(&text).map_err(serde_json::Error::custom)?.into()))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// What a session holds under its keys, in their order.
#[derive(Default)]
pub(crate) struct Values {
    /// As they were read: for each, the lengths of key and text, and then both.
    packed: Bytes,
    /// What was put in since, or taken out, in the order of keys.
    changes: SmallVec<[(SmolStr, Option<Json>); 1]>,
    count: usize,
    /// How many bytes all of them take when they are packed.
    length: usize,
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
        let length = packed.len();
        (found == count).then(|| Values { packed, changes: SmallVec::new(), count, length })
    }

    /// How many bytes [`pack`](Values::pack) adds.
    pub(crate) fn packed_len(&self) -> usize {
        self.length
    }

    pub(crate) fn pack(&self, out: &mut Vec<u8>) {
        if self.changes.is_empty() {
            return out.extend_from_slice(&self.packed);
        }
        // What nobody changed is copied as it stands, from one change to the next.
        let mut copied = 0;
        for (key, json) in &self.changes {
            let place = place(&self.packed, copied, key.as_bytes());
            out.extend_from_slice(&self.packed[copied..place.start]);
            copied = place.end;
            if let Some(json) = json {
                let text = json.as_bytes();
                // A record that long is refused before it is stored.
                for length in [key.len(), text.len()] {
                    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
                }
                out.extend_from_slice(key.as_bytes());
                out.extend_from_slice(text);
            }
        }
        out.extend_from_slice(&self.packed[copied..]);
    }

    #[inline]
    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        match self.changed(key) {
            Ok(index) => self.changes[index].1.as_ref().map(Json::as_bytes),
            Err(_) => self.read(key),
        }
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn insert(&mut self, key: SmolStr, value: Json) {
        let (changed, added) = (self.changed(&key), LENGTHS + key.len() + value.as_bytes().len());
        let before = match changed {
            Ok(index) => self.changes[index].1.as_ref().map(Json::as_bytes),
            Err(_) => self.read(&key),
        };
        match before.map(<[u8]>::len) {
            Some(text) => self.length -= LENGTHS + key.len() + text,
            None => self.count += 1,
        }
        self.length += added;
        match changed {
            Ok(index) => self.changes[index].1 = Some(value),
            Err(index) => self.changes.insert(index, (key, Some(value))),
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        if !self.forget(key) {
            return;
        }
        match (self.changed(key), self.read(key).is_some()) {
            (Ok(index), true) => self.changes[index].1 = None,
            (Ok(index), false) => drop(self.changes.remove(index)),
            (Err(index), _) => self.changes.insert(index, (key.into(), None)),
        }
    }

    /// Counts a value no more; true if there is one.
    fn forget(&mut self, key: &str) -> bool {
        let Some(text) = self.get(key).map(<[u8]>::len) else { return false };
        self.count -= 1;
        self.length -= LENGTHS + key.len() + text;
        true
    }

    /// Where among the changes a key stands, or would stand.
    #[inline]
    fn changed(&self, key: &str) -> Result<usize, usize> {
        self.changes.binary_search_by(|(other, _)| other.as_str().cmp(key))
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

    pub(crate) fn is_same(&self, other: &Values) -> bool {
        // A draft and what it was made from.
        let is_draft = self.packed.as_ptr_range() == other.packed.as_ptr_range();
        if is_draft && other.changes.is_empty() {
            return self.changes.iter().all(|(key, json)| json.as_ref().map(Json::as_bytes) == other.read(key));
        }
        (self.count, self.length) == (other.count, other.length) && self.iter().eq(other.iter())
    }

    /// What was read under a key.
    #[inline]
    fn read(&self, key: &str) -> Option<&[u8]> {
        entries(&self.packed).find(|(other, _)| *other == key.as_bytes()).map(|(_, text)| text)
    }

    /// Keys and texts, in the order of keys, which is that of their bytes.
    fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut read = entries(&self.packed).peekable();
        let mut changed = self.changes.iter().map(|(key, json)| (key.as_bytes(), json.as_ref())).peekable();
        std::iter::from_fn(move || {
            loop {
                let takes_change = match (read.peek(), changed.peek()) {
                    (Some((old, _)), Some((new, _))) => new <= old,
                    (None, Some(_)) => true,
                    _ => return read.next(),
                };
                if !takes_change {
                    return read.next();
                }
                let (key, json) = changed.next()?;
                // What stood there before is not any more.
                read.next_if(|(old, _)| *old == key);
                if let Some(json) = json {
                    return Some((key, json.as_bytes()));
                }
            }
        })
    }
}

/// The keys and texts in packed values, which were looked through when they were read.
#[inline]
fn entries(mut packed: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || split(&mut packed))
}

/// Where a key and its text stand in packed values, from some entry on; nowhere, between others, if they are not there.
fn place(packed: &[u8], from: usize, key: &[u8]) -> Range<usize> {
    let mut rest = &packed[from..];
    loop {
        let start = packed.len() - rest.len();
        match split(&mut rest) {
            Some((other, _)) if other < key => {}
            Some((other, _)) if other == key => return start..packed.len() - rest.len(),
            _ => return start..start,
        }
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

impl Clone for Values {
    fn clone(&self) -> Self {
        let Values { packed, changes, count, length } = self;
        // What was just read, as a rule: copying nothing takes more than looking whether there is something.
        let changes = if changes.is_empty() { SmallVec::new() } else { changes.clone() };
        Values { packed: packed.clone(), changes, count: *count, length: *length }
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
            values.insert((*key).into(), Json::of(number).expect("a number"));
        }
        values
    }

    fn packed(values: &Values) -> Values {
        let mut bytes = Vec::new();
        values.pack(&mut bytes);
        assert_eq!(bytes.len(), values.packed_len());
        Values::unpack(bytes.into(), values.len()).expect("what was packed")
    }

    fn shown(values: &Values) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a text");
        values.iter().map(|(key, json)| (text(key), text(json))).collect()
    }

    #[test]
    fn changes_stand_before_what_was_read() {
        let mut read = packed(&values(&[("b", 1), ("d", 2), ("f", 3)]));
        for (key, number) in [("a", 4), ("d", 5), ("e", 6), ("g", 7)] {
            read.insert(key.into(), Json::of(&number).expect("a number"));
        }
        read.remove("f");
        read.remove("e");
        read.remove("nothing");
        let expected = [("a", "4"), ("b", "1"), ("d", "5"), ("g", "7")];
        assert_eq!(shown(&read), expected.map(|(key, text)| (key.to_owned(), text.to_owned())));
        assert_eq!((read.len(), read.get("d"), read.get("f")), (4, Some(&b"5"[..]), None));
        let again = packed(&read);
        assert!(again.is_same(&read) && shown(&again) == shown(&read));
        assert!(!again.is_same(&values(&[("a", 4), ("b", 1), ("d", 5), ("g", 8)])));
    }

    #[test]
    fn what_is_not_whole_in_order_and_so_many_is_refused() {
        let mut bytes = Vec::new();
        values(&[("a", 1), ("b", 2)]).pack(&mut bytes);
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
