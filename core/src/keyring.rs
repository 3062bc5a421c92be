//! Keys that sign tokens, so that forged ones never reach the store; and how keys are changed without anybody noticing.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::ConfigError;
use crate::base64url;

/// The fewest bytes that a key may have: as many as the signature (RFC 2104 §3).
const LEAST: usize = 32;

const MAC_BYTES: usize = 32;

/// The length of a signature's text, in bytes.
pub(crate) const MAC_TEXT: usize = 43;

/// A key that signs tokens with HMAC-SHA256 (RFC 2104).
///
/// # Security
///
/// It is not readable: `Debug` shows nothing of it. Take it from a generator, such as `openssl rand -base64 32`.
///
/// ```
/// use webstack_core::SigningKey;
///
/// let key = SigningKey::new("an example of thirty-two bytes or more")?;
/// assert_eq!(format!("{key:?}"), "SigningKey(..)");
/// assert!(SigningKey::new("too short").is_err());
/// # Ok::<(), webstack_core::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// A key of these bytes.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if there are less than 32 of them.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let secret = secret.as_ref();
        let problem = || format!("a key has {} bytes", secret.len());
        let mend = "use 32 bytes or more, such as `openssl rand -base64 32` makes";
        match Hmac::new_from_slice(secret) {
            Ok(mac) if secret.len() >= LEAST => Ok(SigningKey(mac)),
            _ => Err(ConfigError::new("WEBSTACK_SECRET", problem(), mend)),
        }
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        parts.iter().for_each(|part| mac.update(part));
        mac
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// The keys in use: the first one signs, all of them verify.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keyring(Vec<SigningKey>);

impl Keyring {
    pub(crate) fn new(keys: impl IntoIterator<Item = SigningKey>) -> Self {
        Keyring(keys.into_iter().collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The signature of what the parts make together; `None` without keys.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Option<String> {
        self.0.first().map(|key| base64url::encode(&key.mac(parts).finalize().into_bytes()))
    }

    /// Which key made the signature, in the order of the keys; `None` if none of them did.
    pub(crate) fn verify(&self, parts: &[&[u8]], signature: &[u8]) -> Option<usize> {
        let bytes = base64url::decode::<MAC_BYTES>(signature)?;
        // in the same time whether it differs early or late
        self.0.iter().position(|key| key.mac(parts).verify_slice(&bytes).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> SigningKey {
        SigningKey::new(text.repeat(32)).expect("a key")
    }

    #[test]
    fn the_first_key_signs_and_all_verify() {
        let old = Keyring::new([key("a")]);
        let new = Keyring::new([key("b"), key("a")]);
        let signature = old.sign(&[b"some", b"thing"]).expect("a key");
        assert_eq!(signature.len(), MAC_TEXT);
        assert_eq!(old.verify(&[b"something"], signature.as_bytes()), Some(0));
        assert_eq!(new.verify(&[b"something"], signature.as_bytes()), Some(1));
        assert_eq!(Keyring::new([key("b")]).verify(&[b"something"], signature.as_bytes()), None);
        assert_ne!(new.sign(&[b"something"]), Some(signature));
    }

    #[test]
    fn nothing_else_verifies() {
        let keys = Keyring::new([key("a")]);
        let signature = keys.sign(&[b"x"]).expect("a key");
        assert_eq!(keys.verify(&[b"y"], signature.as_bytes()), None);
        for wrong in ["", "AAAA", &signature[1..], &format!("{signature}A"), &"A".repeat(MAC_TEXT)] {
            assert_eq!(keys.verify(&[b"x"], wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        // test case 2 has a key too short for here, so: case 6, a key of 131 bytes
        let keys = Keyring::new([SigningKey::new([0xaa; 131]).expect("a key")]);
        let signature = keys.sign(&[b"Test Using Larger Than Block-Size Key - Hash Key First"]).expect("a key");
        let bytes = base64url::decode::<MAC_BYTES>(signature.as_bytes()).expect("base64url");
        let expected = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
        assert_eq!(base16ct::lower::encode_str(&bytes, &mut [0; 64]), Ok(expected));
    }
}
