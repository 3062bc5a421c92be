//! The credential: a public id and a secret, and what of it may be kept.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use sha2::block_api::compress256;
use subtle::ConstantTimeEq as _;
use webstack_store::SessionId;

use crate::base64url;

const ID_BYTES: usize = size_of::<SessionId>();
const SECRET_BYTES: usize = 32;

/// The secret half of a token; it never leaves this module but inside a token's text.
#[derive(Clone)]
struct Secret([u8; SECRET_BYTES]);

/// What a client holds: the session's public id and a secret of 256 bits.
///
/// Its one written form is 64 characters of base64url (RFC 4648 §5, no padding); anything else is not a token.
///
/// # Security
///
/// A token is a credential. `Debug` shows the public id only, there is no `Display`; [`Token::expose`] is the one
/// way to its text, meant for the reply to the client and for nothing else. What is stored is a [`SecretDigest`].
///
/// ```
/// use webstack_core::Token;
///
/// let token = Token::generate()?;
/// let text = token.expose();
/// assert_eq!(text.len(), 64);
/// assert_eq!(Token::parse(text.as_bytes()).unwrap().id(), token.id());
/// assert!(!format!("{token:?}").contains(&text[22..]));
/// # Ok::<(), webstack_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Token {
    id: SessionId,
    secret: Secret,
}

/// The length of a token's text, in bytes.
pub(crate) const TOKEN_TEXT: usize = 64;

impl Token {
    /// A token for a new session, from the operating system's generator.
    ///
    /// # Errors
    ///
    /// [`Error::Random`](crate::Error::Random) if the generator fails. There is no weaker way to fall back on (ASVS 7.2.3).
    pub fn generate() -> Result<Self, crate::Error> {
        // One call for both: the operating system takes longer to be asked than to answer.
        let mut bytes = [0; ID_BYTES + SECRET_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self::of_bytes(&bytes))
    }

    /// The same session's next token: a new secret, unrelated to the old one.
    pub(crate) fn renewed(&self) -> Result<Self, crate::Error> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret)?;
        Ok(Token { id: self.id, secret: Secret(secret) })
    }

    /// The same session's token that follows this one: whoever has this one and the nonce can make it, and nobody else.
    pub(crate) fn derived(&self, nonce: &[u64; 2]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret.0).expect("HMAC takes keys of any length");
        mac.update(b"webstack next secret 1\0");
        nonce.iter().for_each(|half| mac.update(&half.to_be_bytes()));
        Token { id: self.id, secret: Secret(mac.finalize().into_bytes().into()) }
    }

    /// Reads a token from its text; `None` for anything that is not exactly the one form of a token.
    #[inline]
    pub fn parse(text: &[u8]) -> Option<Self> {
        base64url::decode(text).as_ref().map(Self::of_bytes)
    }

    fn of_bytes(bytes: &[u8; ID_BYTES + SECRET_BYTES]) -> Self {
        let (mut id, mut secret) = ([0; ID_BYTES], [0; SECRET_BYTES]);
        id.copy_from_slice(&bytes[..ID_BYTES]);
        secret.copy_from_slice(&bytes[ID_BYTES..]);
        Token { id: SessionId::from_bytes(id), secret: Secret(secret) }
    }

    /// The public id.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// The token's text, for the client who owns the session.
    ///
    /// # Security
    ///
    /// Whoever has this text has the session. It belongs in the reply and never in a log.
    pub fn expose(&self) -> String {
        let mut bytes = [0; ID_BYTES + SECRET_BYTES];
        bytes[..ID_BYTES].copy_from_slice(self.id.as_bytes());
        bytes[ID_BYTES..].copy_from_slice(&self.secret.0);
        base64url::encode(&bytes)
    }

    /// What a store may keep of the secret: a digest that is good in this namespace only.
    ///
    /// The secret has 256 random bits, so one round of SHA-256 is enough: there is nothing to guess. It always has as many
    /// bytes, so the input is unambiguous.
    #[inline]
    pub fn digest(&self, namespace: &str) -> SecretDigest {
        Digests::within(namespace).of(self)
    }
}

/// Computes digests in one namespace: everything that is hashed stands ready but the secret, in whole blocks (FIPS 180-4 §5.1.1).
#[derive(Clone)]
pub(crate) struct Digests {
    /// The secret's bytes are the first ones of it.
    first: Block,
    /// What has no room in it of long namespaces.
    others: Vec<Block>,
}

type Block = [u8; 64];

/// How SHA-256 begins (FIPS 180-4 §5.3.3).
const BEGINNING: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

