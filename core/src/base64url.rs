//! Base64url without padding (RFC 4648 §5), in which everything secret is written.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// So many bytes from the one text that stands for them; `None` for any other text.
pub(crate) fn decode<const BYTES: usize>(text: &[u8]) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    (length == BYTES).then_some(bytes)
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
