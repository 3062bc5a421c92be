//! Whose session it is, in a form that a store may keep.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A digest of a user's name: stores index sessions by it and never learn the name.
///
/// ```
/// use webstack_store::OwnerKey;
///
/// let key = OwnerKey::derive("webstack_session", "alice");
/// assert_eq!(key, OwnerKey::derive("webstack_session", "alice"));
/// assert_ne!(key, OwnerKey::derive("other_application", "alice"));
/// assert_eq!(key.to_string().len(), 64);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerKey([u8; 32]);

impl OwnerKey {
    /// The key of a user in a namespace.
    pub fn derive(namespace: &str, user: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update((namespace.len() as u64).to_be_bytes());
        hash.update(namespace);
        hash.update(user);
        OwnerKey(hash.finalize().into())
    }

    /// A key with these bytes, as a store read them back.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        OwnerKey(bytes)
    }

    /// The bytes of the key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// 64 lower-case hexadecimal digits, fit for a file name.
impl fmt::Display for OwnerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 64];
        f.pad(base16ct::lower::encode_str(&self.0, &mut text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for OwnerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnerKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `docs/storage-format.md` says how it is computed, so that others can.
    #[test]
    fn the_key_of_an_owner_is_the_one_that_is_documented() {
        let text = [&16_u64.to_be_bytes()[..], b"webstack_session", b"alice"].concat();
        let documented: [u8; 32] = Sha256::digest(text).into();
        assert_eq!(OwnerKey::derive("webstack_session", "alice"), OwnerKey::from_bytes(documented));
    }
}
