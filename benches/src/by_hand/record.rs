//! What a session by hand is at rest: a head, and then values.

use axum::body::Bytes;

/// Epoch, digest and beginning stand before the values of a record.
pub(super) const HEAD: usize = 8 + 32 + 8;
/// The lengths of key and text stand before both.
pub(super) const LENGTHS: usize = 8;

/// Keys and texts, as far as they are whole.
pub(super) fn values(mut packed: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let (lengths, rest) = packed.split_first_chunk::<LENGTHS>()?;
        let [key, text] = [0, 4].map(|at| u32::from_le_bytes([0, 1, 2, 3].map(|byte| lengths[at + byte])) as usize);
        let (key, rest) = rest.split_at_checked(key)?;
        let (text, rest) = rest.split_at_checked(text)?;
        packed = rest;
        Some((key, text))
    })
}

/// What the log makes of a record: what is written takes the place of what stands there, or comes last.
pub(super) fn replayed(record: &Bytes, log: &[Vec<u8>]) -> Bytes {
    let key_of = |packed: &[u8]| values(packed).next().map(|(key, _)| key.to_vec());
    let mut bytes = Vec::with_capacity(record.len() + log.iter().map(Vec::len).sum::<usize>());
    bytes.extend_from_slice(&record[..HEAD]);
    let mut pending: Vec<&[u8]> = Vec::with_capacity(log.len());
    for written in log {
        pending.retain(|earlier| key_of(earlier) != key_of(written));
        pending.push(written);
    }
    let mut rest = &record[HEAD..];
    while let Some((key, text)) = values(rest).next() {
        let (value, behind) = rest.split_at(LENGTHS + key.len() + text.len());
        let place = pending.iter().position(|written| values(written).next().is_some_and(|(other, _)| other == key));
        bytes.extend_from_slice(place.map_or(value, |place| pending.remove(place)));
        rest = behind;
    }
    pending.iter().for_each(|written| bytes.extend_from_slice(written));
    bytes.into()
}