impl Digests {
    pub(crate) fn within(namespace: &str) -> Self {
        const BITS: usize = 8;
        let length = u8::try_from(namespace.len()).unwrap_or(u8::MAX);
        let mut message = [&[0; SECRET_BYTES][..], &[length], namespace.as_bytes()].concat();
        let bits: u64 = 8 * message.len() as u64;
        message.push(0x80);
        message.resize((message.len() + BITS).next_multiple_of(size_of::<Block>()) - BITS, 0);
        message.extend_from_slice(&bits.to_be_bytes());
        let (blocks, _) = message.as_chunks();
        Digests { first: blocks[0], others: blocks[1..].to_vec() }
    }

    #[inline]
    pub(crate) fn of(&self, token: &Token) -> SecretDigest {
        let (mut first, mut state) = (self.first, BEGINNING);
        first[..SECRET_BYTES].copy_from_slice(&token.secret.0);
        compress256(&mut state, &[first]);
        if !self.others.is_empty() {
            compress256(&mut state, &self.others);
        }
        let mut digest = [0; 32];
        digest.as_chunks_mut().0.iter_mut().zip(state).for_each(|(bytes, word)| *bytes = word.to_be_bytes());
        SecretDigest(digest)
    }
}

impl fmt::Debug for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digests(..)")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The SHA-256 digest of a token's secret, bound to a namespace: what is kept in place of the credential.
///
/// Comparison takes the same time whether the digests differ early, late or not at all. `Debug` shows nothing of it.
///
/// ```
/// use webstack_core::Token;
///
/// let token = Token::generate()?;
/// assert!(token.digest("shop") == token.digest("shop"));
/// assert!(token.digest("shop") != token.digest("admin"), "a namespace of its own");
/// assert_eq!(format!("{:?}", token.digest("shop")), "SecretDigest(..)");
/// # Ok::<(), webstack_core::Error>(())
/// ```
#[derive(Clone)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        SecretDigest(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        // Eight bytes at a time, and one comparison at the end.
        let words = |digest: &[u8; 32]| {
            let (words, _) = digest.as_chunks::<8>();
            [0, 1, 2, 3].map(|index| u64::from_ne_bytes(words[index]))
        };
        let differences =
            words(&self.0).into_iter().zip(words(&other.0)).fold(0, |all, (one, other)| all | (one ^ other));
        differences.ct_eq(&0).into()
    }
}

impl Eq for SecretDigest {}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(..)")
    }
}

impl serde::Serialize for SecretDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> serde::Deserialize<'de> for SecretDigest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let bytes = base64url::decode(text.as_bytes());
        bytes.map(SecretDigest).ok_or_else(|| serde::de::Error::custom("not a digest"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_form_is_a_token() {
        let text = Token::generate().expect("a generator").expose();
        assert!(Token::parse(text.as_bytes()).is_some());
        let mut standard = text.clone().into_bytes();
        standard[5] = b'+';
        let padded = format!("{}==", &text[..62]);
        for bad in [&text.as_bytes()[..63], &standard, padded.as_bytes(), b"", &[0; 64], &[b'.'; 64], &[0xff; 64]] {
            assert!(Token::parse(bad).is_none(), "{bad:?}");
        }
        assert!(Token::parse(format!("{text}A").as_bytes()).is_none());
    }

    #[test]
    fn renewal_keeps_the_id_and_shares_no_secret() {
        let old = Token::generate().expect("a generator");
        let new = old.renewed().expect("a generator");
        assert_eq!(old.id(), new.id());
        assert!(old.digest("n") != new.digest("n"));
    }

    #[test]
    fn the_secret_shows_in_no_debug_output() {
        let token = Token::generate().expect("a generator");
        let shown = format!("{token:?} {:#?} {:?}", token, token.digest("n"));
        assert!(!shown.contains(&token.expose()[22..]));
        assert!(!shown.contains(&format!("{:?}", token.secret.0)));
    }

    #[test]
    fn a_digest_is_one_of_sha_256_however_long_the_namespace_is() {
        use sha2::Digest as _;
        let token = Token::generate().expect("a generator");
        for length in 0..=300 {
            let namespace = "n".repeat(length);
            // One byte, and more do not fit.
            let length = u8::try_from(length).unwrap_or(u8::MAX);
            let known = Sha256::digest([&token.secret.0[..], &[length], namespace.as_bytes()].concat());
            assert_eq!(token.digest(&namespace).as_bytes()[..], known[..], "{length}");
        }
    }

    #[test]
    fn a_digest_survives_its_text() {
        let digest = Token::generate().expect("a generator").digest("n");
        let text = serde_json::to_string(&digest).expect("text");
        assert!(serde_json::from_str::<SecretDigest>(&text).expect("a digest") == digest);
        for bad in ["\"\"", "\"AA\"", "7", "\"!\""] {
            assert!(serde_json::from_str::<SecretDigest>(bad).is_err());
        }
    }
}
