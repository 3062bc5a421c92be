//! Base64url without padding (RFC 4648 §5), in which everything secret is written.
//!
//! Nearly every request reads one text of one length, and the answer to a login writes one. That is done for many characters at a
//! time, by arithmetic: in a fraction of the steps that a library for texts of all lengths takes, and with no table that would be looked
//! up at places which depend on a secret. The tests hold it against a library.

/// Characters that are written at a time, and the bytes they stand for.
const CHARACTERS: usize = 16;
const BYTES: usize = 12;

/// Words of four characters, and of the three bytes they stand for, that are read at a time.
const WORDS: usize = 16;

/// The one text that stands for these bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(BYTES) * CHARACTERS);
    let (groups, tail) = bytes.as_chunks();
    groups.iter().for_each(|group| text.extend_from_slice(&written(group)));
    let mut last = [0; BYTES];
    last[..tail.len()].copy_from_slice(tail);
    text.extend_from_slice(&written(&last)[..length(tail.len())]);
    String::from_utf8(text).expect("the alphabet is ASCII")
}

/// So many bytes, 48 at most, from the one text that stands for them; `None` for any other text.
///
/// Every request with a session is read here. It takes the same time whatever the text is, and wherever it is wrong.
#[inline]
pub(crate) fn decode<const LENGTH: usize>(text: &[u8]) -> Option<[u8; LENGTH]> {
    const { assert!(LENGTH <= 3 * WORDS, "it is read as a whole") };
    if text.len() != length(LENGTH) {
        return None;
    }
    // What is missing is as if there were zeros.
    let mut characters = [b'A'; 4 * WORDS];
    characters[..text.len()].copy_from_slice(text);
    // Loops that the compiler turns into instructions for many at a time.
    characters.iter_mut().for_each(|character| *character = value(*character));
    let wrong = characters.iter().fold(0, |all, value| all | value);
    let (fours, _) = characters.as_chunks();
    let mut words: [u32; WORDS] = std::array::from_fn(|at| u32::from_le_bytes(fours[at]));
    join(&mut words);
    let mut bytes = [0; 3 * WORDS];
    let ((twelves, _), (fours, _)) = (bytes.as_chunks_mut::<12>(), words.as_chunks());
    for (twelve, [first, second, third, fourth]) in twelves.iter_mut().zip(fours) {
        let higher = u64::from(*first) << 40 | u64::from(*second) << 16 | u64::from(*third) >> 8;
        let (eight, four) = twelve.split_at_mut(8);
        eight.copy_from_slice(&higher.to_be_bytes());
        four.copy_from_slice(&(third << 24 | fourth).to_be_bytes());
    }
    let (kept, beyond) = bytes.split_first_chunk()?;
    // What is beyond the bytes is zero, or there would be several texts.
    let spilt = beyond.iter().fold(0, |all, byte| all | byte);
    (wrong & INVALID | spilt == 0).then_some(*kept)
}

/// How long the text for so many bytes is.
const fn length(bytes: usize) -> usize {
    (bytes * 8).div_ceil(6)
}

/// The characters for bytes.
fn written(bytes: &[u8; BYTES]) -> [u8; CHARACTERS] {
    let mut values = [0; CHARACTERS];
    let ((sixes, _), (eights, _)) = (bytes.as_chunks(), values.as_chunks_mut());
    for (eight, six) in eights.iter_mut().zip(sixes) {
        *eight = parted(*six).to_be_bytes();
    }
    values.iter_mut().for_each(|value| *value = character(*value));
    values
}

/// Of each four times six bits, the first lowest, 24 without the gaps between them, the first highest.
///
/// By itself, the compiler does it for four words at a time; where it knows what comes of them, one after the other.
#[inline(never)]
fn join(words: &mut [u32; WORDS]) {
    words.iter_mut().for_each(|word| {
        let twos = (*word & 0x003f_003f) << 6 | *word >> 8 & 0x003f_003f;
        *word = (twos & 0x0fff) << 12 | twos >> 16;
    });
}

/// The same the other way round, for eight times six bits.
fn parted([first, second, third, fourth, fifth, sixth]: [u8; 6]) -> u64 {
    let all = u64::from_be_bytes([0, 0, first, second, third, fourth, fifth, sixth]);
    let fours = all << 8 & 0x00ff_ffff_0000_0000 | all & 0x00ff_ffff;
    let twos = fours << 4 & 0x0fff_0000_0fff_0000 | fours & 0x0000_0fff_0000_0fff;
    twos << 2 & 0x3f00_3f00_3f00_3f00 | twos & 0x003f_003f_003f_003f
}

/// What a character stands for: six bits, or a byte beyond them.
fn value(character: u8) -> u8 {
    // One more than the value, so that nothing is left for what has none.
    let within = |first: u8, count: u8, value: u8| {
        let place = character.wrapping_sub(first);
        if place < count { place + value + 1 } else { 0 }
    };
    let more =
        within(b'A', 26, 0) | within(b'a', 26, 26) | within(b'0', 10, 52) | within(b'-', 1, 62) | within(b'_', 1, 63);
    more.wrapping_sub(1)
}

/// The character for six bits.
fn character(value: u8) -> u8 {
    match value {
        0..26 => b'A' + value,
        26..52 => b'a' - 26 + value,
        52..62 => value - 4,
        62 => b'-',
        _ => b'_',
    }
}

/// The bit that only what is no value has.
const INVALID: u8 = 0x80;

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
            assert_eq!(decode::<47>(encode(&bytes[..47]).as_bytes()), bytes.first_chunk().copied());
            assert_eq!(decode::<46>(encode(&bytes[..46]).as_bytes()), bytes.first_chunk().copied());
        }
        for (at, character) in (0..3).flat_map(|at| (0..=u8::MAX).map(move |character| (at, character))) {
            let mut text = *b"AbC";
            text[at] = character;
            let by_the_library = URL_SAFE_NO_PAD.decode(text).ok();
            assert_eq!(decode::<2>(&text).map(Vec::from), by_the_library, "{text:?}");
        }
    }

    /// Every character at every place, for each length that is in use and some more.
    #[test]
    fn what_is_wrong_is_found_wherever_it_is() {
        fn check<const LENGTH: usize>() {
            let bytes: [u8; LENGTH] = std::array::from_fn(|at| (at as u8).wrapping_mul(151) ^ 0x5a);
            let text = encode(&bytes).into_bytes();
            for at in 0..text.len() {
                for character in 0..=u8::MAX {
                    let mut changed = text.clone();
                    changed[at] = character;
                    let by_the_library = URL_SAFE_NO_PAD.decode(&changed).ok();
                    assert_eq!(
                        decode::<LENGTH>(&changed).map(Vec::from),
                        by_the_library,
                        "{LENGTH}, {at}: {character}"
                    );
                }
            }
        }
        check::<48>();
        check::<32>();
        check::<24>();
        check::<13>();
        check::<16>();
        check::<1>();
    }
}
