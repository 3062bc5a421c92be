//! Base64url without padding (RFC 4648 §5), in which everything secret is written.
//!
//! Nearly every request reads one text of one length, and the answer to a login writes one. A table does that in half of the steps that
//! a library for texts of all lengths takes; the tests hold it against one.

/// The one text that stands for these bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(length(bytes.len()));
    let (threes, tail) = bytes.as_chunks::<3>();
    for [first, second, third] in threes {
        text.extend_from_slice(&characters(u32::from_be_bytes([0, *first, *second, *third])));
    }
    let last = match *tail {
        [first] => Some(u32::from_be_bytes([0, first, 0, 0])),
        [first, second] => Some(u32::from_be_bytes([0, first, second, 0])),
        _ => None,
    };
    if let Some(word) = last {
        text.extend_from_slice(&characters(word)[..length(tail.len())]);
    }
    String::from_utf8(text).expect("the alphabet is ASCII")
}

/// So many bytes from the one text that stands for them; `None` for any other text.
///
/// Every request with a session is read here. The length is known, so there is nothing to find out; and it takes the same time
/// wherever a text is wrong.
pub(crate) fn decode<const BYTES: usize>(text: &[u8]) -> Option<[u8; BYTES]> {
    if text.len() != length(BYTES) {
        return None;
    }
    let (fours, tail) = text.as_chunks::<4>();
    let mut bytes = [0; BYTES];
    let (threes, rest) = bytes.as_chunks_mut::<3>();
    let mut wrong = 0;
    for (three, four) in threes.iter_mut().zip(fours) {
        let [_, first, second, third] = word(four, &mut wrong).to_be_bytes();
        *three = [first, second, third];
    }
    if !rest.is_empty() {
        let mut four = [b'A'; 4];
        four[..tail.len()].copy_from_slice(tail);
        let [_, last @ ..] = word(&four, &mut wrong).to_be_bytes();
        let (kept, beyond) = last.split_at(rest.len());
        rest.copy_from_slice(kept);
        // What is beyond the bytes is zero, or there would be several texts.
        wrong |= if beyond.iter().all(|byte| *byte == 0) { 0 } else { INVALID };
    }
    (wrong & INVALID == 0).then_some(bytes)
}

/// How long the text for so many bytes is.
const fn length(bytes: usize) -> usize {
    (bytes * 8).div_ceil(6)
}

/// The characters for 24 bits.
fn characters(word: u32) -> [u8; 4] {
    [word >> 18, word >> 12, word >> 6, word].map(|bits| ALPHABET[(bits & 0x3f) as usize])
}

/// What four characters stand for: 24 bits. What is wrong with any is added to what was wrong before.
fn word(four: &[u8; 4], wrong: &mut u32) -> u32 {
    let [first, second, third, fourth] = four.map(|character| VALUES[usize::from(character)]);
    *wrong |= first | second | third | fourth;
    first << 18 | second << 12 | third << 6 | fourth
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The bit of what is not in the alphabet, beyond all values.
const INVALID: u32 = 1 << 24;

/// What each character stands for.
const VALUES: [u32; 256] = {
    let mut values = [INVALID; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        values[ALPHABET[value] as usize] = value as u32;
        value += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn there_is_one_text_for_all_bytes() {
        assert_eq!(decode::<2>(b"-_8"), Some([0xfb, 0xff]));
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        assert_eq!(decode::<1>(b"-w"), Some([0xfb]));
        for wrong in ["-_9", "-_", "-_8=", "+/8", "-_8 ", "-_8A", ""] {
            assert_eq!(decode::<2>(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn it_writes_and_reads_what_a_library_does_and_refuses_what_that_refuses() {
        let mut bytes = [0_u8; 50];
        for round in 0..200 {
            bytes.iter_mut().zip(1_u8..).for_each(|(byte, at)| *byte = byte.wrapping_mul(31).wrapping_add(at ^ round));
            for length in 0..=bytes.len() {
                assert_eq!(encode(&bytes[..length]), URL_SAFE_NO_PAD.encode(&bytes[..length]));
            }
            assert_eq!(decode::<48>(encode(&bytes[..48]).as_bytes()), bytes.first_chunk().copied());
            assert_eq!(decode::<49>(encode(&bytes[..49]).as_bytes()), bytes.first_chunk().copied());
            assert_eq!(decode::<50>(encode(&bytes).as_bytes()), Some(bytes));
        }
        for (at, character) in (0..3).flat_map(|at| (0..=u8::MAX).map(move |character| (at, character))) {
            let mut text = *b"AbC";
            text[at] = character;
            let by_the_library = URL_SAFE_NO_PAD.decode(text).ok();
            assert_eq!(decode::<2>(&text).map(Vec::from), by_the_library, "{text:?}");
        }
    }
}
