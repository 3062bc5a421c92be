//! Base64url without padding (RFC 4648 §5), in which everything secret is written.
//!
//! Nearly every request reads one text of one length, and the answer to a login writes one. That is done for sixteen characters at a
//! time, by arithmetic: in a fraction of the steps that a library for texts of all lengths takes, and with no table that would be looked
//! up at places which depend on a secret. The tests hold it against a library.

/// Characters that are dealt with at a time, and the bytes they stand for.
const CHARACTERS: usize = 16;
const BYTES: usize = 12;

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

/// So many bytes from the one text that stands for them; `None` for any other text.
///
/// Every request with a session is read here. It takes the same time whatever the text is, and wherever it is wrong.
pub(crate) fn decode<const LENGTH: usize>(text: &[u8]) -> Option<[u8; LENGTH]> {
    if text.len() != length(LENGTH) {
        return None;
    }
    let mut bytes = [0; LENGTH];
    let (groups, tail) = text.as_chunks();
    let (read, rest) = bytes.as_chunks_mut();
    let mut wrong = 0;
    for (bytes, group) in read.iter_mut().zip(groups) {
        values(group, bytes, &mut wrong);
    }
    if !rest.is_empty() {
        let mut last = [b'A'; CHARACTERS];
        last[..tail.len()].copy_from_slice(tail);
        let mut bytes = [0; BYTES];
        values(&last, &mut bytes, &mut wrong);
        let (kept, beyond) = bytes.split_at(rest.len());
        rest.copy_from_slice(kept);
        // What is beyond the bytes is zero, or there would be several texts. (Less than zero has the highest bits.)
        let spilt = beyond.iter().fold(0, |all, byte| all | u64::from(*byte));
        wrong |= 0_u64.wrapping_sub(spilt);
    }
    (wrong & INVALID == 0).then_some(bytes)
}

/// How long the text for so many bytes is.
const fn length(bytes: usize) -> usize {
    (bytes * 8).div_ceil(6)
}

/// The bytes that characters stand for. What is wrong with any is added to what was wrong before.
fn values(characters: &[u8; CHARACTERS], bytes: &mut [u8; BYTES], wrong: &mut u64) {
    // A loop that the compiler turns into instructions for all of them.
    let mut values = *characters;
    values.iter_mut().for_each(|character| *character = value(*character));
    let ((eights, _), (sixes, _)) = (values.as_chunks(), bytes.as_chunks_mut());
    for (six, eight) in sixes.iter_mut().zip(eights) {
        let values = u64::from_be_bytes(*eight);
        *wrong |= values;
        *six = joined(values);
    }
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

/// Eight times six bits, without the gaps between them: by twos, by fours, and then all of them.
fn joined(ones: u64) -> [u8; 6] {
    let twos = ones >> 2 & 0x0fc0_0fc0_0fc0_0fc0 | ones & 0x003f_003f_003f_003f;
    let fours = twos >> 4 & 0x00ff_f000_00ff_f000 | twos & 0x0000_0fff_0000_0fff;
    let all = fours >> 8 & 0xffff_ff00_0000 | fours & 0x00ff_ffff;
    let [_, _, bytes @ ..] = all.to_be_bytes();
    bytes
}

/// The same the other way round.
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

/// Of eight values, the bits of those that are none.
const INVALID: u64 = 0x8080_8080_8080_8080;

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
