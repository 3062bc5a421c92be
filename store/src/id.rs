//! The public names of sessions.

use std::fmt;

const ID_BYTES: usize = 16;

/// The public name of a session: 16 random bytes, written as 32 lower-case hexadecimal digits.
///
/// It is the key under which a store keeps the session, and what logs and "your devices" pages may show. It is not
/// a credential: without the secret of the token it opens nothing. An id is never used for a second session.
///
/// A `SessionId` exists only if it is well-formed, so a store may use it in a file name or a query as it is.
///
/// ```
/// use webstack_store::SessionId;
///
/// let id: SessionId = "00112233445566778899aabbccddeeff".parse()?;
/// assert_eq!(id.to_string(), "00112233445566778899aabbccddeeff");
/// assert!("../../etc/passwd".parse::<SessionId>().is_err());
/// assert!("00112233445566778899AABBCCDDEEFF".parse::<SessionId>().is_err(), "one form only");
/// # Ok::<(), webstack_store::MalformedId>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
// Words are copied faster than bytes.
#[repr(align(8))]
pub struct SessionId([u8; ID_BYTES]);

/// The length of a session id's text, in bytes.
const ID_TEXT: usize = 2 * ID_BYTES;

impl SessionId {
    /// An id with these bytes.
    pub const fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
        SessionId(bytes)
    }

    /// The bytes of the id, for stores with binary keys.
    pub const fn as_bytes(&self) -> &[u8; ID_BYTES] {
        &self.0
    }
}

impl std::str::FromStr for SessionId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let mut bytes = [0; ID_BYTES];
        if text.len() != ID_TEXT {
            return Err(MalformedId);
        }
        base16ct::lower::decode(text, &mut bytes).map_err(|_| MalformedId)?;
        Ok(SessionId(bytes))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; ID_TEXT];
        f.pad(base16ct::lower::encode_str(&self.0, &mut text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

/// The text is not a session id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a session id: 32 lower-case hexadecimal digits expected")]
#[non_exhaustive]
pub struct MalformedId;
