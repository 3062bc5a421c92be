//! What a session is at rest: a head of fixed places, the name of a user if there is one, and values in the order of their keys.
//!
//! The first sixteen bytes of nearly all sessions are the same: no user, no details, no persistent cookie. One comparison says so.

use webstack_core::Timestamp;

use super::token::Digest;

const HEAD: usize = 96;
/// Version of the format, flags, the lengths of a user's name and of details.
const PLAIN: [u8; 16] = *b"WHL\x01\0\0\0\0\0\0\0\0\0\0\0\0";
const EPOCH: usize = 16;
const DIGEST: usize = 24;
const CREATED: usize = 56;
const WRITTEN: usize = 64;
const COUNT: usize = 88;
/// The lengths of key and text stand before both.
pub(super) const LENGTHS: usize = 8;

/// Why bytes are no record.
#[derive(Debug)]
pub(super) struct Malformed;

/// Looks bytes through: they are a record, and its values are whole.
#[inline]
pub(super) fn check(bytes: &[u8]) -> Result<(), Malformed> {
    let head: &[u8; HEAD] = bytes.first_chunk().ok_or(Malformed)?;
    if head.first_chunk() != Some(&PLAIN) {
        return check_more(bytes);
    }
    if are_values(&bytes[HEAD..], long(head, COUNT)) { Ok(()) } else { Err(Malformed) }
}

/// One with a user, or with what few sessions have.
#[cold]
fn check_more(bytes: &[u8]) -> Result<(), Malformed> {
    if bytes[..4] != PLAIN[..4] {
        return Err(Malformed);
    }
    super::seldom("a user, details, a persistent cookie")
}

#[inline]
fn are_values(mut rest: &[u8], count: u64) -> bool {
    let (mut before, mut found): (&[u8], u64) = (&[], 0);
    while !rest.is_empty() {
        let Some((key, _)) = split(&mut rest) else { return false };
        let is_text = key.is_ascii() || std::str::from_utf8(key).is_ok();
        if !is_text || (found > 0 && before >= key) {
            return false;
        }
        (before, found) = (key, found + 1);
    }
    found == count
}

/// The next key and its text.
#[inline]
pub(super) fn split<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (lengths, body) = rest.split_first_chunk::<LENGTHS>()?;
    let lengths = u64::from_le_bytes(*lengths);
    let (key, text) = (lengths as u32 as usize, (lengths >> 32) as usize);
    let (value, behind) = body.split_at_checked(key + text)?;
    *rest = behind;
    Some(value.split_at(key))
}

#[inline]
fn long(head: &[u8; HEAD], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|byte| head[at + byte]))
}

/// A record that was looked through.
#[derive(Clone, Copy)]
pub(super) struct Record<'a>(pub(super) &'a [u8]);

impl<'a> Record<'a> {
    #[inline]
    fn head(self) -> &'a [u8; HEAD] {
        self.0.first_chunk().expect("it was looked through")
    }

    #[inline]
    pub(super) fn digest(self) -> &'a Digest {
        self.head()[DIGEST..].first_chunk().expect("it is within the head")
    }

    #[inline]
    pub(super) fn epoch(self) -> u64 {
        long(self.head(), EPOCH)
    }

    #[inline]
    pub(super) fn created(self) -> Timestamp {
        Timestamp::from_millis(long(self.head(), CREATED))
    }

    #[inline]
    pub(super) fn count(self) -> u64 {
        long(self.head(), COUNT)
    }

    /// The text of a key's value.
    #[inline]
    pub(super) fn get(self, key: &[u8]) -> Option<&'a [u8]> {
        let mut rest = &self.0[HEAD..];
        while let Some((other, text)) = split(&mut rest) {
            if other == key {
                return Some(text);
            }
        }
        None
    }

    /// Where a key and its text stand; nowhere, between others, if they are not there.
    #[inline]
    pub(super) fn place(self, key: &[u8]) -> std::ops::Range<usize> {
        let mut rest = &self.0[HEAD..];
        loop {
            let start = self.0.len() - rest.len();
            match split(&mut rest) {
                Some((other, _)) if other < key => {}
                Some((other, _)) if other == key => return start..self.0.len() - rest.len(),
                _ => return start..start,
            }
        }
    }
}

/// The first of a session.
pub(super) fn first(digest: &Digest, now: Timestamp) -> Vec<u8> {
    let mut head = vec![0; HEAD];
    head[..16].copy_from_slice(&PLAIN);
    head[DIGEST..CREATED].copy_from_slice(digest);
    head[CREATED..WRITTEN].copy_from_slice(&now.as_millis().to_le_bytes());
    head
}

/// Says when it was written, and how many values there are.
#[inline]
pub(super) fn date(record: &mut [u8], now: Timestamp, count: u64) {
    record[WRITTEN..WRITTEN + 8].copy_from_slice(&now.as_millis().to_le_bytes());
    record[COUNT..HEAD].copy_from_slice(&count.to_le_bytes());
}

/// Takes all values out.
pub(super) fn clear(record: &mut Vec<u8>) {
    record.truncate(HEAD);
}
