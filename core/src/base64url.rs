//! Base64url without padding (RFC 4648 §5), in which everything secret is written.

use data_encoding::BASE64URL_NOPAD;

pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// So many bytes from the one text that stands for them; `None` for any other text.
pub(crate) fn decode<const BYTES: usize>(text: &[u8]) -> Option<[u8; BYTES]> {
    if BASE64URL_NOPAD.decode_len(text.len()) != Ok(BYTES) {
        return None;
    }
    let mut bytes = [0; BYTES];
    BASE64URL_NOPAD.decode_mut(text, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_text_for_all_bytes() {
        assert_eq!(decode::<2>(b"-_8"), Some([0xfb, 0xff]));
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        for wrong in ["-_9", "-_", "-_8=", "+/8", "-_8 ", "-_8A", ""] {
            assert_eq!(decode::<2>(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
