//! Tokens: 48 bytes, of which 16 are a public id, in 64 characters of the alphabet of base64url.
//!
//! Not in the order of base64url: character `i` holds the lower six bits of byte `i`, and the last sixteen characters hold the two
//! bits that are left of three bytes each. So all of it is done for many characters at a time.

use sha2::block_api::compress256;
use webstack_core::SessionId;
use webstack_core::store::StoreError;

/// The length of a token's text.
pub(super) const TEXT: usize = 64;
const ID: usize = 16;
const SECRET: usize = 32;

/// What a client holds.
pub(super) struct Token {
    pub(super) id: SessionId,
    secret: [u8; SECRET],
}

impl Token {
    pub(super) fn generate() -> Result<Self, StoreError> {
        let mut bytes = [0; ID + SECRET];
        getrandom::fill(&mut bytes).map_err(StoreError::unavailable)?;
        Ok(Token::of(&bytes))
    }

    #[inline]
    fn of(bytes: &[u8; ID + SECRET]) -> Self {
        let (id, secret) = bytes.split_at(ID);
        let id = SessionId::from_bytes(id.try_into().expect("it is as long"));
        Token { id, secret: secret.try_into().expect("it is as long") }
    }

    /// The token that a text stands for. It takes the same time whatever the text is.
    #[inline]
    pub(super) fn parse(text: &[u8; TEXT]) -> Option<Self> {
        let mut values = *text;
        values.iter_mut().for_each(|character| *character = value(*character));
        let wrong = values.iter().fold(0, |all, value| all | value) & INVALID;
        let mut bytes = [0; ID + SECRET];
        let (lower, upper) = values.split_at(ID + SECRET);
        for (part, shift) in [(0, 0), (1, 2), (2, 4)] {
            let places = part * ID..(part + 1) * ID;
            let both = lower[places.clone()].iter().zip(upper);
            bytes[places]
                .iter_mut()
                .zip(both)
                .for_each(|(byte, (lower, upper))| *byte = lower | (upper >> shift & 3) << 6);
        }
        (wrong == 0).then(|| Token::of(&bytes))
    }

    pub(super) fn text(&self) -> String {
        let mut text = [0; TEXT];
        let bytes = [&self.id.as_bytes()[..], &self.secret].concat();
        for (at, byte) in bytes.iter().enumerate() {
            text[at] = byte & 0x3f;
            text[ID + SECRET + at % ID] |= byte >> 6 << (2 * (at / ID));
        }
        text.iter().map(|value| char::from(ALPHABET[usize::from(*value)])).collect()
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// The bit that only what is no value has.
const INVALID: u8 = 0x80;

/// What a character stands for: six bits, or a byte beyond them.
#[inline]
fn value(character: u8) -> u8 {
    let within = |first: u8, count: u8, value: u8| {
        let place = character.wrapping_sub(first);
        if place < count { place + value + 1 } else { 0 }
    };
    let more =
        within(b'A', 26, 0) | within(b'a', 26, 26) | within(b'0', 10, 52) | within(b'-', 1, 62) | within(b'_', 1, 63);
    more.wrapping_sub(1)
}

/// The digest of a secret, as it is kept.
pub(super) type Digest = [u8; SECRET];

/// Computes digests in one namespace: all of their one block but the secret is there beforehand.
#[derive(Debug)]
pub(super) struct Digests([u8; 64]);

impl Digests {
    /// # Panics
    ///
    /// If the namespace leaves no room for the secret.
    pub(super) fn within(namespace: &str) -> Self {
        let (mut block, name) = ([0; 64], namespace.as_bytes());
        let end = SECRET + 1 + name.len();
        assert!(end < 64 - 8, "by hand, whole: long names are left out");
        (block[SECRET], block[end]) = (name.len() as u8, 0x80);
        block[SECRET + 1..end].copy_from_slice(name);
        block[56..].copy_from_slice(&(8 * end as u64).to_be_bytes());
        Digests(block)
    }

    #[inline]
    pub(super) fn of(&self, token: &Token) -> Digest {
        let mut block = self.0;
        block[..SECRET].copy_from_slice(&token.secret);
        let mut state = BEGINNING;
        compress256(&mut state, &[block]);
        let mut digest = [0; SECRET];
        digest.as_chunks_mut().0.iter_mut().zip(state).for_each(|(bytes, word)| *bytes = word.to_le_bytes());
        digest
    }
}

/// How SHA-256 begins (FIPS 180-4 §5.3.3).
const BEGINNING: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// In the same time wherever they differ.
#[inline]
pub(super) fn is_same(one: &Digest, other: &Digest) -> bool {
    let words = |digest: &Digest| {
        let (words, _) = digest.as_chunks::<8>();
        [0, 1, 2, 3].map(|at| u64::from_ne_bytes(words[at]))
    };
    words(one).into_iter().zip(words(other)).fold(0, |all, (one, other)| all | (one ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_stands_for_one_token_and_no_other() {
        let token = Token::generate().expect("a generator");
        let text: [u8; TEXT] = token.text().into_bytes().try_into().expect("its length");
        let read = Token::parse(&text).expect("a token");
        assert_eq!((read.id, read.secret), (token.id, token.secret));
        for at in 0..TEXT {
            let mut other = text;
            other[at] = b';';
            assert!(Token::parse(&other).is_none());
            other[at] = if text[at] == b'A' { b'B' } else { b'A' };
            let other = Token::parse(&other).expect("a token");
            assert!((other.id, other.secret) != (token.id, token.secret));
        }
    }

    #[test]
    fn a_digest_is_one_of_sha_256() {
        use sha2::{Digest as _, Sha256};
        let token = Token::generate().expect("a generator");
        let known: [u8; 32] = Sha256::digest([&token.secret[..], &[4], b"shop"].concat()).into();
        let digest = Digests::within("shop").of(&token);
        let turned: Vec<u8> = digest.chunks(4).flat_map(|word| word.iter().rev().copied()).collect();
        assert_eq!(turned, known);
    }
}
